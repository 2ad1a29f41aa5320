"""A condition on rows, worked out quickly for many rows that are alike where it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from itertools import pairwise
from typing import Any

from headrace.core.expressions.expression import Expression
from headrace.core.quick_dataclasses import dataclass

_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Look:
    """The expression looks at a field next; what follows depends on the value there.

    Args:
        name: The name of the field.
        after: By the type and the value of the field, the next look or the result. The type counts
            since 1, 1.0 and True are equal, but not to an expression.
    """

    name: str
    after: dict[tuple[type, Any], _Look | bool] = field(default_factory=dict)


class RowCondition:
    """Says of each row whether an expression is true, and remembers by which values it came out.

    An expression looks at its fields in an order that only their values decide, so the looks form
    a tree. For `status == 'success' or stoppedAt is not None` a row with success needs one look.
    To walk the tree costs a small part of evaluating the expression.

    Args:
        expression: An expression over the fields of a row.
    """

    def __init__(self, expression: Expression) -> None:
        self._expression = expression
        self._first: _Look | bool | None = None
        self._remembered = 0

    def holds_for(self, row: Mapping[str, Any]) -> bool:
        """Whether the expression is true of a row.

        Args:
            row: The values of the row by field; a field that is not there counts as None.

        Raises:
            ExpressionError: The expression failed on this row.
        """
        step = self._first
        try:
            while isinstance(step, _Look):
                value = row.get(step.name)
                step = step.after.get((type(value), value))
        except TypeError:  # a list or an object, which nothing can be remembered by
            step = None
        return self._worked_out(row) if step is None else step

    def holds_for_each(self, columns: Mapping[str, Sequence[Any]], count: int) -> Iterator[bool]:
        """Whether the expression is true of each of some rows, in their order.

        Args:
            columns: The values of the rows by field, one for each row.
            count: How many rows there are.

        Raises:
            ExpressionError: The expression failed on the row that is next.
        """
        known: Sequence[Any] = ()
        if isinstance(self._first, _Look) and self._first.name in columns:
            after = self._first.after
            with suppress(TypeError):  # as above
                known = [after.get((type(each), each)) for each in columns[self._first.name]]
        for place, step in enumerate(known or [None] * count):
            if step is True or step is False:
                yield step
            else:
                row = {name: values[place] for name, values in columns.items()}
                yield self.holds_for(row)

    def _worked_out(self, row: Mapping[str, Any]) -> bool:
        looked_at: list[str] = []
        result = bool(self._expression.evaluate(row, looked_at))
        values = [(name, row.get(name)) for name in dict.fromkeys(looked_at)]
        if any(isinstance(value, (list, dict)) for _, value in values):
            return result
        if self._remembered >= _MOST_REMEMBERED:
            self._first, self._remembered = None, 0
        self._remember(values, result)
        return result

    def _remember(self, values: list[tuple[str, Any]], result: bool) -> None:
        self._remembered += 1
        if not values:
            self._first = result
            return
        look = self._first if isinstance(self._first, _Look) else _Look(values[0][0])
        self._first = look
        for (_, value), (following, _) in pairwise(values):
            after = look.after.setdefault((type(value), value), _Look(following))
            assert isinstance(after, _Look)
            look = after
        last = values[-1][1]
        look.after[type(last), last] = result
