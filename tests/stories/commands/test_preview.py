"""What a preview looks like, on a screen and in a pipe: nothing is cut."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import headrace_apart
from tests.support.servers import JsonServer

LONG = "-".join(str(number) for number in range(40))
COMMAND = [sys.executable, "-m", "headrace", "preview", "items.json"]
EIGHTY = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}


@pytest.fixture(autouse=True)
def config(server: JsonServer) -> None:
    rows = [{"id": number, "note": LONG, "name": f"n{number}"} for number in (1, 2)]
    server.answers(rows)
    client = {"base_url": server.base_url, "paginator": "single_page"}
    document = {"client": client, "resources": ["items"]}
    Path("items.json").write_text(json.dumps(document))


def on_a_screen(*arguments: str) -> list[str]:
    """What a terminal of 80 columns shows."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=terminal, stderr=terminal, env={**os.environ, **EIGHTY}
    ) as running:
        os.close(terminal)
        shown = b""
        while True:
            try:
                chunk = os.read(controller, 4096)
            except OSError:
                # So a terminal on Linux says that nobody writes to it any more.
                break
            if not chunk:
                break
            shown += chunk
    os.close(controller)
    assert running.returncode == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r", "").splitlines()


def test_in_a_pipe_rows_are_as_wide_as_they_need_to_be() -> None:
    ran = headrace_apart("preview", "items.json", columns=80)

    assert ran.stdout.count(LONG) == 2
    assert "items: the first 2 rows" in ran.stdout
    assert "…" not in ran.stdout


def test_on_a_narrow_screen_each_row_is_a_record() -> None:
    lines = on_a_screen()

    assert [line.strip() for line in lines if line.startswith("row")] == ["row 1", "row 2"]
    assert max(len(line) for line in lines) <= 80
    fields = [line.split()[-1] for line in lines if line.strip() and not line.startswith("row")]
    assert "".join(fields).count(LONG) == 2
    assert ["name", "n2"] in [line.split() for line in lines]


def test_on_a_wide_enough_screen_it_is_a_table(server: JsonServer) -> None:
    server.answers([{"id": 1, "name": "n1"}])
    lines = on_a_screen()

    assert "items: the first 1 row" in " ".join(line.strip() for line in lines)
    assert any(line.split() == ["│", "1", "│", "n1", "│"] for line in lines)
