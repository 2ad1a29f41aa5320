"""What somebody sees who looks on: live in a terminal, line by line in a pipe."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.support.servers import Answer, Asked, JsonServer

LONGEST = 60.0
COMMAND = [sys.executable, "-m", "headrace", "run", "items.yml"]
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def held_page(server: JsonServer) -> Iterator[threading.Event]:
    """Serves two pages of 100 rows; the second one comes once the event is set."""
    released = threading.Event()

    def answer(asked: Asked) -> Answer:
        first = int(asked.query.get("cursor", 0))
        rows = [{"id": first + number} for number in range(100)]
        return Answer({"data": rows, "next": None if first else 100})

    async def hold(asked: Asked) -> None:
        if "cursor" in asked.query:
            await asyncio.to_thread(released.wait, LONGEST)

    server.handler, server.before_answer = answer, hold
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
    endpoint = {"data_selector": "data", "paginator": paginator}
    document = {
        "client": {"base_url": server.base_url},
        "resources": [{"name": "items", "endpoint": endpoint}],
        "pipeline": {"name": "seen"},
    }
    Path("items.yml").write_text(yaml.safe_dump(document))
    yield released
    released.set()


class Screen:
    """A terminal, and what was written on it."""

    def __init__(self, file: int) -> None:
        self._file = file
        self.raw = ""

    @property
    def text(self) -> str:
        return _ESCAPES.sub("", self.raw)

    def read_until(self, wanted: str) -> None:
        """Reads on until the text has come, or the program has ended."""
        until = time.monotonic() + LONGEST
        while not re.search(wanted, self.text):
            assert time.monotonic() < until, self.text
            if not select.select([self._file], [], [], 1.0)[0]:
                continue
            try:
                part = os.read(self._file, 65536)
            except OSError:  # the program has closed its side
                part = b""
            if not part:
                raise AssertionError(f"`{wanted}` did not come: {self.text}")
            self.raw += part.decode("utf-8", "replace")


@contextmanager
def in_a_terminal(*command: str) -> Iterator[tuple[Screen, subprocess.Popen[bytes]]]:
    """Runs a program that believes to be in a terminal of 160 columns."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", "LINES": "40"}
    environment.pop("CI", None)
    try:
        with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment) as ran:
            os.close(its)
            yield Screen(ours), ran
            ran.wait(LONGEST)
    finally:
        os.close(ours)


def test_in_a_terminal_the_figures_are_live(held_page: threading.Event) -> None:
    with in_a_terminal(*COMMAND) as (screen, running):
        screen.read_until(r"items +1 +100 +[\d,]+ +listing")
        assert "\x1b[" in screen.raw, "it is drawn over and over at the same place"
        held_page.set()
        screen.read_until(r"Loaded 200 rows \(2 pages")
        screen.read_until(r"A query to try:\s+\S+.*show")
    assert running.returncode == 0
    # What was drawn while it ran does not stay on the screen, and the cursor is back.
    drawn, _, after = screen.raw.partition("Loaded 200 rows")
    assert drawn.rstrip("\r\n").endswith(("\x1b[2K", "\x1b[?25h"))
    assert "\x1b[?25h" in drawn
    assert "\x1b[2K" not in after


def test_in_a_pipe_there_is_a_line_now_and_then(held_page: threading.Event) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        first = running.stderr.readline().decode()
        assert re.fullmatch(r"items: 1 page, 100 rows, [\d,]+ rows/s, listing\n", first)
        held_page.set()
        told, warned = running.communicate(timeout=LONGEST)
    assert running.returncode == 0
    for line in warned.decode().splitlines():
        assert line.startswith("items: ")
    assert b"\x1b" not in told + warned
    assert told.decode().splitlines()[0].startswith("Loaded 200 rows (2 pages")
