"""A key that is found tells all rows apart; what merely happens to differ is not taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.discovery.keys import find_key

Row = dict[str, Any]


def paged(rows: Sequence[Row], size: int = 50) -> list[list[Row]]:
    return [list(rows[start : start + size]) for start in range(0, len(rows), size)]


def things(count: int, **fields: Any) -> list[Row]:
    """Rows with an id; fields that are given as functions get the number of the row."""
    return [
        {"id": 1_000 - number}
        | {name: make(number) if callable(make) else make for name, make in fields.items()}
        for number in range(count)
    ]


def reasons(pages: Sequence[Sequence[Row]], name: str = "") -> dict[str, str]:
    return dict(find_key(pages, name=name).ruled_out)


def test_an_id_that_differs_in_all_rows_is_the_key() -> None:
    pages = paged(things(150, title="x"))
    found = find_key(pages, again=pages[0])

    assert found.fields == ("id",)
    assert found.evidence == (
        "150 rows over 3 pages, 150 different values of `id`, none null; the same when asked again"
    )
    assert find_key(paged(things(25))).evidence == (
        "25 rows on one page, 25 different values of `id`, none null"
    )


def test_ids_that_are_unique_on_each_page_alone_are_no_key() -> None:
    rows = [{"id": number % 50 + 1, "total": number * 1.5} for number in range(150)]
    found = find_key(paged(rows))

    assert found.fields is None
    assert found.ruled_out == (
        ("id", "150 rows with 50 different values, unique on each page alone"),
    )


def test_an_id_that_comes_twice_with_another_content_is_no_key() -> None:
    rows = things(100, title=str)
    rows[99]["id"] = rows[3]["id"]
    assert reasons(paged(rows)) == {
        "id": "100 rows with 99 different values, unique on each page alone"
    }
    rows[98]["id"] = rows[99]["id"]
    assert reasons(paged(rows)) == {"id": "100 rows with 98 different values"}


def test_a_row_that_moved_on_to_the_next_page_is_no_contradiction() -> None:
    rows = things(100, title=str)
    found = find_key([rows[:50], rows[48:98], rows[98:]])

    assert found.fields == ("id",)
    assert found.evidence == (
        "100 rows over 3 pages, 100 different values of `id`, none null; 2 rows came on two pages"
    )


def test_pages_that_are_mostly_the_same_prove_nothing() -> None:
    rows = things(50, title=str)
    found = find_key([rows, rows])
    assert found.fields is None
    assert found.evidence == "50 of 100 rows had come on an earlier page"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (lambda number: None if number == 7 else number, "without a value in 1 of 60 rows"),
        (lambda number: "" if number < 2 else f"a{number}", "without a value in 2 of 60 rows"),
        (lambda number: number + 0.5, "its values are neither texts nor whole numbers"),
        (lambda number: {"n": number}, "its values are neither texts nor whole numbers"),
        (lambda number: number if number % 2 else f"{number}", "a number in 30 rows, else a text"),
        (lambda number: f"{number}" * 300, "its texts are too long for a key"),
    ],
)
def test_what_is_no_key(value: Any, why: str) -> None:
    assert reasons(paged([{"id": value(number)} for number in range(60)])) == {"id": why}


def test_an_id_that_only_some_rows_have_is_no_key() -> None:
    rows = [*things(59, total=lambda number: number), {"total": 3}]
    assert reasons([rows]) == {"id": "without a value in 1 of 60 rows"}


def test_two_fields_of_one_column_are_no_key() -> None:
    rows = [{"id": number, "Id": -number, "uuid": f"u{number}"} for number in range(30)]
    found = find_key([rows])
    assert found.fields == ("uuid",)
    assert found.ruled_out == (
        ("id", "it shares its column with `Id`"),
        ("Id", "it shares its column with `id`"),
    )


@pytest.mark.parametrize(
    ("row", "name", "key"),
    [
        ({"uuid": "u{}", "order_id": "{}"}, "", "uuid"),
        ({"customer_id": 7, "orderId": "{}"}, "orders", "orderId"),
        ({"companyNumber": "c{}"}, "companies", "companyNumber"),
        ({"user": 7, "dag_run_id": "{}"}, "dag_runs", "dag_run_id"),
        ({"run_id": "{}"}, "dagRuns", "run_id"),
        ({"userid": "{}"}, "users", "userid"),
        ({"_id": "{}", "key": "{}"}, "", "_id"),
        ({"ID": "{}", "_id": "{}"}, "", "ID"),
        ({"title": "About {}", "key": "K-{}"}, "", "key"),
        ({"name": "model-{}", "slug": "m-{}"}, "", "slug"),
        ({"name": "model-{}", "tags": []}, "", "name"),
        ({"sha": "{:040}", "author_id": "{}", "date": "2024-01-01"}, "commits", "sha"),
    ],
)
def test_names_of_keys_come_before_others(row: Row, name: str, key: str) -> None:
    rows = [
        {
            field: value.format(number * 7 % 31) if isinstance(value, str) else value
            for field, value in row.items()
        }
        for number in range(31)
    ]
    assert find_key([rows], name=name, is_whole=True).fields == (key,)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("name", "Person {}", "differs in each row, but is a text for people"),
        ("code", "2024-01-01T00:00:{:02}Z", "differs in each row, but is a time"),
        ("uuid", "https://api.example.com/{}", "differs in each row, but is a URL or a path"),
        ("customer_id", "c{}", "differs in each row, but has the name of another thing's id"),
        (
            "sku",
            "s{}",
            "differs in each row, but rows have a time, so it may name what they are about",
        ),
    ],
)
def test_what_differs_in_each_row_by_chance_is_offered_at_most(
    field: str, value: str, why: str
) -> None:
    rows = [
        {
            field: value.format(number * 7 % 31),
            "sold_at": f"2024-01-01T10:{number:02}:00Z",
            "amount": number * 1.5,
            "url": f"/things/{number}",
            "title": f"title {number}",
        }
        for number in range(31)
    ]
    found = find_key([rows], name="sales")
    assert found.fields is None
    assert found.offered == (field,)
    assert found.evidence == f"`{field}` {why}"


def test_nothing_with_the_name_of_a_key() -> None:
    rows = [{"at": f"2024-01-{number + 1:02}", "amount": number} for number in range(30)]
    found = find_key([rows])
    assert (found.fields, found.offered) == (None, ())
    assert found.evidence == (
        "30 rows on one page: no field with the name of a key differs in each"
    )


def test_a_number_that_counts_the_rows_as_listed_is_no_key() -> None:
    counted = [{"number": number + 1, "title": "x"} for number in range(30)]
    assert find_key([counted], is_whole=True).fields is None
    assert find_key([counted[::-1]], is_whole=True).fields == ("number",)


def test_an_id_of_another_thing_is_taken_where_the_listing_is_ordered_by_it() -> None:
    rows = [{"entry_id": f"{900 - number * 2}", "amount": 5} for number in range(60)]
    found = find_key(paged(rows), name="history", is_whole=True)
    assert found.fields == ("entry_id",)
    assert found.evidence.endswith("none null; listed in its order")
    assert find_key(paged(rows), name="history").fields is None


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_rows_prove_no_key(count: int) -> None:
    found = find_key([things(count)])
    assert found.fields is None
    assert found.offered == ("id",) * count
    assert found.evidence == ("no rows, so no key shows", "1 row alone proves no key")[count]


def test_a_few_rows_are_enough_for_an_id_and_not_for_a_name() -> None:
    assert find_key([things(2)]).fields == ("id",)
    found = find_key([[{"name": "a"}, {"name": "b"}]])
    assert found.fields is None
    assert found.offered == ("name",)
    assert found.evidence == "`name` differs in each of 2 rows, too few to tell"


def test_an_id_of_the_answer_and_not_of_the_row_is_no_key() -> None:
    def answer(request: int) -> list[Row]:
        return [
            {"id": f"{request}-{number}", "key": f"k{number}", "asked": request}
            for number in range(30)
        ]

    found = find_key([answer(1)], again=answer(2), is_whole=True)
    assert found.fields == ("key",)
    assert found.ruled_out == (
        ("id", "none of its 30 values came again when page one was asked for again"),
    )
    assert found.evidence.endswith("; the same when asked again")


def test_an_id_of_the_place_in_the_listing_shows_when_rows_have_moved() -> None:
    def answer(newest: int) -> list[Row]:
        return [{"id": place, "title": f"t{newest - place}"} for place in range(30)]

    found = find_key([answer(100)], again=answer(101))
    assert found.ruled_out == (
        ("id", "another value in 29 rows when page one was asked for again"),
    )


def test_an_id_stays_where_rows_have_come_and_changed() -> None:
    before = things(30, title=str, state="open")
    after = [{"id": 1_001, "title": "new", "state": "open"}, *before[:-1]]
    after[4] = after[4] | {"state": "done"}
    assert find_key([before], again=after).evidence.endswith("; the same when asked again")


def test_two_fields_are_the_key_together() -> None:
    rows = [
        {"order_id": order, "line": line, "amount": 5.0}
        for order in range(50)
        for line in (1, 2, 3)
    ]
    found = find_key(paged(rows), again=paged(rows)[0], name="order-lines")
    assert found.fields == ("order_id", "line")
    assert found.evidence == (
        "150 rows over 3 pages, 150 different values of `order_id` and `line` together, none null; "
        "the same when asked again"
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (
            [{"key": f"k{number}", "lang": "de"} for number in range(60)],
            "`key` differs in each row seen, but may come again further on",
        ),
        (
            [{"sku": f"s{n // 4}", "store_id": n % 4, "day": "2024-01-01"} for n in range(100)],
            "`store_id` and `sku` differ together, but may do so for each time anew",
        ),
        (
            [{"sku": f"s{n // 4}", "store_id": n % 4, "tenant_id": 1} for n in range(100)],
            "`store_id` and `sku` differ together, but `tenant_id` is the same in all rows seen",
        ),
    ],
)
def test_what_may_come_again_further_on_is_a_key_of_a_whole_listing_alone(
    rows: list[Row], why: str
) -> None:
    found = find_key(paged(rows))
    assert (found.fields, found.evidence) == (None, why)
    assert find_key(paged(rows), is_whole=True).fields == found.offered


def test_ids_of_the_versions_of_things_may_come_again() -> None:
    rows = things(30, version=3)
    assert find_key([rows], name="item_revisions").offered == ("id",)
    assert find_key([rows], name="items").fields == ("id",)


def test_an_own_id_of_words_may_be_one_within_what_is_above_it() -> None:
    rows = [{"dag_id": "sales", "dag_run_id": f"manual__{number}"} for number in range(30)]
    assert find_key([rows], name="dag_runs").fields == ("dag_id", "dag_run_id")
    numbered = [{"order_id": 7, "order_line_id": number} for number in range(30)]
    assert find_key([numbered], name="order_lines").fields == ("order_line_id",)


def test_two_fields_that_differ_together_by_chance_are_no_key() -> None:
    rows = [
        {"id": number % 75 * 3 % 75, "customer_id": number * 31 % 97, "total": 1.0}
        for number in range(150)
    ]
    assert find_key(paged(rows)).fields is None


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(0, 5), st.floats(0, 1), st.text("ab", max_size=2)
)
ROWS = st.dictionaries(
    st.sampled_from(["id", "uuid", "order_id", "line", "name", "version", "at"]), SCALARS
)


@given(st.lists(st.lists(ROWS, max_size=8), max_size=4), st.sampled_from(["", "orders"]))
def test_a_found_key_has_one_kind_of_value_in_each_row_and_differs(
    pages: list[list[Row]], name: str
) -> None:
    found = find_key(pages, again=pages[0] if pages else None, name=name)

    rows = [row for page in pages for row in page]
    assert found.evidence
    assert not {field for field, _ in found.ruled_out} & set(found.fields or ())
    if found.fields is None:
        return
    by_key: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[field] for field in found.fields)
        assert all(type(value) in (int, str) and value != "" for value in key)
        # The very same row may have come on two pages.
        assert by_key.setdefault(key, row) == row
    for field in found.fields:
        assert len({type(row[field]) for row in rows}) == 1


@given(
    st.integers(2, 200),
    st.integers(1, 60),
    st.integers(0, 10),
    st.booleans(),
    st.sampled_from(["id", "orderId", "uuid"]),
)
def test_a_true_key_is_found_however_pages_are_cut(
    count: int, size: int, overlap: int, descends: bool, field: str
) -> None:
    rows: list[Row] = [
        {"state": number % 3, field: number * 3, "title": f"{number}"} for number in range(count)
    ]
    if descends:
        rows.reverse()
    pages = paged(rows, size)
    cut = [
        [*(pages[place - 1][-overlap:] if overlap * 3 < size and place else []), *page]
        for place, page in enumerate(pages)
    ]
    assert find_key(cut, again=cut[0], name="orders").fields == (field,)
