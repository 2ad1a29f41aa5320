"""Keeping up where the key is text: numbers, ULIDs, or times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.tables import Row, Warehouse

PAGE = 20
FOLLOWING: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
    "touches": ["retry_of"],
}
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Id = Callable[[int], str]


def number(place: int) -> str:
    # From two digits to three: as text they would be in another order.
    return str(50 + place)


def ulid(place: int) -> str:
    milliseconds, text = 1_760_000_000_000 + 977 * place, ""
    for _ in range(10):
        milliseconds, digit = divmod(milliseconds, 32)
        text = _CROCKFORD[digit] + text
    return f"{text}{'7Z' * 8}"


def iso_time(place: int) -> str:
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1_500 * place)).isoformat()


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing(page=PAGE) as running:
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    config = api.config(**FOLLOWING)
    text = {"data_type": "text"}
    config["resources"][0]["columns"] = {"id": text, "retry_of": text}
    return Mirror(api, warehouse, config)


@pytest.mark.parametrize("name", [number, ulid, iso_time])
def test_rows_named_by_text(name: Id, api: KeptListing, mirror: Mirror) -> None:
    def row(place: int, status: str = "success", retry_of: str | None = None) -> Row:
        return {"id": name(place), "status": status, "retry_of": retry_of}

    api.put(*(row(place) for place in range(100)), row(4, "running"))
    mirror.sync()
    assert not mirror.faults()
    assert len(api.pages_asked) == 5

    api.forget_requests()
    api.put(row(100), row(101, retry_of=name(30)))
    api.change(name(4), status="success")
    api.change(name(30), status="retried with success")
    mirror.sync()

    assert api.pages_asked == [None]
    assert sorted(api.rows_asked) == sorted([name(4), name(30)])
    assert not mirror.faults()


def test_text_that_is_a_number_becomes_one_where_so_declared(
    api: KeptListing, mirror: Mirror
) -> None:
    mirror.config["resources"][0]["columns"]["id"] = {"data_type": "bigint"}
    api.put(*({"id": number(place), "status": "success"} for place in range(100)))

    mirror.sync()

    assert [each["id"] for each in mirror.rows()] == list(range(50, 150))
