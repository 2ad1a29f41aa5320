"""What is measured: roads that rows can take, each with those that go it beside Headrace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

DLT = "dlt, defaults"
DLT_TUNED = "dlt, tuned"
WITH_IDS = "headrace, with ids"
WITHOUT_IDS = "headrace, without ids"
# Rows of a full load, of which slow contenders load a share: their rows/s stay the same, as the one
# run of dlt's defaults over all rows shows.
FULL = 300_000
_LEAST = 500


def share(of_full: int, rows: int) -> int:
    """So many of 300,000 rows, where a full load has another number."""
    return min(max(of_full * rows // FULL, _LEAST), rows)


@dataclass(frozen=True)
class Run:
    """One measured run.

    Args:
        seconds: on the clock.
        cpu_seconds: of the processor.
        peak_bytes: the most memory that its process held.
        rows: that it loaded; None where it is the seconds that count, whatever the rows.
        requests: that it made, where they are counted.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    rows: int | None
    requests: int | None = None


@dataclass(frozen=True)
class Contender:
    """One that goes a road.

    Args:
        name: to show it by; that of a peer where others are compared with it.
        measure: makes one run.
        rows: that each run should load, where they are known.
        once: whether one run of it is enough, however many the others have.
    """

    name: str
    measure: Callable[[], Run]
    rows: int | None = None
    once: bool = False


@dataclass(frozen=True)
class Road:
    """One thing that is measured.

    Args:
        name: for the command line.
        title: for readers.
        peers: the names of the contenders that the others are compared with.
        contenders: gives those who go it while its servers run, for so many rows in a full load.
        by_cpu: whether the processor's seconds are compared in place of the clock's.
        large: whether it takes minutes, and is left out unless asked for.
    """

    name: str
    title: str
    peers: tuple[str, ...]
    contenders: Callable[[int], AbstractContextManager[list[Contender]]]
    by_cpu: bool = False
    large: bool = False
