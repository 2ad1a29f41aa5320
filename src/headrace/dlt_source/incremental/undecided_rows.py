"""Finds the rows of a page that dlt's incremental must decide on.

The other rows pass and do not change its state, whatever its settings are. So they need not be
decoded, which rows on their way to Arrow tables never are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import msgspec

from headrace.core.json_path import JsonPath

# The types whose values have an order among themselves, the same in JSON as in Python.
_ORDERED = (str, int, float)


class CursorReader:
    """Finds the cursor value of each row of a page, without decoding the other fields.

    Args:
        path: The path to the value in a row.
    """

    def __init__(self, path: JsonPath) -> None:
        self._path = path
        self._decoder = _decoder_of(path)

    def values(self, rows: Sequence[msgspec.Raw]) -> list[Any] | None:
        """Reads the cursor values of the rows of one page.

        Args:
            rows: The JSON of each row.

        Returns:
            The value of each row, None for a row without one; or None in place of the list where
            the values cannot be found in this way.
        """
        if self._decoder is None:
            return None
        try:
            found = self._decoder.decode(b"[%b]" % b",".join(rows))
        except msgspec.DecodeError:
            return None
        (first, *more) = self._path.steps or ()
        if more:
            return [self._path.first(row) for row in found]
        return [row.get(first) for row in found]


def _decoder_of(path: JsonPath) -> msgspec.json.Decoder[list[dict[str, Any]]] | None:
    """A decoder of the one field that holds the cursor; None where the path may lead anywhere."""
    if not path.steps or path.spread:
        return None
    # A key may have dots in its name: the beginning of the path as well as all of it.
    ends = range(1, len(path.steps) + 1 if path.name else 2)
    names = {".".join(path.steps[:end]): Any for end in ends}
    fields: Any = TypedDict("fields", names, total=False)  # type: ignore[misc]
    return msgspec.json.Decoder(list[fields])


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
    whole = range(len(values))
    kinds = {*map(type, values), type(start), type(end)} - {type(None)}
    if choose not in (max, min) or len(kinds) != 1 or not kinds.issubset(_ORDERED):
        return whole
    low, high = (start, end) if choose is max else (end, start)
    given = [value for value in values if value is not None]
    if not given:
        return whole
    if (
        len(given) == len(values)
        and _is_within(min(given), low, high)
        and (_is_within(max(given), low, high))
    ):
        newest = choose(given)
        return [place for place, value in enumerate(values) if value == newest]
    inside = [value is not None and _is_within(value, low, high) for value in values]
    newest = choose([v for v, is_in in zip(values, inside, strict=True) if is_in] or [None])
    return [
        place
        for place, (value, is_in) in enumerate(zip(values, inside, strict=True))
        if not is_in or value == newest
    ]


def _is_within(value: Any, low: Any, high: Any) -> bool:
    """Whether a value lies strictly between two ends; None stands for no end."""
    return bool((low is None or value > low) and (high is None or value < high))
