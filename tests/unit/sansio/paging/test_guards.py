"""What holds for each paginator: no listing without an end, and none that ends too early."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.core.exceptions import PageError
from headrace.core.expressions.expression import STOP_CONDITION_NAMES, Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.paging import (
    BoundedPaginator,
    CursorPaginator,
    CursorSettings,
    JsonLinkPaginator,
    Numbering,
    OffsetPaginator,
    Page,
    Place,
    RowKeys,
    SinglePagePaginator,
)
from headrace.sansio.paging.guards import MOST_EMPTY_PAGES
from tests.unit.sansio.paging.pages import FIRST, URL, followed, page


def by_cursor(max_pages: int | None = None) -> BoundedPaginator:
    return BoundedPaginator(CursorPaginator(CursorSettings(JsonPath("next"))), max_pages)


def pages(rows: int) -> Iterator[Page]:
    for number in range(1, 1_000_000):
        yield page({"next": f"c{number}"}, rows, number)


def test_as_many_pages_as_max_pages_are_read_and_no_more() -> None:
    paginator = by_cursor(max_pages=2)
    first, second = page({"next": "a"}, number=1), page({"next": "b"}, number=2)
    followed(paginator, first)
    with pytest.raises(PageError, match="more than 2 pages"):
        paginator.next_request(FIRST, second)


def test_a_listing_of_exactly_max_pages_ends_well() -> None:
    paginator = by_cursor(max_pages=2)
    assert paginator.next_cursor(page({"next": "a"}, number=1)) == "a"
    assert paginator.next_cursor(page({"next": None}, number=2)) is None


def test_max_pages_holds_for_what_counts_by_itself() -> None:
    inner = OffsetPaginator(Numbering(Place("offset"), step=10), Place("limit"))
    paginator = BoundedPaginator(inner, 1)
    assert paginator.first_request(FIRST).params["limit"] == 10
    with pytest.raises(PageError, match="more than 1 pages"):
        paginator.next_request(FIRST, page())


def test_empty_pages_in_a_row_are_followed_so_far_and_no_further() -> None:
    paginator = by_cursor()
    empty = pages(rows=0)
    for _ in range(MOST_EMPTY_PAGES - 1):
        followed(paginator, next(empty))
    with pytest.raises(PageError, match="1,000 pages in a row, up to page 1,000"):
        paginator.next_cursor(next(empty))


def test_a_row_on_the_way_begins_the_count_anew() -> None:
    paginator = by_cursor()
    empty, full = pages(rows=0), page({"next": "full"}, rows=1)
    for _ in range(MOST_EMPTY_PAGES - 1):
        followed(paginator, next(empty))
    followed(paginator, full)
    for _ in range(MOST_EMPTY_PAGES - 1):
        followed(paginator, next(empty))


def test_the_end_is_the_end_however_many_pages_were_empty() -> None:
    paginator = by_cursor()
    empty = pages(rows=0)
    for _ in range(MOST_EMPTY_PAGES - 1):
        followed(paginator, next(empty))
    assert paginator.next_request(FIRST, page({}, rows=0, number=MOST_EMPTY_PAGES)) is None


def test_a_single_page_may_be_empty() -> None:
    assert BoundedPaginator(SinglePagePaginator(), 1).next_request(FIRST, page(rows=0)) is None


def following(paginator: CursorPaginator, rows: list[int], cursor: str, number: int) -> bool:
    """Whether the listing goes on behind a page with these rows and this cursor."""
    document = {"next": cursor}
    answer = page(document, [{"id": row} for row in rows], number)
    return paginator.next_request(FIRST, answer) is not None


def by_key(keys: bool = True) -> CursorPaginator:
    paginator = CursorPaginator(
        CursorSettings(JsonPath("next"), Place("cursor")), RowKeys(["id"]) if keys else None
    )
    paginator.first_request(FIRST)
    return paginator


@pytest.mark.parametrize("keys", [True, False])
def test_a_last_page_that_names_its_own_cursor_ends_the_listing(keys: bool) -> None:
    empty, full = by_key(keys), by_key(keys)
    assert following(empty, [1, 2], "a", 1)
    assert not following(empty, [], "a", 2)
    assert following(full, [1, 2], "a", 1)
    assert following(full, [3], "a", 2)
    assert not following(full, [3], "a", 3)
    assert (empty.listed_before, full.listed_before) == (0, 1)


def test_a_cursor_that_stays_the_same_is_followed_while_new_rows_come() -> None:
    scroll = by_key()
    for number in range(1, 6):
        assert following(scroll, [2 * number, 2 * number + 1], "scroll", number)
    assert not following(scroll, [], "scroll", 6)
    # Nothing tells new rows from old ones that have changed.
    unknown = by_key(keys=False)
    assert following(unknown, [1], "scroll", 1)
    assert following(unknown, [2], "scroll", 2)
    with pytest.raises(PageError, match="followed before"):
        following(unknown, [3], "scroll", 3)


def test_the_rows_of_another_cursor_again_are_a_parameter_that_the_server_does_not_know() -> None:
    paginator = by_key()
    assert following(paginator, [1, 2], "a", 1)
    with pytest.raises(PageError, match="does not know the parameter `cursor`"):
        following(paginator, [1, 2], "a", 2)


def test_a_first_page_may_name_the_cursor_of_the_config() -> None:
    paginator = CursorPaginator(CursorSettings(JsonPath("next"), Place("cursorMark")))
    paginator.first_request(FIRST.with_param("cursorMark", "*"))
    assert following(paginator, [1], "*", 1)
    assert not following(paginator, [1], "*", 2)


def test_a_page_that_links_to_itself_ends_the_listing_and_no_other_may_be_the_same() -> None:
    own, other = JsonLinkPaginator(JsonPath("next")), JsonLinkPaginator(JsonPath("next"))
    link = f"{URL}?status=done"
    own.first_request(FIRST)
    assert own.next_request(FIRST, page({"next": link}, ["a"])) is not None
    assert own.next_request(FIRST, page({"next": link}, ["a"], 2)) is None
    other.first_request(FIRST)
    assert other.next_request(FIRST, page({"next": f"{link}&page=2"}, ["a"])) is not None
    with pytest.raises(PageError, match="followed before"):
        other.next_request(FIRST, page({"next": f"{link}&page=2"}, ["a"], 2))


def test_a_stop_condition_ends_a_listing_of_any_kind_before_its_cursor_is_looked_at() -> None:
    stop = Expression("rows < 2", STOP_CONDITION_NAMES)
    for inner in (
        OffsetPaginator(Numbering(Place("offset"), step=10), Place("limit")),
        JsonLinkPaginator(JsonPath("next")),
        by_key(),
    ):
        paginator = BoundedPaginator(inner, stop_condition=stop)
        assert paginator.next_request(FIRST, page({"next": "/2"}, 2)) is not None
        assert paginator.next_request(FIRST, page({"next": 7}, 1, 2)) is None
        assert not paginator.stopped_by_user


def test_a_stop_condition_that_says_what_the_page_says_leaves_nothing_off() -> None:
    stop = Expression("not response.get('next', {})", STOP_CONDITION_NAMES)
    short = Expression("rows < 2", STOP_CONDITION_NAMES)
    of_page = Expression("page == 1", STOP_CONDITION_NAMES)
    for inner in (by_key, lambda: JsonLinkPaginator(JsonPath("next"))):
        for condition, last, left_off in (
            (stop, {"next": None}, False),
            (stop, {"next": ""}, False),
            (stop, {}, True),
            (short, {"next": None}, False),
            (short, {"next": "/2"}, True),
            (of_page, {"next": None}, True),
        ):
            paginator = BoundedPaginator(inner(), stop_condition=condition)
            assert paginator.next_request(FIRST, page(last, 1)) is None
            assert paginator.stopped_early is left_off, (condition, last)


def test_a_stop_condition_on_the_number_of_the_page_is_the_users_own_end() -> None:
    stop = Expression("page >= 2", STOP_CONDITION_NAMES)
    paginator = BoundedPaginator(by_key(), stop_condition=stop)
    assert paginator.next_request(FIRST, page({"next": "a"}, 2)) is not None
    assert paginator.next_request(FIRST, page({"next": "b"}, 2, 2)) is None
    assert paginator.stopped_by_user
