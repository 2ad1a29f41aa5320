"""Works an expression out for many rows, most of them alike in the fields that it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from headrace.core.expressions.expression import Expression

_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Look:
    """The expression looks at a field next; what follows depends on the value there."""

    name: str
    after: dict[tuple[type, Any], _Look | bool] = field(default_factory=dict)


class Decisions:
    """Yes or no for each row, remembered by the values that led there.

    An expression looks at its fields in an order that only their values decide, so the looks form
    a tree. Of `status == 'success' or stoppedAt is not None` rows with success need one look.

    Args:
        expression: over a row's fields.
    """

    def __init__(self, expression: Expression) -> None:
        self._expression = expression
        self._first: _Look | bool | None = None
        self._remembered = 0

    def decide(self, row: Mapping[str, Any]) -> bool:
        """Whether the expression is true of a row.

        Args:
            row: its fields by name; those that are not there count as None.

        Raises:
            ExpressionError: it failed on this row.
        """
        step = self._first
        try:
            while isinstance(step, _Look):
                value = row.get(step.name)
                step = step.after.get((type(value), value))
        except TypeError:  # a list or an object, which nothing can be remembered by
            step = None
        return self._worked_out(row) if step is None else step

    def _worked_out(self, row: Mapping[str, Any]) -> bool:
        looked_at: list[str] = []
        decision = bool(self._expression.evaluate(row, looked_at))
        values = [(name, row.get(name)) for name in dict.fromkeys(looked_at)]
        if any(isinstance(value, (list, dict)) for _, value in values):
            return decision
        if self._remembered >= _MOST_REMEMBERED:
            self._first, self._remembered = None, 0
        self._remember(values, decision)
        return decision

    def _remember(self, values: list[tuple[str, Any]], decision: bool) -> None:
        self._remembered += 1
        if not values:
            self._first = decision
            return
        look = self._first if isinstance(self._first, _Look) else _Look(values[0][0])
        self._first = look
        for (_, value), (following, _) in pairwise(values):
            after = look.after.setdefault((type(value), value), _Look(following))
            assert isinstance(after, _Look)
            look = after
        last = values[-1][1]
        look.after[type(last), last] = decision
