"""Stretches of numbered pages that are read in any order, at different times, and once more.

Each row that was there when they were planned, and is there when all have been read, lies in one of
them, and in one alone. A run of the tests makes a few histories; this makes more of them:

    HEADRACE_EXAMPLES=2000 scripts/test -n 2 tests/unit/reading/stretches/test_page_stretches.py
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.config import parse_config
from headrace.config.built.lanes import PageLanesSettings
from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.reading.build import build_listing
from headrace.reading.listing import Listing
from headrace.reading.stretches.page_plan import plan_page_stretches
from headrace.reading.stretches.pages import PageStretchReader
from headrace.reading.stretches.stretch import PageStretch, Stretch
from tests.unit.reading.lanes.held_answers import Answered, HeldAnswers, run_in_steps
from tests.unit.sansio.lanes.listed_world import ListedWorld

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "40"))
SIZES = st.sampled_from([2, 3, 7, 10, 25])


class Backfill:
    """Plans a listing that changes, and reads its stretches.

    Args:
        world: The listing.
        wanted: How many stretches there are at most.
        unchanging: Whether the config says that rows are neither deleted nor moved.
    """

    def __init__(self, world: ListedWorld, wanted: int, *, unchanging: bool = False) -> None:
        self.world = world
        kind = "offset" if world.by_offset else "page_number"
        paginator: dict[str, Any] = {"type": kind, "total_path": "total"}
        if world.by_offset:
            paginator["limit"] = world.size
        lanes = {"by": "pages", "at_once": 3, "unchanging": unchanging}
        config = parse_config(
            {
                "client": {"base_url": "http://localhost", "paginator": paginator},
                "resources": [
                    {
                        "name": "rows",
                        "primary_key": "id",
                        "endpoint": {"data_selector": "data", "lanes": lanes},
                    }
                ],
            }
        )
        (resource,) = config.resources
        self.listing: Listing = build_listing(config, resource)  # type: ignore[arg-type]
        assert self.listing.lanes is not None
        self.settings: PageLanesSettings = self.listing.lanes
        self.stretches: list[Stretch] = []
        self._wanted = wanted
        self._client = HeldAnswers(self._answer)

    def _answer(self, request: Request) -> Answered:
        number = int(request.params.get("offset" if self.world.by_offset else "page", 0))
        keys, total = self.world.page(number)
        return 200, {}, {"data": [{"id": int(key)} for key in keys], "total": total}

    def plan(self) -> None:
        self._run(self._plan())

    async def _plan(self) -> None:
        plan = await plan_page_stretches(
            self.listing, self.settings, self._client, ResourceFigures(), self._wanted
        )
        self.stretches = list(plan.stretches)

    def read(self, stretch: Stretch) -> list[int]:
        found: list[int] = []
        self._run(self._read(stretch, found))
        return found

    async def _read(self, stretch: Stretch, found: list[int]) -> None:
        reader: Any = self.listing
        if isinstance(stretch, PageStretch):
            reader = PageStretchReader(self.listing, self.settings, stretch)
        async for page in reader.pages(self._client, ResourceFigures()):
            found += [json.loads(bytes(row))["id"] for row in page.rows]

    def _run(self, work: Any) -> None:
        def happens() -> None:
            if self.world.changes < 40 and self.world.chance.random() < self.world.busy:
                self.world.change()

        run_in_steps(work, self._client, self.world.chance, happens)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(SIZES, st.integers(1, 40), st.integers(1, 6), st.integers(), st.sampled_from([0.05, 0.2]))
def test_each_row_lies_in_one_stretch_though_rows_come_and_go(
    size: int, pages: int, wanted: int, seed: int, busy: float
) -> None:
    chance = Random(seed)
    world = ListedWorld(size, True, chance, deletes=True, busy=busy)
    world.fill(size * pages + chance.randrange(size))
    backfill = Backfill(world, wanted)
    before = set(world.rows)
    found: list[int] = []
    try:
        backfill.plan()
        order = list(backfill.stretches)
        chance.shuffle(order)
        for stretch in order:
            if chance.random() < 0.2:
                # An attempt that does not count.
                backfill.read(stretch)
            found += backfill.read(stretch)
    except PageError:
        # Said aloud is not lost: so many rows have gone that none of a seam is left.
        assert size < 25 or busy > 0.1
        return
    assert before.intersection(world.rows) <= set(found)
    if len(backfill.stretches) > 1:
        repeated = [row for row in before if found.count(row) > 1]
        assert repeated == []


@settings(max_examples=EXAMPLES)
@given(SIZES, st.integers(1, 20), st.integers(1, 6), st.booleans(), st.booleans(), st.integers())
def test_where_nothing_changes_each_row_comes_once_and_in_order(
    size: int, pages: int, wanted: int, by_offset: bool, unchanging: bool, seed: int
) -> None:
    chance = Random(seed)
    world = ListedWorld(size, by_offset, chance, deletes=False, busy=0.0)
    world.fill(size * pages + chance.randrange(size))
    backfill = Backfill(world, wanted, unchanging=unchanging or not by_offset)
    backfill.plan()
    found = [row for stretch in backfill.stretches for row in backfill.read(stretch)]
    assert found == world.rows
    if len(backfill.stretches) > 1:
        step = size - (by_offset and not unchanging)
        needed = 1 + max(0, -(-(len(world.rows) - size) // step))
        seams = len(backfill.stretches) - 1
        # The page of the plan, one a seam, the rows that two stretches read, and a page behind the
        # last one where that is full.
        assert world.requests <= needed + 1 + seams + -(-seams // step) + 1
