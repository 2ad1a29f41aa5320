"""Pages of one listing at once, by offset and page number: the table is as after one reader."""

from __future__ import annotations

import random
from typing import Any

import duckdb
import pytest

import headrace
from headrace.exceptions import ConfigError, PageError, ResponseStatusError
from tests.stories.lanes.numbered_rows import NumberedRows, config, numbered_config
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

BY_PAGE = {"type": "page_number", "total_path": "total"}


def keys(warehouse: Warehouse) -> list[int]:
    return [row["id"] for row in reversed(warehouse.rows("test_data.items"))]


@pytest.mark.parametrize("at_once", [2, 8])
def test_so_many_pages_are_asked_for_at_once_and_no_more(
    server: JsonServer, warehouse: Warehouse, at_once: int
) -> None:
    rows = NumberedRows(server, 3_000)
    rows.wait_for(at_once)

    headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server, at_once=at_once)))

    assert keys(warehouse) == [row["id"] for row in rows.rows]
    assert rows.most_at_once == at_once
    # Each page brings one row of the one before it again: 30 pages, and one more for that.
    assert len(server.asked) == 31


def test_never_more_than_the_client_may_have_under_way(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows = NumberedRows(server, 3_000)
    rows.wait_for(3)
    document = config(server, at_once=16)
    document["client"]["concurrency"] = 3

    headrace.sync(warehouse.pipeline(), headrace.rest_api_source(document))

    assert len(keys(warehouse)) == 3_000
    assert rows.most_at_once == 3


def test_by_page_number_a_lane_ends_with_a_page_of_the_next_one(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows = NumberedRows(server, 3_010, most=100)
    rows.wait_for(4)

    headrace.sync(
        warehouse.pipeline(),
        headrace.rest_api_source(numbered_config(server, BY_PAGE, at_once=4, unchanging=True)),
    )

    assert keys(warehouse) == [row["id"] for row in rows.rows]
    # 31 pages, one more for each of the three seams between four lanes, and an empty one behind the
    # last: nothing tells whether `total` counts pages or rows.
    assert len(server.asked) <= 31 + 4 + 1


def test_a_total_of_pages(server: JsonServer, warehouse: Warehouse) -> None:
    rows = NumberedRows(server, 950, most=100)
    rows.total = lambda: 10
    paginator = {"type": "page_number", "total_path": "total"}

    headrace.sync(
        warehouse.pipeline(),
        headrace.rest_api_source(numbered_config(server, paginator, at_once=4, unchanging=True)),
    )

    assert keys(warehouse) == [row["id"] for row in rows.rows]


def test_rows_that_are_added_at_the_top_meanwhile_take_none_out(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows = NumberedRows(server, 2_000)
    before = {row["id"] for row in rows.rows}

    def add(place: int) -> None:
        if place and place % 3 == 0:
            rows.rows.insert(0, {"id": rows.rows[0]["id"] + 1, "name": "new"})

    rows.before_page = add
    headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server, at_once=8)))

    assert before <= set(keys(warehouse))


@pytest.mark.parametrize("every", [1, 2, 5])
def test_rows_that_are_deleted_meanwhile_take_no_other_ones_out(
    server: JsonServer, warehouse: Warehouse, every: int
) -> None:
    rows = NumberedRows(server, 2_000)
    requests = 0

    def delete(place: int) -> None:
        nonlocal requests
        requests += 1
        if place and requests % every == 0:
            del rows.rows[0], rows.rows[len(rows.rows) // 2]

    rows.before_page = delete
    report = headrace.sync(
        warehouse.pipeline(), headrace.rest_api_source(config(server, at_once=8))
    )

    assert {row["id"] for row in rows.rows} <= set(keys(warehouse))
    assert report.figures.of("items").notes == []


def test_what_would_be_lost_without_lanes_is_told(server: JsonServer, warehouse: Warehouse) -> None:
    """That the deletions of the test above do harm: one reader notes that rows may be missing."""
    rows = NumberedRows(server, 2_000)

    def delete(place: int) -> None:
        if place:
            del rows.rows[0]

    rows.before_page = delete
    report = headrace.sync(
        warehouse.pipeline(), headrace.rest_api_source(config(server, is_laned=False))
    )

    assert not {row["id"] for row in rows.rows} <= set(keys(warehouse))
    assert "others are passed over" in report.figures.of("items").notes[0]


def test_a_server_that_cuts_its_pages(server: JsonServer, warehouse: Warehouse) -> None:
    rows = NumberedRows(server, 1_234, most=50)

    headrace.sync(
        warehouse.pipeline(), headrace.rest_api_source(config(server, limit=1_000, at_once=4))
    )

    assert keys(warehouse) == [row["id"] for row in rows.rows]
    assert server.asked[-1].query["limit"] == "1000"


def test_a_listing_of_one_page_costs_no_request_more(
    server: JsonServer, warehouse: Warehouse
) -> None:
    NumberedRows(server, 100)
    asked: list[int] = []
    for is_laned in (False, True):
        headrace.sync(
            warehouse.pipeline(), headrace.rest_api_source(config(server, is_laned=is_laned))
        )
        asked.append(len(server.asked) - sum(asked))

    assert len(keys(warehouse)) == 100
    assert asked[0] == asked[1]


def test_a_total_that_is_too_high_is_an_error(server: JsonServer, warehouse: Warehouse) -> None:
    rows = NumberedRows(server, 1_000)
    rows.total = lambda: 5_000

    with pytest.raises(PageError, match="ended with 1,000 rows, but the API tells 5,000"):
        headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server)))


def test_a_server_that_does_not_know_the_offset(server: JsonServer, warehouse: Warehouse) -> None:
    rows = NumberedRows(server, 1_000)
    rows.rows.sort(key=lambda row: row["id"])

    def first_page(asked: Asked) -> Answer:
        return Answer({"items": rows.rows[:100], "total": 1_000})

    server.handler, server.before_answer = first_page, None
    with pytest.raises(PageError, match="offset_param"):
        headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server)))
    assert len(server.asked) < 20


def test_a_listing_without_an_order_is_refused(server: JsonServer, warehouse: Warehouse) -> None:
    rows = NumberedRows(server, 2_000)
    turn = 0

    def shuffle(place: int) -> None:
        nonlocal turn
        turn += 1
        rows.rows = [{"id": n} for n in range(turn * 2_000, (turn + 1) * 2_000)]

    rows.before_page = shuffle
    with pytest.raises(PageError, match="the order of the listing is not stable"):
        headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server)))


@pytest.mark.parametrize("alike", [5, 40, 1_000])
def test_a_listing_ordered_by_what_many_rows_have_is_held_against_its_total(
    server: JsonServer, warehouse: Warehouse, alike: int
) -> None:
    """Rows of one value lie in another order in each page, so some come twice, and others never."""
    rows, chance = NumberedRows(server, 2_000), random.Random(1)
    rows.before_page = lambda _: rows.rows.sort(
        key=lambda row: (-(row["id"] // alike), chance.random())
    )

    with pytest.raises(PageError, match=r"but the API tells 2,000 .* Ask for a stable order"):
        headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server)))
    assert len(server.asked) < 450


@pytest.mark.parametrize("unit", [100, -100, -50])
def test_a_server_that_rounds_the_offset_is_refused_before_long(
    server: JsonServer, warehouse: Warehouse, unit: int
) -> None:
    """It rounds down, or up, to its own pages, so that none can bring a row of the one before."""
    rows = NumberedRows(server, 1_000)
    rows.rounded = lambda offset: offset // unit * unit

    with pytest.raises(PageError, match=r"have no row in common|offset_param"):
        headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server)))
    assert len(server.asked) < 450


def test_a_server_that_rounds_the_offset_to_less_than_a_page(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows = NumberedRows(server, 1_000)
    rows.rounded = lambda offset: offset // 50 * 50

    headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server)))

    assert keys(warehouse) == [row["id"] for row in rows.rows]


@pytest.mark.parametrize("is_unchanging", [False, True])
def test_a_server_that_knows_no_larger_offset_than_one(
    server: JsonServer, warehouse: Warehouse, is_unchanging: bool
) -> None:
    rows = NumberedRows(server, 1_000)
    rows.rounded = lambda offset: min(offset, 500)

    with pytest.raises(PageError, match="ended with 600 rows, but the API tells 1,000"):
        headrace.sync(
            warehouse.pipeline(),
            headrace.rest_api_source(config(server, unchanging=is_unchanging)),
        )


@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_a_key_that_several_rows_have_is_seen(
    server: JsonServer, warehouse: Warehouse, disposition: str
) -> None:
    rows = NumberedRows(server, 1_000)
    rows.rows = [{"id": n // 3, "number": n} for n in range(1_000)]
    document = config(server)
    document["resources"][0]["write_disposition"] = disposition

    with pytest.raises(PageError, match="different keys, but the API tells 1,000"):
        headrace.sync(warehouse.pipeline(), headrace.rest_api_source(document))


@pytest.mark.parametrize("offset", [297, 495, 1_485])
def test_an_empty_answer_in_the_middle_takes_no_row_out_and_doubles_none(
    server: JsonServer, warehouse: Warehouse, offset: int
) -> None:
    rows = NumberedRows(server, 2_000)
    rows.wait_for(8)
    answer, was_empty = server.handler, False

    def empty_once(asked: Asked) -> Answer:
        nonlocal was_empty
        came = answer(asked)
        if int(asked.query["offset"]) == offset and not was_empty:
            was_empty = True
            return Answer({"items": [], "total": 2_000})
        return came

    server.handler = empty_once
    headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server, at_once=8)))

    assert was_empty
    assert keys(warehouse) == [row["id"] for row in rows.rows]


def test_many_rows_that_are_added_meanwhile_double_none(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows = NumberedRows(server, 4_000, most=100)
    before = {row["id"] for row in rows.rows}

    def add(place: int) -> None:
        if place == 2_500:
            rows.rows[:0] = [{"id": n} for n in range(6_000, 5_000, -1)]

    rows.before_page = add
    document = numbered_config(server, BY_PAGE, at_once=4, unchanging=True)
    headrace.sync(warehouse.pipeline(), headrace.rest_api_source(document))

    assert before <= set(keys(warehouse))
    assert len(keys(warehouse)) == len(set(keys(warehouse)))


def test_an_error_ends_all_lanes(server: JsonServer, warehouse: Warehouse) -> None:
    rows = NumberedRows(server, 10_000)
    answer = server.handler

    def fail(asked: Asked) -> Answer:
        rows.at_once -= 0
        if int(asked.query["offset"]) > 1_000:
            return Answer({"message": "forbidden"}, 403)
        return answer(asked)

    server.handler = fail
    with pytest.raises(ResponseStatusError, match="403"):
        headrace.sync(warehouse.pipeline(), headrace.rest_api_source(config(server)))
    assert len(server.asked) < 30


def test_a_look_at_some_rows_asks_for_no_more(server: JsonServer) -> None:
    NumberedRows(server, 10_000)

    resource = headrace.rest_api_source(config(server)).resources["items"].add_limit(1)
    assert len([*resource]) > 0

    assert len(server.asked) <= 2


def test_verify_goes_through_lanes(server: JsonServer, warehouse: Warehouse) -> None:
    rows = NumberedRows(server, 2_000)
    source = headrace.rest_api_source(config(server, at_once=4))
    headrace.sync(warehouse.pipeline(), source)
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute("DELETE FROM test_data.items WHERE id = 77")
    server.asked.clear()
    rows.wait_for(4)
    rows.meeting, rows.most_at_once = None, 0

    report = headrace.verify(
        warehouse.pipeline(), headrace.rest_api_source(config(server, at_once=4))
    )

    assert rows.most_at_once == 4
    assert len(server.asked) == 21
    assert [*report.tables[0].comparison.missing] == [77]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"paginator": BY_PAGE}, "Say `unchanging: true`"),
    ({"paginator": {"type": "cursor"}}, "the paginator `offset` or `page_number`"),
    ({"paginator": "single_page"}, "the paginator `offset` or `page_number`"),
    ({"paginator": {"type": "offset", "limit": 1}}, "pages of one row cannot overlap"),
    ({"paginator": {"type": "offset", "limit": 9, "total_path": None}}, "number of all rows"),
    (
        {"paginator": {"type": "offset", "limit": 9, "stop_condition": "rows == 0"}},
        "`paginator.stop_condition`",
    ),
    ({"incremental": {"cursor_path": "id", "row_order": "desc"}}, "goes on from a cursor"),
]


@pytest.mark.parametrize(("endpoint", "message"), REFUSED)
def test_what_cannot_be_exact_is_refused(
    server: JsonServer, endpoint: dict[str, Any], message: str
) -> None:
    document = config(server)
    document["resources"][0]["endpoint"].update(endpoint)
    with pytest.raises(ConfigError, match=message):
        headrace.rest_api_source(document)


def test_rows_without_a_key_are_refused(server: JsonServer) -> None:
    document = config(server)
    del document["resources"][0]["primary_key"]
    with pytest.raises(ConfigError, match="name their `primary_key`"):
        headrace.rest_api_source(document)
