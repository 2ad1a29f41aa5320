"""The random histories of `test_living_world.py`, with a first listing that is read in lanes.

HEADRACE_EXAMPLES=2000 scripts/test -n 2 tests/unit/reading/keep_up/test_living_lanes.py
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from headrace.sansio.tail.settings import KeyLaneSettings
from tests.unit.reading.keep_up.living_mirror import MirrorSettings
from tests.unit.reading.keep_up.test_living_world import (
    LIVELY,
    MIRRORS,
    TOLD,
    Histories,
    LivelyHistories,
    ToldHistories,
    budget,
)
from tests.unit.reading.keep_up.watched_world import WatchedWorld

LANES = st.builds(
    KeyLaneSettings,
    at_once=st.one_of(st.sampled_from([2, 4]), st.integers(1, 16)),
    rows=st.sampled_from([1, 20, 200]),
    least_rows=st.sampled_from([1, 10]),
    after=st.sampled_from([0, 3, 100]),
)

# Short pages, so that there are enough of them for lanes.
LANED = st.builds(
    lambda mirror, limit: replace(mirror, limit=limit),
    MIRRORS,
    st.one_of(st.integers(1, 12), st.integers(1, 250)),
)


def cursor_below(key: str, limit: int) -> str:
    """The cursor that the server would make of a key."""
    place = json.dumps({"lastId": key, "limit": limit}, separators=(",", ":"))
    return b64encode(place.encode()).decode()


class LanedHistories(Histories):
    """Parts the first listing into lanes."""

    lanes: KeyLaneSettings

    def begin(self, world: WatchedWorld, mirror: MirrorSettings, *, parked_hidden: bool) -> None:
        limit = mirror.limit
        lanes = replace(self.lanes, cursor_below=lambda key: cursor_below(key, limit))
        mirror = replace(mirror, lanes=lanes, concurrency=max(mirror.concurrency, lanes.at_once))
        super().begin(world, mirror, parked_hidden=parked_hidden)

    @precondition(lambda self: self.sync is None and self.is_caught_up)
    @rule()
    def quiet_sync(self) -> None:
        """The first sync has a request more for each lane; the others have none more."""
        if self.mirror.has_listed_all:
            super().quiet_sync()
        else:
            self.finish_sync()


class ToldLanes(LanedHistories, ToldHistories):
    """Histories in which each step of the world is a rule."""

    @initialize(lanes=LANES, **{**TOLD, "mirror": LANED, "pages": st.integers(5, 40)})
    def start_world(self, lanes: KeyLaneSettings, **world: Any) -> None:
        self.lanes = lanes
        super().start_world(**world)


class LivelyLanes(LanedHistories, LivelyHistories):
    """Histories of a world that goes on by itself, also between any two answers."""

    @initialize(lanes=LANES, **{**LIVELY, "mirror": LANED, "rows": st.sampled_from([30, 300, 600])})
    def start_world(self, lanes: KeyLaneSettings, **world: Any) -> None:
        self.lanes = lanes
        super().start_world(**world)


TestToldLanes = ToldLanes.TestCase
TestToldLanes.settings = budget(25, 50)
TestLivelyLanes = LivelyLanes.TestCase
TestLivelyLanes.settings = budget(12, 30)
