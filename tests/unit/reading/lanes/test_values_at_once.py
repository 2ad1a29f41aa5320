"""Random histories of rows that belong to values for good, listed value by value at once.

After each listing that ends the table must hold each row that was there when it began, as it stood
at some moment meanwhile or later. A run of the tests makes a few histories; this makes more of
them:

    HEADRACE_EXAMPLES=2000 scripts/test -n 2 tests/unit/reading/lanes/test_values_at_once.py
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.core.exceptions import HeadraceError, PageError
from headrace.core.figures import ResourceFigures
from tests.unit.reading.lanes.held_answers import HeldAnswers, run_in_steps
from tests.unit.reading.lanes.valued_world import ValuedWorld

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "40"))
PAGES = st.one_of(st.integers(1, 5), st.integers(1, 250))
VALUES = st.lists(st.one_of(st.integers(0, 9), st.sampled_from(["a", "b", "1"])), max_size=12)


class Read:
    """One listing of a world, with what happens meanwhile.

    Args:
        world: The world.
        random: Chooses what happens when.
        at_once: How many values are read at once.
    """

    def __init__(self, world: ValuedWorld, random: Random, at_once: int) -> None:
        self.world, self.random, self.at_once = world, random, at_once
        self.client = HeldAnswers(world.answer)
        self.figures = ResourceFigures()
        self.rows: list[dict[str, Any]] = []
        self.places: list[int] = []

    def to_its_end(self, events: int, crash_at: int | None = None) -> bool:
        """Reads all pages; says whether it came to its end."""
        left = events

        def happens() -> None:
            nonlocal left
            if left and self.random.random() < 0.6:
                left -= 1
                one_event(self.world, self.random)

        return run_in_steps(self._read(), self.client, self.random, happens, crash_at)

    async def _read(self) -> None:
        listing = self.world.listing(self.at_once)
        async for page in listing.pages(self.client, self.figures):
            self.places.append(page.place)
            self.rows += [json.loads(bytes(row)) for row in page.rows]


def one_event(world: ValuedWorld, random: Random) -> None:
    kinds = ["insert", "hide", "show", "change", "new value"]
    kind = random.choice(kinds if world.by_offset else [*kinds, "delete"])
    values = [each for each in world.values if each is not None]
    if kind == "new value":
        if world.from_listing:
            # Where no row has a value, the field is taken for a wrong one.
            none = [None] if values else []
            world.values.append(random.choice([*range(20, 30), *none]))
    elif kind in ("insert", "hide") and values:
        world.insert(random.choice(values), is_shown=kind == "insert")
    elif world.rows:
        key = random.choice(list(world.rows))
        if kind == "delete":
            del world.rows[key]
        elif kind == "change":
            world.rows[key].version += 1
        elif not world.by_offset or key == max(world.rows):
            # A row that is shown further down shifts others by a place, but past nobody.
            world.rows[key].is_shown = True


@given(
    values=VALUES,
    page_rows=PAGES,
    by_offset=st.booleans(),
    from_listing=st.booleans(),
    rows=st.integers(0, 60),
    at_once=st.integers(1, 16),
    reads=st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=3),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
def test_each_row_that_was_there_comes_once(
    values: list[Any],
    page_rows: int,
    by_offset: bool,
    from_listing: bool,
    rows: int,
    at_once: int,
    reads: list[tuple[int, bool]],
    seed: int,
) -> None:
    random = Random(seed)
    world = ValuedWorld(page_rows, by_offset, from_listing)
    world.values = [*values, None, *values[:2]] if from_listing and values else [*values]
    for _ in range(rows if values else 0):
        world.insert(random.choice(values))
    for events, crashes in reads:
        before = {key: row.version for key, row in world.rows.items() if row.is_shown}
        read = Read(world, random, at_once)
        try:
            has_ended = read.to_its_end(events, random.randrange(20) if crashes else None)
        except HeadraceError:
            # Rows that come at the top make one page like the one before.
            if not by_offset:
                raise
            continue
        assert read.client.most_at_once <= at_once
        if not has_ended:
            continue
        assert read.places == sorted(read.places)
        assert read.figures.listings_ended == 1
        assert read.figures.rows == len(read.rows)
        table = {row["id"]: row["version"] for row in read.rows}
        left = {key: version for key, version in before.items() if key in world.rows}
        assert {key for key in left if table.get(key, -1) < left[key]} == set()
        if not by_offset:
            assert len(table) == len(read.rows)


@pytest.mark.parametrize("keeps_each_once", [True, False])
def test_a_row_of_two_values_is_told_of(keeps_each_once: bool) -> None:
    class Moving(ValuedWorld):
        def answer(self, request: Any) -> Any:
            answered = super().answer(request)
            # All rows belong to the other value from now on.
            self.rows[1].value = 2
            return answered

    world = Moving(5, keeps_each_once, from_listing=False)
    world.values = [1, 2]
    world.insert(1)
    read = Read(world, Random(1), 1)
    if keeps_each_once:
        assert read.to_its_end(0)
        (note,) = read.figures.notes
    else:
        with pytest.raises(PageError) as refused:
            read.to_its_end(0)
        note = str(refused.value)
    assert "1 rows came under two values of `value`" in note


def test_values_that_cannot_be_known_are_refused() -> None:
    world = ValuedWorld(5, by_offset=False, from_listing=True)
    world.values = [None, None]
    with pytest.raises(PageError, match=r"none of the 2 rows has a value at `of.id`.*has: `of`"):
        Read(world, Random(1), 2).to_its_end(0)
    world.values = [{"deep": 1}]
    with pytest.raises(PageError, match=r"a row has an object at `of.id`"):
        Read(world, Random(1), 2).to_its_end(0)


def test_no_values_are_no_rows() -> None:
    world = ValuedWorld(5, by_offset=False, from_listing=True)
    read = Read(world, Random(1), 2)
    assert read.to_its_end(0)
    assert (read.rows, read.figures.listings_ended) == ([], 1)
