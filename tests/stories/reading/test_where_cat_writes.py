"""Where `headrace cat --output` writes: what stands there already, and is no plain file, stays."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from tests.stories.reading.test_reading import Items
from tests.support.command_line import headrace as command
from tests.support.servers import JsonServer


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


def test_a_folder_is_refused_before_anything_is_asked_for(items: Items) -> None:
    Path("items.csv").mkdir()
    ran = command("cat", "items.json", "--output", "items.csv")

    assert ran.returncode == 2
    assert "items.csv cannot be written" in ran.stderr
    assert items.server.asked == []
