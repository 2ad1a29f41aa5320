"""Random histories of rows whose times change, mirrored by windows that are read at once.

After each sync that ends the table must keep the promise of `docs/keeping-up.md`: each row that was
there when the sync began is in it as it stood at some moment in the sync or later. A run of the
tests makes a few histories; this makes more of them:

    HEADRACE_EXAMPLES=2000 scripts/test -n 2 tests/unit/reading/lanes/test_windows_at_once.py
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.core.exceptions import HeadraceError
from tests.unit.reading.lanes.timed_mirror import MirrorSettings, TimedMirror
from tests.unit.reading.lanes.timed_world import FIRST, ApiSettings, TimedWorld

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "40"))
PAGES = st.one_of(st.integers(1, 5), st.integers(1, 250))
APIS = st.builds(
    ApiSettings,
    style=st.sampled_from(["times", "seconds", "epoch", "local", "dates"]),
    order=st.sampled_from(["asc", "desc", "id"]),
    page_rows=PAGES,
    is_closed=st.booleans(),
    tells_time=st.booleans(),
    zone_hours=st.sampled_from([0, 9, -8]),
    most_rows=st.sampled_from([None, None, 8]),
    ends_empty=st.booleans(),
)
MIRRORS = st.builds(
    MirrorSettings,
    at_once=st.integers(1, 16),
    skew=st.sampled_from([0.0, 50.0, -50.0, 3_000.0, -3_000.0, 18_000.0, -18_000.0]),
    lag=st.sampled_from([0, 0, 1]),
    end_hours=st.sampled_from([None, None, None, 0, 1, 30]),
    leg_ends=st.sampled_from([None, 0.3, 1.0]),
)


class History:
    """What happens in a world while it is mirrored.

    Args:
        world: The world.
        mirror: Its mirror.
        random: Chooses what happens.
    """

    def __init__(self, world: TimedWorld, mirror: TimedMirror, random: Random) -> None:
        self.world, self.mirror, self.random = world, mirror, random
        self.left = 0

    def fill(self, rows: int, hours: int) -> None:
        """Gives the world a past."""
        end = self.world.now
        self.world.now = end.replace(day=1, hour=1)
        for _ in range(rows):
            self.world.advance(self.random.random() * 2 * 3_600 * hours / max(1, rows))
            if self.world.now < end:
                self.world.insert()
        self.world.now = max(end, self.world.now)

    def happens(self) -> None:
        """Has something happen, most of the time, as long as something is left."""
        self.world.advance(self.random.choice([0.001, 0.4, 3.0, 3.0, 60.0]))
        if self.left and self.random.random() < 0.6:
            self.left -= 1
            self.one_event()

    def one_event(self) -> None:
        # What is committed later than it says needs a `lag`, with lanes and without.
        late = self.mirror.settings.lag and self.random.random() < 0.3
        age = self.random.random() * 1_200 if late else 0.0
        kind = self.random.choice(["insert", "change", "change", "change", "delete"])
        keys = list(self.world.rows)
        if kind == "insert" or not keys:
            self.world.insert(age)
        elif kind == "change":
            self.world.change(self.random.choice(keys), age)
        else:
            del self.world.rows[self.random.choice(keys)]
        self.world.advance(0.001)

    def sync(self, events: int, crash_at: int | None) -> None:
        """Makes a sync with so many events meanwhile, and holds the table against the promise."""
        self.left = events
        before = {key: row.version for key, row in self.world.rows.items()}
        within = self.keys_in_range()
        try:
            has_ended = self.mirror.sync(self.happens, crash_at)
        except HeadraceError:
            if self.world.api.most_rows is None:
                raise
            # Rows that change within one second are in one window, however small.
            return
        assert self.mirror.client.most_at_once <= self.mirror.settings.at_once
        if not has_ended:
            return
        if "as fast as they can be read" in " ".join(self.mirror.figures.notes):
            return
        table = self.mirror.committed.table
        wrong = {
            key: (table.get(key), version)
            for key, version in before.items()
            if key in within & self.keys_in_range()
            and (key not in table or table[key]["version"] < version)
        }
        assert not wrong, wrong

    def keys_in_range(self) -> set[int]:
        """The keys of the rows that lie in the range of the config."""
        end_value = self.mirror.end_value
        end = None if end_value is None else self.world.windows.end_at(end_value)
        low = self.world.windows.scale.read(FIRST[self.world.api.style]) or 0
        return {
            key
            for key, row in self.world.rows.items()
            if low <= self.world.place(row) and (end is None or self.world.place(row) < end)
        }


@given(
    api=APIS,
    mirror=MIRRORS,
    seed=st.integers(0, 2**32),
    rows=st.integers(0, 40),
    step=st.integers(1, 12),
    syncs=st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=4),
)
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_each_row_that_was_there_is_in_the_table(
    api: ApiSettings,
    mirror: MirrorSettings,
    seed: int,
    rows: int,
    step: int,
    syncs: list[tuple[int, bool]],
) -> None:
    if not api.tells_time and abs(mirror.skew) > 3_600:
        # As without lanes: this machine has to be right to the hour then.
        mirror = replace(mirror, skew=mirror.skew / 10)
    step = min(step, 2) if api.style == "dates" else step
    random = Random(seed)
    world = TimedWorld(api, step)
    mirrored = TimedMirror(world, mirror, random)
    history = History(world, mirrored, random)
    history.fill(rows, hours=44)
    for events, crashes in syncs:
        history.sync(events, random.randrange(30) if crashes else None)
        for _ in range(random.randrange(3)):
            history.one_event()
        world.advance(random.choice([1.0, 900.0, 40_000.0]))
    history.sync(0, None)


def test_without_the_catch_up_rows_are_missed() -> None:
    """The histories are hard enough: the same lanes without it break the promise in many."""
    broken = 0
    for seed in range(40):
        random = Random(seed)
        world = TimedWorld(ApiSettings(page_rows=2), 3)
        mirror = TimedMirror(world, MirrorSettings(at_once=8, catches_up=False), random)
        history = History(world, mirror, random)
        history.fill(30, hours=44)
        try:
            history.sync(12, None)
        except AssertionError:
            broken += 1
    assert broken > 20
