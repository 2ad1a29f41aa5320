"""Finds the rows of a page that dlt's incremental must decide on.

The other rows pass and do not change its state, whatever its settings are. So they need not be
decoded, which rows on their way to Arrow tables never are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headrace.core.value_order import Placed, compare, placed, sortable

_NUMBERS = {int, float}
_WITH_AN_ORDER = {*_NUMBERS, str, type(None)}


def undecided(
    values: Sequence[Any], choose: Callable[[Any], Any], start: Any, end: Any
) -> Sequence[int]:
    """Gives the places of the rows that are not well within a range, and of the newest that are.

    The other rows pass by each of dlt's rules:

    - They lie strictly between the two ends, so whether an end belongs to the range (`range_start`,
      `range_end`) does not matter to them.
    - They are newer than every row that an earlier load has seen, so none of them can be one that
      was loaded before.
    - The newest row is among those returned, so the others do not decide where the next load
      begins.

    Args:
        values: The cursor value of each row; None where a row has none.
        choose: Finds the newest of several values, as dlt's `last_value_func` does.
        start: The value at which the range starts; None where it has no start.
        end: The value at which the range ends; None where it has no end.

    Returns:
        Places in the list of values, in rising order.
    """
    low, high = (start, end) if choose is max else (end, start)
    ends = [None if each is None else placed(each) for each in (low, high)]
    types = set(map(type, values))
    if choose not in (max, min) or ends.count(None) > (low, high).count(None):
        return range(len(values))
    order = _order_of(values, types)
    if order:
        lowest, highest = (values[order.index(each)] for each in (min(order), max(order)))
        if _is_within(placed(lowest), *ends) and _is_within(placed(highest), *ends):
            newest = choose(order)
            return [place for place, each in enumerate(order) if each == newest]
    return _undecided_one_by_one(values, types, choose, *ends)


def _order_of(values: Sequence[Any], types: set[type]) -> Sequence[Any] | None:
    """Values that have the same order and can be compared; None where there are none at once."""
    if types <= _NUMBERS:
        return values
    return sortable(values) if types == {str} else None


def _undecided_one_by_one(
    values: Sequence[Any],
    types: set[type],
    choose: Callable[[Any], Any],
    low: Placed | None,
    high: Placed | None,
) -> Sequence[int]:
    if types - _WITH_AN_ORDER:
        return range(len(values))
    # An empty text is no value: the step decides on its row.
    read = {value: placed(value) for value in values if value is not None and value != ""}
    if len({each and each.kind for each in read.values()}) != 1 or None in read.values():
        return range(len(values))
    found = [read.get(value) for value in values]
    inside = [_is_within(each, low, high) for each in found]
    keys = [each.key for each, is_in in zip(found, inside, strict=True) if each and is_in]
    newest = choose(keys) if keys else None
    return [
        place
        for place, (each, is_in) in enumerate(zip(found, inside, strict=True))
        if not is_in or each is None or each.key == newest
    ]


def _is_within(value: Placed | None, low: Placed | None, high: Placed | None) -> bool:
    """Whether a value lies strictly between two ends; None stands for no end."""
    return value is not None and (
        (low is None or (compare(value, low) or 0) > 0)
        and (high is None or (compare(value, high) or 0) < 0)
    )
