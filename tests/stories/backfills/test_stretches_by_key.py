"""A listing that is kept up with is parted by its keys; each part costs its pages and one more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from headrace import backfill
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.stories.lanes.test_lanes_by_key import BY_CURSOR, BY_FILTER, FOLLOWING, SlowListing, row
from tests.support.tables import Warehouse

PAGE = 50
LANES = 5
BOTH = pytest.mark.parametrize("lanes", [BY_CURSOR, BY_FILTER], ids=["cursor", "filter"])


class Pruned(SlowListing):
    """Has lost its oldest rows, and keeps no row of some ids."""

    def __init__(self) -> None:
        super().__init__(page=PAGE)
        self.put(*(row(number) for number in range(91_000, 95_000) if number % 9))


@pytest.fixture
def api() -> Iterator[Pruned]:
    with Pruned() as running:
        yield running


def mirror_of(api: KeptListing, warehouse: Warehouse, lanes: dict[str, Any]) -> Mirror:
    mirror = Mirror(api, warehouse, api.config(**FOLLOWING))
    mirror.config["resources"][0]["endpoint"]["lanes"] = {**lanes, "at_once": 1}
    return mirror


@BOTH
def test_parts_are_even_cost_a_page_more_and_meet_though_rows_go_between_them(
    lanes: dict[str, Any], api: Pruned, warehouse: Warehouse, tmp_path: Path
) -> None:
    mirror, out = mirror_of(api, warehouse, lanes), str(tmp_path / "plan")
    api.hidden |= {94_990, 94_500}
    for number in api.hidden:
        api.put(row(number, "running"))
    plan = backfill.plan(mirror.config, out=out, lanes=LANES)
    assert (plan.lanes, plan.notes) == (LANES, ())
    assert plan.requests <= 25
    counts: dict[int, int] = {}
    for number in (0, 4, 2, 3, 1):
        api.forget_requests()
        read = backfill.lane(out, number)
        pages = len(api.pages_asked)
        assert pages <= ceil(read.rows / PAGE) + 1
        counts[number] = read.rows
        if number == 0:
            # The row with which the part below begins, which is read last, is gone by then.
            del api.rows[sorted(api.rows, reverse=True)[read.rows]]
    assert max(counts.values()) <= 1.3 * min(counts.values())
    api.hidden.clear()
    api.put(row(94_500), row(96_000))
    api.forget_requests()
    backfill.commit(out, pipeline=warehouse.pipeline())
    # The top, the seam, and where the API filters by key the proof that it does.
    assert len(api.pages_asked) == (2 if lanes is BY_CURSOR else 3)
    there = {each["id"]: each for each in mirror.rows()}
    assert len(there) == len(mirror.rows())
    assert {key: there[key]["status"] for key in api.rows} == {
        key: each["status"] for key, each in api.rows.items()
    }
    api.forget_requests()
    mirror.sync()
    assert len(api.pages_asked) == 1


@pytest.mark.parametrize(
    ("lanes", "told"),
    [
        ({**BY_CURSOR, "cursor": "[1, {key}]"}, "`endpoint.lanes.cursor` makes `[1, 94944]`"),
        (BY_FILTER, "takes no notice of `endpoint.lanes.below_param`"),
        (None, "no `endpoint.lanes` with `by: key`"),
    ],
    ids=["another cursor", "ignored", "none"],
)
def test_where_no_start_is_proven_there_is_one_part_and_it_says_why(
    lanes: dict[str, Any] | None, told: str, api: Pruned, warehouse: Warehouse, tmp_path: Path
) -> None:
    mirror, out = mirror_of(api, warehouse, lanes or {}), str(tmp_path / "plan")
    api.heeds_below = False
    if lanes is None:
        del mirror.config["resources"][0]["endpoint"]["lanes"]

    plan = backfill.plan(mirror.config, out=out, lanes=LANES)

    assert plan.lanes == 1
    (note,) = plan.notes
    assert told in note
    backfill.lane(out, 0)
    backfill.commit(out, pipeline=warehouse.pipeline())
    assert not mirror.faults()


@pytest.mark.parametrize("row_ids", [True, False])
def test_a_row_that_moves_while_its_listing_is_read_is_there_once_as_it_is_now(
    row_ids: bool, warehouse: Warehouse, tmp_path: Path
) -> None:
    with KeptListing(key="at", page=10) as api:
        api.put(*({"id": number, "at": 1_000 + number, "n": 0} for number in range(60)))
        mirror, out = Mirror(api, warehouse, api.config()), str(tmp_path / "plan")
        mirror.config["pipeline"]["row_ids"] = row_ids
        plan = backfill.plan(mirror.config, out=out, lanes=LANES)
        assert plan.lanes == 1
        # One that has been read, and one that has not.
        for number, moved in ((4, 55), (5, 3)):
            api.at_request(number, _moving(api, moved))
        backfill.lane(out, 0)
        backfill.commit(out, pipeline=mirror.pipeline())
        assert not mirror.faults()
        api.change(7, at=3_000, n=1)
        # In a place of its own, what is known already is put together with what is read anew.
        again = str(tmp_path / "again")
        backfill.plan(mirror.config, out=again, lanes=LANES)
        backfill.lane(again, 0)
        backfill.commit(again, pipeline=mirror.pipeline())
        assert not mirror.faults()


def _moving(api: KeptListing, key: int) -> Callable[[], None]:
    return lambda: api.change(key, at=2_000 + key, n=1)


@BOTH
@pytest.mark.parametrize("until", [93_500, "2026-01-01T00:58:20Z"], ids=["key", "time"])
def test_a_bound_of_the_first_listing_is_the_end_of_the_lowest_part(
    lanes: dict[str, Any], until: int | str, api: Pruned, warehouse: Warehouse, tmp_path: Path
) -> None:
    for number in api.rows:
        second = number - 90_000
        at = f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        api.change(number, at=at)
    mirror, out = mirror_of(api, warehouse, lanes), str(tmp_path / "plan")
    incremental = mirror.config["resources"][0]["endpoint"]["incremental"]
    incremental |= {"initial_value": until, "time_path": "at"}
    plan = backfill.plan(mirror.config, out=out, lanes=3)
    assert (plan.lanes, plan.notes) == (3, ())
    reads = [backfill.lane(out, number) for number in (2, 0, 1)]
    backfill.commit(out, pipeline=warehouse.pipeline())
    wanted = sorted(number for number in api.rows if number >= 93_500)
    assert [each["id"] for each in mirror.rows()] == wanted
    assert max(each.rows for each in reads) <= 1.3 * min(each.rows for each in reads)
    api.put(row(95_001))
    api.forget_requests()
    mirror.sync()
    assert len(api.pages_asked) == 1
