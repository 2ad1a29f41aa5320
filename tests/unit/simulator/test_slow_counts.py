"""A page takes longer the more rows are left, where that is asked for."""

from __future__ import annotations

from time import monotonic

import pytest

from headrace.simulator import Pace, Simulator, World
from headrace.simulator.slow_counts import counting_seconds

from .asking import ask
from .worlds import cursor_below


def seconds(simulator: Simulator, **query: str | int) -> float:
    began = monotonic()
    assert ask(simulator, "/executions", **query).status == 200
    return monotonic() - began


def test_as_many_rows_take_as_long_as_recorded() -> None:
    assert all(0.112 < counting_seconds(rows) < 0.224 for rows in range(199_950, 200_001))
    assert len({round(counting_seconds(rows), 4) for rows in range(199_990, 200_001)}) > 5
    assert counting_seconds(2_000) < 0.003
    assert counting_seconds(0) == 0


def test_a_page_takes_as_long_as_counting_does() -> None:
    with Simulator(rows=1_000_000, like="2.41", slow_counts=True) as simulator:
        assert seconds(simulator, limit=5) >= 0.56
        last = [seconds(simulator, cursor=cursor_below(500, 5)) for _ in range(3)]
        assert min(last) < 0.3


def test_the_rows_that_are_left_are_counted_without_gaps() -> None:
    world = World(rows=4_000, pace=Pace.still(), like="2.41", gaps=100)
    world.finish(world.start())

    assert world.rows_left({}) == len(list(world.truth())) == 3_001
    assert world.rows_left({"cursor": cursor_below(401, 5)}) == 300


def test_the_older_release_counts_at_once() -> None:
    with pytest.raises(ValueError, match=r"slow_counts are for like='2.41'"):
        Simulator(rows=5, slow_counts=True)
