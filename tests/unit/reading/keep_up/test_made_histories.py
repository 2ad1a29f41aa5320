"""Random histories of executions whose nodes are mirrored: rows made of parts of rows that change.

Executions start, are hidden while they run, wait, end, are retried, deleted and pruned, and have
parts that are there only until they end. After each sync the table has of each execution just what
the API shows of it: no part that is lost, none twice, and none that is no more.

    HEADRACE_EXAMPLES=1000 scripts/test -n 2 tests/unit/reading/keep_up/test_made_histories.py
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from headrace.config import ResourceConfig, load_config
from headrace.simulator import Pace
from tests.unit.reading.keep_up.living_mirror import (
    SETTLED,
    EndedSync,
    LivingMirror,
    LivingSync,
    MirrorSettings,
)
from tests.unit.reading.keep_up.made_mirror import MadeMirror, MadeSync, made_of
from tests.unit.reading.keep_up.promise import is_unfindable
from tests.unit.reading.keep_up.test_living_world import (
    FATES,
    MIRRORS,
    PACES,
    Histories,
    LivelyHistories,
    ToldHistories,
    budget,
)
from tests.unit.reading.keep_up.watched_world import WatchedWorld


def wrong_parts(mirror: MadeMirror, sync: EndedSync) -> list[str]:
    """Says which executions have other parts in the table than the API has shown in the sync.

    Args:
        mirror: The mirror, with all that the sync brought.
        sync: The sync.
    """
    there = {int(row["id"]) for row in mirror.world.truth()}
    shown = {key for key in (mirror.seen.low, mirror.seen.high) if key is not None}
    if sync.is_first:
        ended = {key for key, row in sync.before.items() if row["status"] in SETTLED}
        shown |= ended & there
    wrong = []
    for key, before in sync.before.items():
        if key not in there or not shown or not min(shown) <= key <= max(shown):
            continue
        found = mirror.made(key)
        told = [before, *sync.served.get(key, ())]
        if found in map(made_of, told) or (not found and is_unfindable(mirror, sync, key)):
            continue
        wrong.append(f"execution {key} has {sorted(found)}, and was {before}")
    return wrong


class MadeHistories(Histories):
    """Has the nodes mirrored, and compares them."""

    mirror: MadeMirror

    def new_mirror(self, settings: MirrorSettings) -> LivingMirror:
        return MadeMirror(self.world, settings)

    def new_sync(self) -> LivingSync:
        return MadeSync(self.mirror)

    def check(self, sync: EndedSync) -> None:
        wrong = wrong_parts(self.mirror, sync)
        assert not wrong, wrong
        self.is_caught_up = not sync.saw_nothing

    @precondition(lambda self: self.sync is None and self.is_caught_up)
    @rule()
    def quiet_sync(self) -> None:
        """A sync during which nothing happens; how much it asks for is tested elsewhere."""
        self.finish_sync()


class ToldParts(MadeHistories, ToldHistories):
    """Histories in which each step of the world is a rule."""

    @initialize(
        mirror=MIRRORS,
        pages=st.integers(0, 3),
        living=st.lists(st.sampled_from([*FATES, "lost"]), max_size=12),
        mark_seconds=st.sampled_from([0.0, 590.0]),
    )
    def start_world(
        self,
        mirror: MirrorSettings,
        pages: int,
        living: list[str],
        mark_seconds: float,
    ) -> None:
        pace = replace(Pace.still(), mark_seconds=mark_seconds)
        rows = max(0, pages * min(mirror.limit, 20) - 1)
        world = WatchedWorld(rows, pace=pace, like="2.41", payload=0)
        self.begin(world, mirror, parked_hidden=False)
        for fate in living:
            self.world.advance(7)
            if fate == "lost":
                self.world.reserve()
            else:
                self.lead_to(self.world.start(), fate)


class LivelyParts(MadeHistories, LivelyHistories):
    """Histories of a world that goes on by itself, also between any two answers."""

    @initialize(
        mirror=MIRRORS,
        pace=PACES,
        seed=st.integers(0, 2**32),
        at_once=st.sampled_from([None, 3]),
        cursor_seconds=st.sampled_from([None, 20.0, 300.0]),
        rows_per_answer=st.sampled_from([0.02, 0.2]),
    )
    def start_world(
        self,
        mirror: MirrorSettings,
        pace: Pace,
        seed: int,
        at_once: int | None,
        cursor_seconds: float | None,
        rows_per_answer: float,
    ) -> None:
        world = WatchedWorld(
            30,
            seed,
            pace=pace,
            like="2.41",
            at_once=at_once,
            cursor_seconds=cursor_seconds,
            payload=0,
        )
        self.begin(world, mirror, parked_hidden=False)
        self.seconds_per_answer = rows_per_answer * 3_600 / pace.executions_per_hour
        self.mirror.seconds_per_answer = self.seconds_per_answer


def test_a_merge_replaces_all_that_was_made_of_an_execution() -> None:
    """What the mirror of these histories takes for granted."""
    config = load_config("executions", lookup=lambda name: f"http://{name.lower()}.invalid")
    (resource,) = (each for each in config.resources if each.name == "node_runs")

    assert isinstance(resource, ResourceConfig)
    assert resource.hints["merge_key"] == ["execution_id"]


TestToldParts = ToldParts.TestCase
TestToldParts.settings = budget(8, 40)
TestLivelyParts = LivelyParts.TestCase
TestLivelyParts.settings = budget(6, 25)
