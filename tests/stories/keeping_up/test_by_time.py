"""Keeping up with a listing that is newest first by the time of a row's last change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.tables import Row, Warehouse

PAGE = 10


def at(second: int) -> str:
    return f"2025-01-01T00:{second // 60:02}:{second % 60:02}Z"


def row(number: int, second: int, value: str = "first") -> Row:
    return {"id": number, "updated_at": at(second), "value": value}


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing(key="updated_at", page=PAGE) as running:
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    config = api.config()
    # As it came, so that it compares with the API's.
    config["resources"][0]["columns"] = {"updated_at": {"data_type": "text"}}
    return Mirror(api, warehouse, config)


def test_rows_that_share_a_time(api: KeptListing, mirror: Mirror) -> None:
    # Seven rows to a second: each edge of a page is within one.
    api.put(*(row(number, second=number // 7) for number in range(100)))
    mirror.sync()
    assert not mirror.faults()

    # More of them than a page has.
    api.put(*(row(number, second=20) for number in range(100, 125)))
    mirror.sync()
    assert not mirror.faults()


def test_the_next_sync_asks_for_what_changed_only(api: KeptListing, mirror: Mirror) -> None:
    api.put(*(row(number, second=number) for number in range(500)))
    mirror.sync()
    api.forget_requests()

    api.change(3, updated_at=at(501), value="changed")
    api.put(row(500, second=502))
    report = mirror.sync()

    assert report.figures.total.loaded_rows == 2
    assert len(api.asked) <= 2
    assert not mirror.faults()


def test_rows_that_move_to_the_top_while_they_are_listed(api: KeptListing, mirror: Mirror) -> None:
    api.put(*(row(number, second=number) for number in range(100)))

    def move() -> None:
        api.change(98, updated_at=at(201), value="moved after it was listed")
        api.change(7, updated_at=at(202), value="moved before it was listed")

    api.at_request(5, move)
    mirror.sync()

    assert not mirror.faults()


def test_a_row_that_moves_again_and_again(api: KeptListing, mirror: Mirror) -> None:
    api.put(*(row(number, second=number) for number in range(100)))
    for turn in range(8):

        def move(turn: int = turn) -> None:
            api.change(7, updated_at=at(200 + turn), value=f"moved {turn}")

        api.at_request(4 + turn, move)
    mirror.sync()

    assert not mirror.faults()


def test_a_row_that_gets_the_newest_time_of_the_sync_before(
    api: KeptListing, mirror: Mirror
) -> None:
    api.put(*(row(number, second=number) for number in range(30)))
    mirror.sync()

    # Within the same second, but after it was listed.
    api.put(row(30, second=29))
    mirror.sync()

    assert not mirror.faults()


def test_a_plain_run_of_the_pipeline_does_the_same(api: KeptListing, mirror: Mirror) -> None:
    api.put(*(row(number, second=number // 7) for number in range(100)))
    api.at_request(5, lambda: api.change(98, updated_at=at(201), value="moved"))
    mirror.run()
    api.change(50, updated_at=at(202), value="moved later")
    mirror.run()

    assert not mirror.faults()
