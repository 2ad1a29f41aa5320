"""What other processes hold in their memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tests.engines.running import command_line, descendants

_PIECE = 16 * 1024 * 1024


def processes_holding(text: str, names: Sequence[str]) -> list[str]:
    """The processes below this one that hold a text in their memory, by their names.

    Args:
        text: The text.
        names: What the command lines of those that are looked at hold, each at least once.

    Raises:
        LookupError: There is no such process.
    """
    found = []
    for name in names:
        sought = [each for each in descendants(os.getpid()) if name in command_line(each)]
        if not sought:
            raise LookupError(f"no process is called {name}")
        found += [name for each in sought if _holds(each, text.encode())]
    return found


def _holds(process: int, sought: bytes) -> bool:
    return any(sought in piece for piece in _pieces(process, len(sought)))


def _pieces(process: int, overlap: int) -> Iterator[bytes]:
    maps = Path(f"/proc/{process}/maps").read_text()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for first, last in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", maps, re.MULTILINE):
            end = int(last, 16)
            for start in range(int(first, 16), end, _PIECE):
                # Some parts, as those of devices, cannot be read.
                with suppress(OSError, ValueError):
                    memory.seek(start)
                    yield memory.read(min(_PIECE + overlap, end - start))
