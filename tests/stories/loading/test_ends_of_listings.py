"""Where listings end: at pages without rows, at their own cursor, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories.loading.small_listings import (
    by_offset,
    config,
    ids,
    refused,
    rows,
    run,
)
from tests.support.servers import Answer, Asked, JsonServer

# --- ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gap",
    [Answer({}), Answer({"page": {"next": "b"}}), Answer({"data": None, "page": {"next": "b"}})],
)
def test_a_page_without_its_list_is_empty_at_the_end_and_in_the_middle(
    server: JsonServer, gap: Answer
) -> None:
    pages = {
        "": Answer({"data": rows([1]), "page": {"next": "a"}}),
        "a": gap,
        "b": Answer({"data": rows([2]), "page": {}}),
    }
    server.handler = lambda asked: pages[asked.query.get("cursor", "")]
    document = config(server, {"type": "cursor", "cursor_path": "page.next"}, data_selector="data")
    assert ids(document) == ([1, 2] if gap.body else [1])


@pytest.mark.parametrize(
    "body",
    [
        {"error": "quota exceeded"},
        {"errors": [{"message": "no"}], "data": None},
        {"success": False, "page": {}},
        {"status": 503},
        {"message": "rate limited"},
        {"others": rows([3])},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_error_in_the_guise_of_a_page_ends_no_listing(
    server: JsonServer, body: Any, first: bool
) -> None:
    begin = Answer({"data": rows([1]), "next": "a"})
    server.handler = lambda asked: Answer(body) if first or "cursor" in asked.query else begin
    paginator = {"type": "cursor", "cursor_path": "next"}
    assert "`data_selector` is `data`" in refused(config(server, paginator, data_selector="data"))


@pytest.mark.parametrize(
    "paginator",
    [
        {"type": "offset", "limit": 1, "total_path": "total", "has_more_path": "more"},
        {"type": "page_number", "total_path": "total", "has_more_path": "more"},
        {"type": "cursor", "cursor_path": "total", "cursor_param": "page", "has_more_path": "more"},
        {"type": "json_link"},
        "auto",
    ],
    ids=str,
)
def test_no_content_is_a_page_without_rows(server: JsonServer, paginator: Any) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.query:
            return Answer(status=204, raw=b"")
        # A link names the next page; the others count on.
        return Answer({"data": rows([1]), "total": 9, "more": True, "next": "/items?x=2"})

    server.handler = lambda asked: Answer(status=204, raw=b"")
    assert ids(config(server, paginator, data_selector="data")) == []
    server.handler = answer
    told = refused(config(server, "json_link", data_selector="data"))
    assert "ended with 1 rows, but the API tells 9" in told


def test_page_numbers_whose_end_is_told_by_404(server: JsonServer) -> None:
    told: dict[str, Any] = {"count": 5}

    def answer(asked: Asked) -> Answer:
        first = 2 * (int(asked.query["page"]) - 1)
        if first >= 5:
            return Answer({"detail": "Invalid page."}, status=404)
        return Answer({"results": rows(range(5)[first : first + 2]), **told})

    server.handler = answer
    paginator = {"type": "page_number", "base_page": 1, "total_path": None}
    assert ids(config(server, paginator)) == list(range(5))
    told.clear()
    said = refused(config(server, paginator))
    assert "It is the answer to page 4" in said
    assert "`response_actions: [{status_code: 404, action: ignore}]`" in said
    ignoring = [{"status_code": 404, "action": "ignore"}]
    assert ids(config(server, paginator, response_actions=ignoring)) == list(range(5))
    told["count"] = 6
    assert "It is the answer to page 4" in refused(config(server, paginator))


@pytest.mark.parametrize("last", [1, 2])
@pytest.mark.parametrize("keeps_up", [False, True])
def test_a_last_page_that_names_its_own_cursor_is_the_end_and_told_if_it_is_full(
    server: JsonServer, last: int, keeps_up: bool
) -> None:
    count = 4 + last

    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("cursor", 0))
        found = [{"id": count - each} for each in range(count)][at : at + 2]
        return Answer({"data": found, "next": str(at + 2 if at + 2 < count else at)})

    server.handler = answer
    document = config(server, {"type": "cursor", "cursor_path": "next"})
    if keeps_up:
        document["resources"][0]["endpoint"]["incremental"] = {
            "cursor_path": "id",
            "row_order": "desc",
            "settled_when": "True",
        }
    ran = run(document, server)
    if keeps_up and last == 2:
        # An exact mirror takes no page for the last that may not be it.
        assert ran.returncode == 1
        assert "a page names the cursor that it was asked for with" in ran.text
        return
    assert ran.returncode == 0, ran.text
    assert f"Loaded {count} rows" in ran.text
    assert ("is taken for the end" in ran.text) == (last == 2)


OTHER_PLACES: list[tuple[Any, dict[str, Any], dict[str, str], str]] = [
    (
        {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "after"},
        {"meta": {"next_cursor": "10", "has_more": True}},
        {},
        "cursor_path: meta.next_cursor",
    ),
    (
        {"type": "json_link", "next_url_path": "paging.next"},
        {"links": {"next": "/items?o=2"}},
        {},
        "next_url_path: links.next",
    ),
    ("header_link", {"next": "/items?o=2"}, {}, "next_url_path: next"),
    (
        {"type": "header_cursor", "cursor_key": "Next"},
        {},
        {"X-Next-Cursor": "x"},
        "cursor_key: X-Next-Cursor",
    ),
    (
        {"type": "cursor", "cursor_path": "pageInfo.end_cursor"},
        {"pageInfo": {"endCursor": "x", "hasNextPage": True}},
        {},
        "it says that there is more",
    ),
]


@pytest.mark.parametrize(
    ("paginator", "rest", "headers", "seen"), OTHER_PLACES, ids=[each[3] for each in OTHER_PLACES]
)
def test_a_paginator_that_looks_in_the_wrong_place_is_told_the_right_one(
    server: JsonServer, paginator: Any, rest: dict[str, Any], headers: dict[str, str], seen: str
) -> None:
    server.handler = lambda asked: Answer({"data": rows([1, 2]), **rest}, headers=headers)
    told = refused(config(server, paginator, data_selector="data"))
    assert "page 1 has nothing where `paginator` looks for the next one" in told
    assert seen in told


@pytest.mark.parametrize(
    ("paginator", "rest"),
    [
        ({"type": "cursor", "cursor_path": "next"}, {"next": None, "links": {"next": "/2"}}),
        ({"type": "cursor", "cursor_path": "next"}, {"paging": {"cursors": {"after": "x"}}}),
        ({"type": "json_link"}, {"meta": {"has_more": False, "next_cursor": "x"}}),
        ({"type": "json_link", "stop_condition": "rows < 9"}, {"links": {"next": "/2"}}),
    ],
    ids=str,
)
def test_a_paginator_that_finds_the_end_where_it_looks_is_believed(
    server: JsonServer, paginator: Any, rest: dict[str, Any]
) -> None:
    server.answers({"data": rows([1, 2]), **rest})
    assert ids(config(server, paginator, data_selector="data")) == [1, 2]


def test_an_empty_page_that_says_that_there_is_more_is_an_error(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        return Answer({"items": rows(range(4)[offset : offset + 2]), "more": True})

    server.handler = answer
    paginator = {"type": "offset", "limit": 2, "total_path": None, "has_more_path": "more"}
    told = refused(config(server, paginator))
    assert "page 3 brought no rows, but says that there is more (`more`)" in told


def test_rows_that_are_deleted_while_a_listing_is_read_by_offset_are_told(
    server: JsonServer,
) -> None:
    left = list(range(10))

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        found = Answer({"items": rows(left[offset : offset + 4]), "total": len(left)})
        if offset == 0:
            del left[1]
        return found

    server.handler = answer
    ran = run(config(server, {"type": "offset", "limit": 4}), server)
    assert ran.returncode == 0
    assert "the API told 10 rows, and 9 at the end: where rows are deleted" in ran.text


@pytest.mark.parametrize("tells", [True, False])
def test_an_api_that_always_names_a_next_page_ends_where_all_rows_came(
    server: JsonServer, tells: bool
) -> None:
    def answer(asked: Asked) -> Answer:
        offset = int(asked.query.get("offset", 0))
        body = {"records": rows(range(5)[offset : offset + 2])}
        total = {"total": 5} if tells else {}
        return Answer({"result": {**body, **total, "next": f"/items?offset={offset + 2}"}})

    server.handler = answer
    paginator = {"type": "json_link", "next_url_path": "result.next", "max_pages": 20}
    document = config(server, paginator, data_selector="result.records")
    if not tells:
        assert "more than 20 pages" in refused(document)
        return
    ran = run(document, server)
    assert ran.returncode == 0, ran.text
    assert "though all 5 rows came that the API tells" in ran.text
    assert len(server.asked) == 5


@pytest.mark.parametrize("total_path", ["total", None])
@pytest.mark.parametrize(
    ("selector", "wanted"),
    [
        ("issues[?(@.on==true)]", [0, 1, 2, 3, 12, 13, 14]),
        ("issues[*].lines[*]", [10 * issue + line for issue in range(15) for line in range(3)]),
    ],
    ids=["picked", "taken out"],
)
def test_an_offset_counts_items_where_rows_are_picked_or_taken_out_of_them(
    server: JsonServer, selector: str, wanted: list[int], total_path: str | None
) -> None:
    """Of the second page no item is wanted; each item has three lines."""
    issues = [
        {"id": at, "on": at < 4 or at > 11, "lines": rows([10 * at, 10 * at + 1, 10 * at + 2])}
        for at in range(15)
    ]

    def answer(asked: Asked) -> Answer:
        offset, limit = int(asked.query["offset"]), min(int(asked.query["limit"]), 4)
        return Answer({"issues": issues[offset : offset + limit], "total": len(issues)})

    server.handler = answer
    paginator = {"type": "offset", "limit": 10, "total_path": total_path}
    assert ids(config(server, paginator, data_selector=selector)) == wanted


def test_a_wrong_selector_is_an_error_though_a_cursor_says_that_there_is_more(
    server: JsonServer,
) -> None:
    server.handler = lambda asked: Answer({"data": rows([1]), "next": "a"})
    document = config(server, {"type": "cursor", "cursor_path": "next"}, data_selector="items")
    assert "`data_selector` is `items`, but the answer has no `items`" in refused(document)


def test_a_stop_condition_ends_a_listing_by_link(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("at", 0))
        return Answer({"data": rows([at]), "done": at == 2, "next": f"/items?at={at + 1}"})

    server.handler = answer
    paginator = {"type": "json_link", "stop_condition": "response['done']"}
    assert ids(config(server, paginator)) == [0, 1, 2]


def test_an_end_of_the_users_own_is_told_and_no_error(server: JsonServer) -> None:
    server.handler = by_offset(50, total=50)
    for paginator in (
        {"type": "offset", "limit": 10, "maximum_offset": 20},
        {"type": "offset", "limit": 10, "stop_condition": "page >= 2"},
    ):
        document = {**config(server, paginator), "pipeline": {"name": "bounded"}}
        ran = run(document, server)
        assert ran.returncode == 0, ran.text
        told = "ended with 20 rows, but the API tells 50 (`total`): the config ends it there"
        assert told in ran.text
        status = run(document, server, "status")
        assert f"the last run told: `items`: the listing {told}" in status.text
