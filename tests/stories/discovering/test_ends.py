"""Where a listing may have more than it shows, or ends nowhere, no config is written that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import headrace
from headrace.core.exceptions import HeadraceError
from headrace.discovery.results import Discovery
from tests.support.servers import Answer, Asked, JsonServer

SIZE = 20
LARGEST = 50


def rows_of(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "name": f"n{number}", "kind": "a"} for number in range(1, count + 1)]


def discovered(handler: Callable[[Asked], Answer]) -> Discovery:
    with JsonServer() as server:
        server.handler = handler
        return headrace.discover(f"{server.base_url}/items")


def page_of(asked: Asked, rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int, int]:
    size = min(int(asked.query.get("per_page", SIZE)), LARGEST)
    number = int(asked.query.get("page", 1))
    return rows[(number - 1) * size : number * size], number, size


def unknown_of(found: Discovery) -> str:
    assert found.config["resources"][0]["endpoint"]["paginator"] == "unknown"
    return " ".join(each.text for each in found.unknown)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_total_that_is_more_than_can_be_asked_for(refuses: bool) -> None:
    rows = rows_of(1_700)

    def answer(asked: Asked) -> Answer:
        page, number, size = page_of(asked, rows)
        if number * size > 1_000 and refuses:
            return Answer({"message": "only the first 1,000 results are available"}, 422)
        return Answer({"total": len(rows), "items": [] if number * size > 1_000 else page})

    assert "a bound on what can be asked for" in unknown_of(discovered(answer))


def test_a_total_that_is_too_high_behind_a_short_page_is_wrong() -> None:
    rows = rows_of(513)
    found = discovered(lambda asked: Answer({"total": 700, "items": page_of(asked, rows)[0]}))

    assert found.is_proven
    assert found.config["resources"][0]["endpoint"]["total"] is None


def test_a_total_of_ten_thousand_may_be_a_bound() -> None:
    rows = rows_of(10_400)

    def answer(asked: Asked) -> Answer:
        begin = int(asked.query.get("offset", 0))
        end = min(begin + min(int(asked.query.get("limit", SIZE)), 1_000), 10_000)
        return Answer({"total": 10_000, "items": rows[begin:end]})

    assert "count or show no more than that" in unknown_of(discovered(answer))


@pytest.mark.parametrize("behind", ["the first page", "the pages again", "the last page"])
def test_pages_that_never_end(behind: str) -> None:
    rows, last = rows_of(200), 10

    def answer(asked: Asked) -> Answer:
        number = int(asked.query.get("page", 1))
        if number > last:
            again = {"the first page": 1, "the pages again": (number - 1) % last + 1}
            number = again.get(behind, last)
        return Answer({"items": rows[(number - 1) * SIZE : number * SIZE]})

    assert "where it ends" in unknown_of(discovered(answer))


def test_an_id_that_comes_again_on_page_three_is_no_key() -> None:
    rows = [{"id": place % 40 + 1, "region": place // 40, "name": "n"} for place in range(115)]

    def answer(asked: Asked) -> Answer:
        size = min(int(asked.query.get("per_page", 11)), SIZE)
        begin = (int(asked.query.get("page", 1)) - 1) * size
        return Answer(rows[begin : begin + size])

    resource = discovered(answer).config["resources"][0]

    assert resource.get("primary_key") != "id"


@pytest.mark.parametrize("single", [False, True])
def test_of_two_lists_alike_none_is_taken(single: bool) -> None:
    open_ones, closed = rows_of(4), [{**row, "id": row["id"] + 100} for row in rows_of(6)]
    with JsonServer() as server:
        server.answers({"open": open_ones, "closed": closed, "has_more": False})
        found = headrace.discover(f"{server.base_url}/cases", single_page=single)

    assert "rows alike are at" in unknown_of(found)


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize(
    ("size", "largest"), [(7, 15), (7, 20), (20, 50), (10, 29), (3, 8), (3, 9)]
)
def test_a_page_is_found_whatever_the_largest_is_beside_the_usual(
    size: int, largest: int, base: int
) -> None:
    rows = rows_of(largest * 4 + 1)

    def answer(asked: Asked) -> Answer:
        count = min(int(asked.query.get("size", size)), largest)
        begin = (int(asked.query.get("page", base)) - base) * count
        return Answer({"content": rows[begin : begin + count]})

    paginator = discovered(answer).config["resources"][0]["endpoint"]["paginator"]

    assert (paginator["page_param"], paginator["base_page"]) == ("page", base)


def test_sort_values_lead_on_where_a_body_takes_nothing_else() -> None:
    rows = rows_of(31)

    def answer(asked: Asked) -> Answer:
        body = json.loads(asked.body)
        if set(body) - {"size", "query", "sort", "search_after"}:
            return Answer({"error": "unknown key"}, 400)
        begin, size = body.get("search_after", [0])[0], body.get("size", 10)
        hits = [{"_id": str(row["id"]), "sort": [row["id"]]} for row in rows[begin : begin + size]]
        return Answer({"took": 3, "hits": {"hits": hits}})

    with JsonServer() as server:
        server.handler = answer
        found = headrace.discover(
            f"{server.base_url}/_search", method="POST", json={"sort": [{"id": "asc"}]}
        )

    paginator = found.config["resources"][0]["endpoint"]["paginator"]
    assert paginator["cursor_body_path"] == "search_after"
    # The host's own number is no size that a refusal names.
    assert not any("127 rows" in each.why for each in found.requests)


def test_sort_values_lead_on_behind_the_bound_of_numbers() -> None:
    rows = rows_of(1_700)

    def answer(asked: Asked) -> Answer:
        body = json.loads(asked.body)
        begin, size = body.get("from", 0), body.get("size", 10)
        if set(body) - {"from", "size", "sort", "search_after"} or begin + size > 1_000:
            return Answer({"error": "unknown key, or a window that is too large"}, 400)
        begin = body.get("search_after", [begin])[0]
        hits = [{"_id": str(row["id"]), "sort": [row["id"]]} for row in rows[begin : begin + size]]
        total = {"value": 1_000, "relation": "gte"}
        return Answer({"took": 3, "hits": {"total": total, "hits": hits}})

    with JsonServer() as server:
        server.handler = answer
        found = headrace.discover(
            f"{server.base_url}/_search", method="POST", json={"sort": [{"id": "asc"}], "size": 100}
        )
        assert found.is_proven, found.text
        with headrace.read(found.config) as reader:
            assert sum(batch.num_rows for batch in reader) == len(rows)


def test_links_that_go_on_behind_the_last_row_end_where_no_more_is_told() -> None:
    rows = rows_of(53)

    with JsonServer() as server:

        def answer(asked: Asked) -> Answer:
            size = min(int(asked.query.get("page[size]", 11)), 100)
            end = int(asked.query.get("page[after]", 0)) + size
            following = f"{server.base_url}/tickets?page[after]={end}&page[size]={size}"
            meta = {"has_more": end < len(rows), "after_cursor": str(end)}
            page = rows[end - size : end]
            return Answer({"tickets": page, "meta": meta, "links": {"next": following}})

        server.handler = answer
        found = headrace.discover(f"{server.base_url}/tickets")
        with headrace.read(found.config) as reader:
            assert sum(batch.num_rows for batch in reader) == len(rows)


@pytest.mark.parametrize("empty", [range(1, 3), range(1, 11)])
@pytest.mark.parametrize("shown", ["token", "link"])
def test_empty_pages_that_name_others_are_no_end(shown: str, empty: range) -> None:
    # As where a server leaves rows out once it has cut its pages.
    largest, pages = 25, 14
    rows = rows_of(largest * pages)
    listed = [row["id"] for row in rows if (row["id"] - 1) // largest not in empty]

    def answer(asked: Asked) -> Answer:
        size = min(int(asked.query.get("limit", largest)), largest)
        begin = int(asked.query.get("next", 0))
        end = begin + size
        page = [row for row in rows[begin:end] if (row["id"] - 1) // largest not in empty]
        token = str(end) if end < len(rows) else ""
        link = f"/items?next={end}&limit={size}" if token else ""
        return Answer({"items": page, "next": token if shown == "token" else link})

    with JsonServer() as server:
        server.handler = answer
        found = headrace.discover(f"{server.base_url}/items")
        if found.is_proven:
            with headrace.read(found.config) as reader:
                came = [row["id"] for batch in reader for row in batch.to_pylist()]
            assert came == listed
        else:
            told = " ".join(each.text for each in found.evidence)
            assert "one page without rows after the other" in told


def test_a_number_that_bounds_all_of_the_listing_is_no_size() -> None:
    rows = rows_of(130)

    def answer(asked: Asked) -> Answer:
        end = min(int(asked.query.get("limit", 1_000)), len(rows))
        begin = int(asked.query.get("at", 0))
        following = f"/items?limit={end}&at={begin + SIZE}" if begin + SIZE < end else None
        return Answer({"items": rows[begin : min(begin + SIZE, end)], "next": following})

    with JsonServer() as server:
        server.handler = answer
        found = headrace.discover(f"{server.base_url}/items?limit=50")

    assert "does it bound all of the listing" in unknown_of(found)


def test_behind_an_id_that_several_rows_have_some_would_be_left_out() -> None:
    rows = [{"id": place // 4, "name": f"n{place}"} for place in range(130)]

    def answer(asked: Asked) -> Answer:
        behind = int(asked.query.get("since_id", -1))
        size = min(int(asked.query.get("limit", SIZE)), LARGEST)
        return Answer([row for row in rows if int(str(row["id"])) > behind][:size])

    unknown_of(discovered(answer))


@pytest.mark.parametrize("bound", [1_000, 10_000])
@pytest.mark.parametrize("number", ["page", "offset"])
def test_pages_that_end_without_a_word_at_a_round_number(number: str, bound: int) -> None:
    rows = rows_of(bound)

    def answer(asked: Asked) -> Answer:
        size = min(int(asked.query.get("limit", SIZE)), LARGEST)
        begin = int(asked.query.get("offset", 0))
        if number == "page":
            begin = (int(asked.query.get("page", 1)) - 1) * size
        return Answer(rows[begin : begin + size])

    assert "many servers list no more than that" in unknown_of(discovered(answer))


@pytest.mark.parametrize("shown", ["a link", "a list of links", "a word", "a total"])
def test_what_is_one_page_today_may_be_more_tomorrow(shown: str) -> None:
    rows = rows_of(15)

    def answer(asked: Asked) -> Answer:
        begin = (int(asked.query.get("page", 1)) - 1) * SIZE
        is_more = begin + SIZE < len(rows)
        link = f"/items?page={begin // SIZE + 2}" if is_more else None
        links = [{"rel": "self", "href": "/items"}, {"rel": "next", "href": link}][: 1 + is_more]
        told: dict[str, dict[str, Any]] = {
            "a link": {"next": link},
            "a list of links": {"links": links, "has_more": is_more},
            "a word": {"has_more": is_more},
            "a total": {"total": len(rows), "max": SIZE},
        }
        return Answer({"items": rows[begin : begin + SIZE], **told[shown]})

    with JsonServer() as server:
        server.handler = answer
        found = headrace.discover(f"{server.base_url}/items")
        if not found.is_proven:
            return
        for _ in range(2):
            try:
                with headrace.read(found.config) as reader:
                    came = [row["id"] for batch in reader for row in batch.to_pylist()]
            except HeadraceError:
                assert len(rows) > SIZE
            else:
                assert came == [row["id"] for row in rows]
            rows = rows_of(90)


def test_a_status_behind_a_full_page_may_be_a_bound() -> None:
    rows = rows_of(400)

    def answer(asked: Asked) -> Answer:
        page, number, size = page_of(asked, rows)
        if number * size > 300:
            return Answer({"message": "only the first 300 records"}, 400)
        return Answer(page)

    assert "is there a bound on what can be asked for?" in unknown_of(discovered(answer))


@pytest.mark.parametrize(
    ("count", "told"), [(1, "whether this one row is all"), (7, "whether these 7 rows are all")]
)
def test_a_list_that_says_nothing_of_its_length_is_not_known(count: int, told: str) -> None:
    assert told in unknown_of(discovered(lambda asked: Answer(rows_of(count))))


def test_what_an_answer_tells_of_others_is_said_where_none_was_found() -> None:
    rows = rows_of(SIZE)
    found = discovered(lambda asked: Answer({"items": rows, "total": 130, "took": 3}))

    assert "tells 130 (`total`), and no way to others was found" in unknown_of(found)
