"""Rows that look settled, and change once more all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.config import parse_config
from headrace.exceptions import ConfigError, ExpressionError
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.tables import Row, Warehouse

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
CRASHED_FOR_A_DAY = {"duration": "1d", "since": "ended", "when": "status == 'crashed'"}


def row(number: int, status: str = "success", ended: Any = "2026-01-01T11:00:00Z") -> Row:
    return {"id": number, "status": status, "ended": ended}


def following(**more: Any) -> dict[str, Any]:
    return {
        "settled_when": "status in ('success', 'crashed')",
        "settles_after": CRASHED_FOR_A_DAY,
        "refresh_path": "/executions/{id}",
        **more,
    }


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing(page=10) as running:
        running.put(*(row(number) for number in range(1, 51)))
        yield running


def mirror_of(api: KeptListing, warehouse: Warehouse, **more: Any) -> Mirror:
    config = api.config(**following(**more))
    config["resources"][0]["columns"] = {"ended": {"data_type": "text"}}
    return Mirror(api, warehouse, config)


@pytest.mark.parametrize("has_path", [True, False])
def test_a_row_is_read_again_until_it_is_old_enough(
    has_path: bool, api: KeptListing, warehouse: Warehouse
) -> None:
    mirror = mirror_of(api, warehouse, **({} if has_path else {"refresh_path": None}))
    api.put(row(20, "crashed"), row(30, "crashed", "2025-12-30T11:00:00Z"))
    mirror.sync(clock=lambda: NOON)
    for hours in (1, 12, 22):
        api.change(20, ended=f"2026-01-01T11:00:{hours:02}Z")
        mirror.sync(clock=lambda hours=hours: NOON + hours * 3600)
        assert not mirror.faults()

    mirror.sync(clock=lambda: NOON + 24 * 3600)
    api.forget_requests()
    mirror.sync(clock=lambda: NOON + 25 * 3600)
    assert len(api.asked) == 1


def test_rows_of_another_kind_and_old_ones_are_not_asked_for(
    api: KeptListing, warehouse: Warehouse
) -> None:
    mirror = mirror_of(api, warehouse)
    api.put(row(30, "crashed", "2025-12-30T11:00:00Z"), row(31, "crashed", None))
    for second in range(2):
        api.forget_requests()
        mirror.sync(clock=lambda second=second: NOON + second)
    assert len(api.asked) == 1
    assert not mirror.faults()


def test_without_a_condition_all_rows_are_meant(api: KeptListing, warehouse: Warehouse) -> None:
    mirror = mirror_of(api, warehouse, settles_after={"duration": 7200, "since": "ended"})
    mirror.sync(clock=lambda: NOON)
    api.change(1, ended="2026-01-01T11:30:00Z")
    mirror.sync(clock=lambda: NOON + 60)
    assert not mirror.faults()


def test_a_condition_that_has_no_value_names_itself(api: KeptListing, warehouse: Warehouse) -> None:
    wrong = {**CRASHED_FOR_A_DAY, "when": "status > 1"}
    with pytest.raises(ExpressionError, match=r"settles_after\.when"):
        mirror_of(api, warehouse, settles_after=wrong).sync(clock=lambda: NOON)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"settled_when": None}, "settles_after: .*give that too"),
        ({"settles_after": {"duration": "soon", "since": "ended"}}, "duration: .*`1d`"),
        ({"settles_after": {"duration": "1d"}}, "since"),
        ({"settles_after": {"duration": "1d", "since": "a[*].b"}}, "plain path"),
    ],
)
def test_what_is_wrong_with_it_is_told(
    written: dict[str, Any], said: str, api: KeptListing
) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        parse_config(api.config(**following(**written)))
