"""The rate limit holds over all that one process reads of a plan, one lane after the other."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from headrace import HeadraceError, backfill
from headrace.backfill.lanes import plan_lanes, read_lane
from headrace.reading.travelling import travelling_text
from tests.support.servers import Answer, Asked, JsonServer

_APART = 0.1


class Counters:
    """Lists the readings of a counter, or the counters of a kind, each in one page."""

    def __init__(self, server: JsonServer) -> None:
        self.times: list[float] = []
        self.fails = False
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        self.times.append(time.monotonic())
        if self.fails:
            return Answer({"message": "gone fishing"}, 403)
        return Answer([{"id": f"{asked.target}-{number}"} for number in range(3)])

    def took(self) -> float:
        """How long it took from the first request to the last, in the time between two.

        One of these is added: the first may have been long under way.
        """
        return 1 + (self.times[-1] - self.times[0]) / _APART


@pytest.fixture
def counters(server: JsonServer) -> Counters:
    return Counters(server)


def config(server: JsonServer, **endpoint: Any) -> dict[str, Any]:
    return {
        "client": {
            "base_url": server.base_url,
            "rate_limit": {"requests": 10, "seconds": 10 * _APART},
            "paginator": "single_page",
        },
        "resources": [{"name": "counters", "primary_key": "id", "endpoint": endpoint}],
    }


BY_VALUES = {"lanes": {"by": "values", "param": "kind", "values": [*"abcdef"]}}


def test_lanes_follow_each_other_no_faster_than_the_limit(
    server: JsonServer, counters: Counters, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    assert backfill.plan(config(server, **BY_VALUES), out=out, lanes=6).lanes == 6
    counters.times.clear()
    for number in range(6):
        backfill.lane(out, number)
    assert len(counters.times) == 6
    assert counters.took() >= 5
    assert backfill.lane(out, 1).was_there


def test_a_lane_that_fails_leaves_as_much_time_behind(
    server: JsonServer, counters: Counters, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    backfill.plan(config(server, **BY_VALUES), out=out, lanes=6)
    counters.times.clear()
    counters.fails = True
    for number in range(6):
        with pytest.raises(HeadraceError, match="gone fishing"):
            backfill.lane(out, number)
    assert len(counters.times) == 6
    assert counters.took() >= 5


def test_each_of_several_workers_leaves_its_own_time_to_an_engine(
    server: JsonServer, counters: Counters
) -> None:
    text = travelling_text(config(server, **BY_VALUES))
    planned, _ = plan_lanes(text, lanes=6)
    counters.times.clear()
    for each in planned[:3]:
        with read_lane(text, None, each, workers=3) as reader:
            assert sum(batch.num_rows for batch in reader) == 3
    assert len(counters.times) == 3
    assert counters.took() >= 6
