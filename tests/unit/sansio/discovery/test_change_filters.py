"""A filter is taken only where it leaves out what has not changed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.discovery.change_filters import (
    FilterFinding,
    FilterTry,
    combined,
    filter_tries,
    judge_filter,
    search_filter,
)

Row = dict[str, Any]
Listing = Callable[[dict[str, Any]], list[Row]]


def at(minute: int) -> str:
    return f"2024-01-01T{minute // 60:02}:{minute % 60:02}:00Z"


def things(count: int = 30) -> list[Row]:
    """Newest first; each third row has changed long after it was made."""
    return [
        {
            "id": number,
            "created_at": at(number),
            "updated_at": at(number if number % 3 else number + 200),
        }
        for number in range(count, 0, -1)
    ]


def judged(rows: list[Row], answer: list[Row], value: str, **kept: Any) -> FilterFinding:
    return judge_filter(rows, answer, "updated_at", value, key=["id"], **kept)


def since(rows: list[Row], value: str, field: str = "updated_at") -> list[Row]:
    return [row for row in rows if row[field] >= value]


def asked_value(rows: list[Row]) -> str:
    value: str = filter_tries(rows, "updated_at")[0].value
    return value


def test_names_of_filters() -> None:
    names = {each.param for each in filter_tries(things(), "updated_at")}
    assert names >= {
        *("updated_since", "updated_after", "modified_since", "since", "updated_at[gte]"),
        *("updated_at__gte", "updated_at_gte", "filter[updated_at][gte]", "updatedAfter"),
        *(
            "modifiedSince",
            "min_updated_at",
            "_since",
            "updated_at_min",
            "filters[updated_at][$gte]",
        ),
    }
    names = {
        each.param
        for each in filter_tries([{"u": {"updatedOn": at(n)}} for n in (1, 2)], "u.updatedOn")
    }
    assert names >= {"updatedSince", "updatedOn_gte", "u.updatedOn_gte"}
    last = [{"last_modified": 1_700_000_000_000 + number} for number in range(9)]
    assert FilterTry("min_last_modified", 1_700_000_000_004) in filter_tries(last, "last_modified")


def test_the_value_leaves_some_rows_out_and_keeps_others() -> None:
    rows = things()
    value = asked_value(rows)
    assert 0 < len(since(rows, value)) < len(rows)
    assert any(row["created_at"] < value < row["updated_at"] for row in rows)
    assert filter_tries([{"updated_at": at(1)}] * 3, "updated_at") == []
    assert filter_tries([{"updated_at": at(1)}, {"updated_at": 5}], "updated_at") == []


def test_a_right_filter_works() -> None:
    rows = things()
    value = asked_value(rows)
    found = judged(rows, since(rows, value), value)
    gone = len(rows) - len(since(rows, value))
    assert (found.works, found.is_inclusive) == (True, True)
    assert found.evidence == (
        f"{30 - gone} rows, none that changed before; {gone} rows of before are gone, "
        "rows of that very time came"
    )
    behind = [row for row in rows if row["updated_at"] > value]
    exclusive = judged(rows, behind, value)
    assert (exclusive.works, exclusive.is_inclusive) == (True, False)
    assert exclusive.evidence.endswith(", rows of that very time did not come")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda rows, value: rows, "the same rows came as without it"),
        (lambda rows, value: [], "no rows came"),
        (lambda rows, value: rows[1:], " that changed before came"),
        (lambda rows, value: since(rows, value)[1:], "1 row that changed later did not come"),
        (
            lambda rows, value: [row for row in rows if row["updated_at"] == value],
            " that changed later did not come",
        ),
        (
            lambda rows, value: since(rows, value, "created_at"),
            " that changed later did not come",
        ),
        (
            lambda rows, value: [*since(rows, value), {"id": 99}],
            "1 row came without a time in `updated_at`",
        ),
    ],
)
def test_what_is_no_filter_of_changes(
    answer: Callable[[list[Row], str], list[Row]], why: str
) -> None:
    rows = things()
    value = asked_value(rows)
    found = judged(rows, answer(rows, value), value)
    assert not found.works
    assert found.evidence.endswith(why)


def test_a_filter_that_may_be_one_by_the_time_of_making_is_not_taken() -> None:
    rows = [
        {"id": number, "created_at": at(number), "updated_at": at(number)} for number in range(9)
    ]
    value = at(4)
    answer = since(rows, value)
    assert judged(rows, answer, value, params=["updated_since"]).works
    found = judged(rows, answer, value, params=["since"])
    assert not found.works
    assert found.evidence == (
        "it may filter by when rows were made: no known row tells the two apart"
    )


def test_rows_behind_the_end_of_a_page_do_not_tell_changing_from_making() -> None:
    rows = sorted(things(), key=lambda row: row["updated_at"])
    value = asked_value(rows)
    by_making = [row for row in rows if row["created_at"] >= value]
    assert len(by_making) > 3
    answer = by_making[:3]
    assert all(row["updated_at"] == row["created_at"] for row in answer[:2])
    found = judged(rows, answer[:2], value, is_cut=True, params=["since"])
    assert not found.works


def test_rows_behind_the_end_of_a_page_may_be_missing() -> None:
    rows = things()
    value = asked_value(rows)
    named = ["updated_since"]
    right = sorted(since(rows, value), key=lambda row: row["updated_at"])
    assert judged(rows, right[:5], value, is_cut=True, params=named).works
    assert not judged(rows, right[:5], value, params=named).works
    assert judged(rows, right[::-1][:5], value, is_cut=True, params=named).works
    assert not judged(rows, [right[5], right[0], right[4]], value, is_cut=True, params=named).works


def test_rows_that_changed_meanwhile_are_the_same_rows() -> None:
    rows = things()
    value = asked_value(rows)
    answer = since(rows, value)
    answer[0] = answer[0] | {"updated_at": at(900)}
    assert judged(rows, [*answer, {"id": 99, "updated_at": at(901)}], value).works


def searched(rows: list[Row], listing: Listing, *, refuses: str = "") -> tuple[str | None, int]:
    """The parameter that the search finds, and how many requests it took."""
    search = search_filter(filter_tries(rows, "updated_at"))
    requests = 0
    try:
        group: Sequence[FilterTry] = next(search)
        while True:
            requests += 1
            params = combined(group)
            answer = rows if refuses in params else listing(params)
            names = list(params)
            group = search.send(judged(rows, answer, group[0].value, params=names))
    except StopIteration as stopped:
        return (stopped.value and stopped.value[0].param), requests


@given(st.data())
def test_the_search_finds_the_one_filter_among_many(data: st.DataObject) -> None:
    rows = things()
    tries = filter_tries(rows, "updated_at")
    right = data.draw(st.sampled_from([each.param for each in tries]))
    found, requests = searched(
        rows, lambda params: since(rows, params[right]) if right in params else rows
    )
    assert found == right
    assert requests <= 8


@given(st.data())
def test_a_parameter_that_spoils_the_answer_hides_no_other_one(data: st.DataObject) -> None:
    rows = things()
    names = [each.param for each in filter_tries(rows, "updated_at")]
    right, wrong = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))

    def listing(params: dict[str, Any]) -> list[Row]:
        if wrong in params and wrong != right:
            return []
        return since(rows, params[right]) if right in params else rows

    found, requests = searched(rows, listing)
    assert found == right
    assert requests <= 18


def test_without_a_filter_one_request_tells() -> None:
    rows = things()
    assert searched(rows, lambda params: rows) == (None, 1)
    assert searched(rows[:1], lambda params: rows) == (None, 0)


TIMES = st.integers(0, 12).map(at)


@given(
    st.lists(st.fixed_dictionaries({"updated_at": TIMES, "created_at": TIMES}), max_size=12),
    st.lists(st.integers(0, 11), max_size=12),
    TIMES,
    st.booleans(),
)
def test_a_filter_that_works_has_left_out_the_old_and_kept_the_new(
    made: list[Row], kept: list[int], value: str, is_cut: bool
) -> None:
    rows = [row | {"id": number} for number, row in enumerate(made)]
    answer = [rows[place] for place in kept if place < len(rows)]
    found = judged(rows, answer, value, is_cut=is_cut)
    if found.works:
        assert all(row["updated_at"] >= value for row in answer)
        assert any(row["updated_at"] < value for row in rows)
        newer = [row for row in rows if row["updated_at"] > value]
        assert is_cut or all(row in answer for row in newer)
        if found.is_inclusive is False:
            assert not any(row["updated_at"] == value for row in answer)
