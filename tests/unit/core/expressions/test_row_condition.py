"""One expression over many rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.expression import Expression
from headrace.core.expressions.row_condition import RowCondition

EXPRESSIONS = [
    "status in ('success', 'error') if status is not None else stoppedAt is not None",
    "a == b or not c",
    "a and b and c",
    "len(str(a)) > 3",
    "True",
]
VALUES = st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["success", "", "x", 1.0])
ROWS = st.dictionaries(st.sampled_from(["status", "stoppedAt", "a", "b", "c"]), VALUES)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(rows=st.lists(ROWS, max_size=30))
def test_what_is_remembered_is_what_the_expression_says(
    expression: str, rows: list[dict[str, Any]]
) -> None:
    condition = RowCondition(Expression(expression))
    for row in rows:
        assert condition.holds_for(row) is bool(Expression(expression).evaluate(row))


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(pages=st.lists(st.lists(ROWS, max_size=9), max_size=4))
def test_many_rows_come_out_as_one_by_one(
    expression: str, pages: list[list[dict[str, Any]]]
) -> None:
    names = Expression(expression).used_names
    condition = RowCondition(Expression(expression))
    for rows in pages:
        columns = {name: [row.get(name) for row in rows] for name in names}
        assert list(condition.holds_for_each(columns, len(rows))) == [
            bool(Expression(expression).evaluate(row)) for row in rows
        ]


def test_a_list_in_the_field_that_is_looked_at_first_is_no_reason_to_fail() -> None:
    condition = RowCondition(Expression("a == 'x'"))

    assert [*condition.holds_for_each({"a": ["x", "y"]}, 2)] == [True, False]
    assert [*condition.holds_for_each({"a": ["x", ["x"]]}, 2)] == [True, False]


def test_rows_that_are_alike_in_what_counts_are_worked_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_out = []
    evaluate = Expression.evaluate

    def counted(self: Expression, *arguments: Any) -> Any:
        worked_out.append(self)
        return evaluate(self, *arguments)

    monkeypatch.setattr(Expression, "evaluate", counted)
    condition = RowCondition(Expression("status == 'done' or stoppedAt is not None"))

    assert [condition.holds_for({"status": "done", "stoppedAt": n}) for n in range(9)] == [True] * 9
    assert len(worked_out) == 1


def test_true_is_not_taken_for_one() -> None:
    condition = RowCondition(Expression("str(a) == '1'"))

    assert [condition.holds_for({"a": value}) for value in (1, True, 1.0, "1")] == [
        *(True, False, False, True)
    ]


def test_lists_are_looked_at_each_time() -> None:
    condition = RowCondition(Expression("len(tags) > 1"))

    assert [condition.holds_for({"tags": tags}) for tags in ([1], [1, 2], [3])] == [
        False,
        True,
        False,
    ]


def test_a_row_that_the_expression_fails_on() -> None:
    with pytest.raises(ExpressionError, match="tags"):
        RowCondition(Expression("len(tags) > 1")).holds_for({"tags": None})
