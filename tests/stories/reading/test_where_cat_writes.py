"""Where `headrace cat --output` writes: what stands there already, and is no plain file, stays."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.stories.reading.test_reading import Items
from tests.support.command_line import headrace as command
from tests.support.servers import Answer, Asked, JsonServer


@pytest.fixture
def items(server: JsonServer) -> Items:
    items = Items(server)
    Path("items.json").write_text(json.dumps(items.config))
    return items


def test_a_pipe_is_written_to_and_stays_one(items: Items) -> None:
    os.mkfifo("items.pipe")
    came: list[bytes] = []
    reading = threading.Thread(
        target=lambda: came.append(Path("items.pipe").read_bytes()), daemon=True
    )
    reading.start()
    ran = command("cat", "items.json", "--format", "jsonl", "--output", "items.pipe")
    if not Path("items.pipe").is_fifo():
        pytest.fail("the pipe was replaced by a file")
    reading.join(60)

    assert ran.returncode == 0, ran.stderr
    assert len(came[0].splitlines()) == len(items.rows)


def test_what_a_link_leads_to_is_written(items: Items) -> None:
    Path("before").mkdir()
    target = Path("before/items.csv")
    target.write_text("before")
    Path("items.csv").symlink_to(target)

    assert command("cat", "items.json", "--output", "items.csv").returncode == 0

    assert Path("items.csv").is_symlink()
    assert len(target.read_text().splitlines()) == len(items.rows) + 1


def test_a_file_that_only_its_owner_may_read_stays_one(items: Items) -> None:
    Path("items.csv").write_text("before")
    Path("items.csv").chmod(0o600)

    assert command("cat", "items.json", "--output", "items.csv").returncode == 0

    assert stat.S_IMODE(Path("items.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_is_stopped_leaves_no_part(items: Items, number: signal.Signals) -> None:
    answer, has_asked, is_over = items.server.handler, threading.Event(), threading.Event()

    def answer_late(asked: Asked) -> Answer:
        if asked.query:
            has_asked.set()
            is_over.wait(60)
        return answer(asked)

    items.server.handler = answer_late
    call = [sys.executable, "-m", "headrace", "cat", "items.json", "--output", "items.csv"]
    with subprocess.Popen(call, stderr=subprocess.PIPE, text=True) as running:
        assert has_asked.wait(60)
        running.send_signal(number)
        _, told = running.communicate(timeout=60)
        is_over.set()

    assert (running.returncode, told) == (130, "Stopped.\n")
    assert [each.name for each in Path().iterdir()] == ["items.json"]


def test_a_folder_is_refused_before_anything_is_asked_for(items: Items) -> None:
    Path("items.csv").mkdir()
    ran = command("cat", "items.json", "--output", "items.csv")

    assert ran.returncode == 2
    assert "items.csv cannot be written" in ran.stderr
    assert items.server.asked == []
