"""The door to how dlt's incremental compares rows: `JsonIncremental`, by version 1.31.

dlt compares values as Python does, so texts as texts, and takes the first of several values that a
path leads to. With this in its place an incremental keeps all else of dlt's: state, hashes, ends of
the range, lag. It rests on this:

- A bound incremental makes a `JsonIncremental` when the first row comes, by
  `_make_or_get_transformer`, keeps it in `_transformers` under its class, and calls it with each
  row. It gives back the row or None, and whether the row lies before the start or behind the end.
- `bind` reads the state: what it finds there is the start, in `start_value`, and what the state
  gets as `start_value` once a row passes, in `_cached_state_start_value`.
- It has the settings of the incremental as attributes, `last_value`, and of the rows at that value
  `last_rows` and, of those before, `unique_hashes`. The incremental takes these into its state
  behind each list of rows. With a lag it gives `last_value` back, compared with that of the state.
- `start_unique_hashes` are those of the state; `compute_unique_value` makes such a hash.
- `resolve` checks the settings; that the end lies behind the start too, where there are both. It is
  called for the first copy of what the resource got, which has its class.

At an upgrade of dlt check those sentences; `tests/stories/incremental` and
`tests/unit/dlt_source/incremental` fail where one is no longer true.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Self

from dlt.extract.incremental import Incremental
from dlt.extract.incremental.transform import JsonIncremental

from headrace.core.exceptions import PageError
from headrace.core.json_path import JsonPath
from headrace.core.secrets.redaction import one_line
from headrace.core.value_order import Placed, compare, count_otherwise, placed

_IN_PYTHON = (int, float, Decimal, date)
_LONGEST_VALUE = 60
_WAY_OUT = (
    "Name another field as `cursor_path`, make the values alike by a function over the rows (`map` "
    "in `processing_steps`), or say by a `last_value_func` of your own which one is the last."
)


def compare_in_order(incremental: Incremental[Any]) -> None:
    """Has an incremental compare numbers, instants and texts, whatever way they are written in.

    Args:
        incremental: The incremental, bound for this load, before it has seen a row. One with a
            `last_value_func` other than `max` and `min` goes on comparing by that.
    """
    made: Any = incremental._make_or_get_transformer(InOrder)
    if incremental.lag and incremental.last_value_func in (max, min):
        made.known = incremental.get_state()["last_value"]
    incremental._transformers[JsonIncremental] = made


def go_on_with(incremental: Incremental[Any], begun: Incremental[Any]) -> None:
    """Has an incremental that dlt has bound once more go on with the range of the first binding.

    By itself it would begin at the newest value of the rows that this very load has brought.

    Args:
        incremental: The incremental, bound once more, before it has seen a row.
        begun: The one that dlt has bound first, after `compare_in_order`.
    """
    incremental.start_value = begun.start_value
    incremental._cached_state_start_value = begun._cached_state_start_value
    incremental._transformers.update(begun._transformers)


class OrderedIncremental(Incremental[Any]):
    """An incremental whose end may lie behind its start by what they say, if not as texts."""

    def resolve(self) -> Self:
        """Has dlt check the settings, but for the order of two ends of a range.

        The config was checked for that: `headrace.config.checks.cursors`.
        """
        end = self.end_value
        if self.initial_value is not None and self.last_value_func in (max, min):
            self.end_value = None
        try:
            return super().resolve()
        finally:
            self.end_value = end


class InOrder(JsonIncremental):
    """Decides on each row as dlt does, but by the order of what values say.

    Args:
        resource_name: The name of the resource.
        cursor_path: The path to the value, which may be the name of a key with dots in it.
        settings: What dlt makes one with besides.

    Attributes:
        known: With a lag, the last value of the loads before; the load begins below it.
    """

    known: Any = None
    _last: Any = None

    def __init__(self, resource_name: str, cursor_path: str, *settings: Any) -> None:
        super().__init__(resource_name, cursor_path, *settings)
        self._path = JsonPath(cursor_path)
        self._bounds: dict[str, Placed] = {}

    @property
    def last_value(self) -> Any:
        """The last value so far."""
        return self._last

    @last_value.setter
    def last_value(self, value: Any) -> None:
        # With a lag dlt gives the last value of its state where that is the greater one as text.
        if self.known is None or not isinstance(value, str):
            self._last = value
        else:
            values = [each for each in (value, self._last, self.known) if each is not None]
            self._last = self._ends([self._placed(each) for each in values])[1].raw

    def find_cursor_value(self, row: Any) -> Any:
        """The first value at the path that is one; the path may be the name of a key."""
        if isinstance(row, dict) and (self._path.name is not None or self._path.spread):
            found = next((each for each in self._path.find(row) if each is not None), None)
            if found is not None:
                return found
        return super().find_cursor_value(row)

    def __call__(self, row: Any) -> tuple[Any, bool, bool]:
        """Decides on a row.

        Args:
            row: The row, as an object.

        Returns:
            The row, or None where it lies outside of the range; whether it lies before the start;
            whether it lies behind the end.

        Raises:
            PageError: The value has no place among the others.
            PipeException: The row has no value, and may not lack one.
        """
        if row is None or self.last_value_func not in (max, min):
            return super().__call__(row)
        found = self._path.find(row) if isinstance(row, dict) else [self.find_cursor_value(row)]
        values = [each for each in found if each is not None and each != ""]
        if not values:
            return self._without_value(row, is_empty="" in found)
        bounds = (self.start_value, self.last_value, self.end_value)
        if len(values) == 1 and isinstance(values[0], _IN_PYTHON) and not _has_text(bounds):
            return super().__call__(row)
        return self._decide(row, *self._ends([self._placed(each) for each in values]))

    def _decide(self, row: Any, nearest: Placed, furthest: Placed) -> tuple[Any, bool, bool]:
        end, last, start = map(self._bound, ("end_value", "last_value", "start_value"))
        if end is not None:
            beyond = self._compare(nearest, end)
            if beyond > 0 or (beyond == 0 and self.range_end == "open"):
                self._see_that_it_counts_so(nearest, end)
                return None, False, True
        self.seen_data = True
        ahead = 1 if last is None else self._compare(furthest, last)
        if ahead > 0:
            self.last_value = furthest.raw
            if self.boundary_deduplication:
                self.last_rows = [row]
                self.unique_hashes = set()
                self.unique_hashes_legacy = False
            return row, False, False
        if start is not None and self._is_before(row, furthest, start):
            return None, True, False
        if ahead == 0 and self.boundary_deduplication:
            self.last_rows.append(row)
        return row, False, False

    def _is_before(self, row: Any, furthest: Placed, start: Placed) -> bool:
        """Whether an earlier load has had the row."""
        ahead = self._compare(furthest, start)
        if ahead < 0:
            self._see_that_it_counts_so(furthest, start)
        if ahead != 0 or self.range_start == "open" or not self.boundary_deduplication:
            return ahead < 0 or (ahead == 0 and self.range_start == "open")
        mark = self.compute_unique_value(row, self.primary_key, self.start_hashes_legacy)
        return mark in self.start_unique_hashes

    def _without_value(self, row: Any, *, is_empty: bool) -> tuple[Any, bool, bool]:
        if not is_empty:
            return super().__call__(row)
        if self.on_cursor_value_missing == "raise":
            raise PageError(
                f"resource `{self.resource_name}`: a row has an empty text at "
                f"`incremental.cursor_path` (`{self._path}`). Say what to do with such rows: "
                "`on_cursor_value_missing: include` or `exclude`.",
                resource=self.resource_name,
            )
        return (row if self.on_cursor_value_missing == "include" else None), False, False

    def _bound(self, name: str) -> Placed | None:
        value = getattr(self, name)
        if value is None:
            return None
        if name not in self._bounds or self._bounds[name].raw is not value:
            self._bounds[name] = self._placed(value)
        return self._bounds[name]

    def _placed(self, value: Any) -> Placed:
        found = placed(value)
        if found is None:
            raise self._disorder(
                f"`{_shown(value)}` ({type(value).__name__}) has no place in an order: it is no "
                "number, no time that can be read for sure, and no other text"
            )
        return found

    def _ends(self, values: Sequence[Placed]) -> tuple[Placed, Placed]:
        """The values that come first and last."""
        first = last = values[0]
        for each in values[1:]:
            first = each if self._compare(each, first) < 0 else first
            last = each if self._compare(each, last) > 0 else last
        return first, last

    def _compare(self, one: Placed, other: Placed) -> int:
        found = compare(one, other)
        if found is None:
            raise self._disorder(
                f"`{_shown(one.raw)}` is {one.kind} and `{_shown(other.raw)}` is {other.kind}"
            )
        return found if self.last_value_func is max else -found

    def _see_that_it_counts_so(self, value: Placed, bound: Placed) -> None:
        if count_otherwise(value, bound):
            first, last = sorted((_shown(value.raw), _shown(bound.raw)))
            raise self._disorder(
                f"as texts, `{first}` comes before `{last}`, so the row of `{_shown(value.raw)}` "
                "would be left out, though by their numbers it is the other way round"
            )

    def _disorder(self, why: str) -> PageError:
        return PageError(
            f"resource `{self.resource_name}`: the values at `incremental.cursor_path` "
            f"(`{self._path}`) do not grow as they can be compared: {why}. {_WAY_OUT}",
            resource=self.resource_name,
        )


def _has_text(values: Sequence[Any]) -> bool:
    return any(isinstance(each, str) for each in values)


def _shown(value: Any) -> str:
    return one_line(str(value), _LONGEST_VALUE)
