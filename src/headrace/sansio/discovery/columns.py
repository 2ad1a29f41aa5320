"""Which columns of a listing have to be declared, so that each row goes where it should.

dlt types a column by its first value. What comes later and is of another kind goes to a column
beside it, and what is always null so far gets no column at all. A declared column holds all the
values seen: one that could not is not declared. A value of another type that comes later goes to a
column beside it as well, where the resource has `CONTRACT`; without that its row is set aside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.discovery.evidence import Verdict
from headrace.sansio.discovery.field_names import (
    column_like,
    is_money,
    is_of_date,
    is_of_time,
    type_by_name,
    words_of,
)
from headrace.sansio.discovery.order import OrderFinding
from headrace.sansio.discovery.seen_again import Row, count_of
from headrace.sansio.discovery.value_kinds import (
    decimal_hints,
    has_clock,
    is_date,
    is_epoch,
    is_in_calendar,
    is_switch,
    is_time_without_zone,
    is_whole_text,
)
from headrace.sansio.tail.keys import KeyKind

CONTRACT = {"data_type": "evolve"}
"""The schema contract of a resource with declared columns: without it a later value of another type
would send its row to quarantine, which no row of a column that is not declared does."""

_DEEPEST = 3
# Some APIs leave out the time of day where there is none: a column of dates would cut it off.
_FEWEST_DATES = 20
# A row whose key is no number could not be loaded into a column of numbers.
_FEWEST_NUMBERS = 20
_LARGEST = 2**63 - 1
_EXACT_AS_DOUBLE = 2**53
_MOST_DIGITS = 29
_DENSE = 10
_TIMESTAMP = {"data_type": "timestamp"}
# As milliseconds this is the year 2100: larger numbers count something smaller.
_BEYOND_MILLISECONDS = 4_102_444_800_000
_OF_DLT = "_dlt_"


@dataclass(frozen=True, slots=True)
class ColumnFinding:
    """What is to be said of one column.

    Args:
        name: Its name, as the config has it: that of a nested field has `__` between the steps.
        hints: dlt's hints; empty where none is known.
        evidence: Why it needs them, as half a line; where it is unknown, what to ask.
        verdict: `proven` for a column that is to be declared, `offered` for one that the user may
            want to declare, `unknown` for one of which nothing is known.
    """

    name: str
    hints: Mapping[str, Any]
    evidence: str
    verdict: Verdict = "proven"


@dataclass(frozen=True, slots=True)
class _Seen:
    """The values of one field.

    Args:
        name: Its last name.
        values: Those that are not null.
        rows: How many rows were seen.
    """

    name: str
    values: Sequence[Any]
    rows: int

    @property
    def all(self) -> str:
        """All the rows with a value, in words."""
        count = len(self.values)
        if count < self.rows:
            return f"all {count:,} rows with a value"
        return f"all {count:,} rows" if count > 1 else "the only row"


def find_columns(
    rows: Sequence[Row], key: Sequence[str] | None = None, order: OrderFinding | None = None
) -> list[ColumnFinding]:
    """Finds the columns that have to be declared, and those of which nothing is known.

    Args:
        rows: All rows seen.
        key: The fields that tell rows apart; None where they are not known.
        order: The order of the listing; None where it has none.
    """
    keys = tuple(key or ())
    found = []
    fields = list(_fields(rows))
    has_odd_times = any(map(_counts_otherwise, fields))
    for path, values in fields:
        name = "__".join(path)
        seen = _Seen(path[-1], values, len(rows))
        if path[:1] == keys and len(path) == 1 and set(map(type, values)) == {str}:
            finding = _text_key(name, seen, order)
        else:
            finding = _finding(name, seen, is_key=len(path) == 1 and path[0] in keys)
        if finding is not None:
            is_of_null = not values and finding.hints == _TIMESTAMP and has_odd_times
            found.append(_as_unknown(finding) if is_of_null else finding)
    return found


def _counts_otherwise(field: tuple[tuple[str, ...], Sequence[Any]]) -> bool:
    """Whether a field has times in microseconds or the like, which no column of times reads."""
    path, values = field
    return is_of_time(path[-1]) and any(
        type(value) is int and value >= _BEYOND_MILLISECONDS for value in values
    )


def _as_unknown(finding: ColumnFinding) -> ColumnFinding:
    why = f"{finding.evidence.partition(';')[0]}: ask which type it has"
    return ColumnFinding(finding.name, {}, why, "unknown")


def _fields(rows: Sequence[Row]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """The paths of the fields that fill a column alone, with their values that are not null."""
    by_path: dict[tuple[str, ...], list[Any]] = {}
    for row in rows:
        for path, value in _values((), row):
            known = by_path.setdefault(path, [])
            if value is not None:
                known.append(value)
    columns = Counter("__".join(map(column_like, path)) for path in by_path)
    for path, values in by_path.items():
        is_object = any(other[: len(path)] == path for other in by_path if other != path)
        is_alone = columns["__".join(map(column_like, path))] == 1
        if is_object or not is_alone or not all(map(_is_plain_name, path)):
            continue
        if not any(isinstance(value, list | dict) for value in values):
            yield path, values


def _values(above: tuple[str, ...], row: Row) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in row.items():
        path = (*above, name)
        if isinstance(value, dict) and value and len(path) < _DEEPEST:
            yield from _values(path, value)
        else:
            yield path, value


def _is_plain_name(name: str) -> bool:
    """Whether the name of a field is one that leads to its column, however it is written there."""
    is_plain = bool(words_of(name)) and "__" not in name and "." not in name
    return is_plain and not name.lower().startswith(_OF_DLT)


def _finding(name: str, seen: _Seen, *, is_key: bool) -> ColumnFinding | None:
    kinds = set(map(type, seen.values))
    if not kinds:
        return _always_null(name, seen)
    if not kinds <= {bool, int, float, str}:
        return None
    if is_money(seen.name) and kinds & {str, float} and bool not in kinds:
        finding = _money(name, seen)
        if finding is not None:
            return finding
    if kinds == {str}:
        return _texts(name, seen)
    if kinds == {int}:
        return _whole_numbers(name, seen, is_key=is_key)
    if kinds == {float}:
        return _epoch(name, seen)
    if kinds == {int, float}:
        return _numbers(name, seen)
    if kinds == {bool}:
        return None
    return _mixed(name, seen, kinds)


def _always_null(name: str, seen: _Seen) -> ColumnFinding:
    null = f"always null in {count_of(seen.rows)}" if seen.rows > 1 else "null in the only row"
    kind = type_by_name(seen.name)
    if kind is None:
        return ColumnFinding(name, {}, f"{null}: ask which type it has", "unknown")
    hints = _TIMESTAMP if kind == "timestamp" else {"data_type": kind}
    return ColumnFinding(name, hints, f"{null}; of this type by its name")


def _text_key(name: str, seen: _Seen, order: OrderFinding | None) -> ColumnFinding | None:
    values = seen.values
    if not all(value.isascii() and value.isdigit() for value in values):
        return None
    text = {"data_type": "text"}
    if not all(map(is_whole_text, values)):
        why = f"digits in {seen.all}, but not as numbers are written: leading zeros, or too many"
        return ColumnFinding(name, text, why)
    is_by_number = order is not None and order.field == name and order.kind is KeyKind.INTEGER
    numbers = sorted(map(int, values))
    is_dense = numbers[-1] - numbers[0] < _DENSE * len(numbers)
    is_enough = len(numbers) >= _FEWEST_NUMBERS
    if is_by_number and is_enough and (is_dense or len(set(map(len, values))) > 1):
        why = f"digits in {seen.all}, and listed in the order of numbers"
        return ColumnFinding(name, {"data_type": "bigint"}, why)
    why = f"digits in {seen.all}, but nothing shows that they are numbers"
    return ColumnFinding(name, text, why)


def _money(name: str, seen: _Seen) -> ColumnFinding | None:
    hints = decimal_hints(seen.values)
    if hints is None:
        return None
    texts = sum(isinstance(value, str) for value in seen.values)
    written = "texts" if texts == len(seen.values) else "numbers" if not texts else "both"
    how = f"written as {written}" if written != "both" else "written as numbers and as texts"
    return ColumnFinding(name, hints, f"amounts in {seen.all}, {how}: decimals keep each digit")


def _texts(name: str, seen: _Seen) -> ColumnFinding | None:
    values = seen.values
    with_clock = [value for value in values if has_clock(value)]
    if not with_clock:
        return _dates(name, seen) if all(map(is_date, values)) else None
    others = [value for value in values if not has_clock(value) and not is_date(value)]
    if others:
        why = f"times in {count_of(len(with_clock))}, other texts in {len(others):,}"
        return ColumnFinding(name, {"data_type": "text"}, why)
    outside = len(with_clock) - sum(map(is_in_calendar, with_clock))
    if outside:
        why = f"times outside of the years 1 to 9999 in {count_of(outside)}"
        return ColumnFinding(name, {"data_type": "text"}, why)
    without_zone = sum(map(is_time_without_zone, values))
    if without_zone == len(values):
        hints = {"data_type": "timestamp", "timezone": False}
        return ColumnFinding(name, hints, f"times without a zone in {seen.all}")
    if without_zone:
        why = (
            f"times without a zone in {without_zone:,} of {count_of(len(values))}: ask which it is"
        )
        return ColumnFinding(name, {}, why, "unknown")
    return None


def _dates(name: str, seen: _Seen) -> ColumnFinding:
    is_sure = len(seen.values) >= _FEWEST_DATES and is_of_date(seen.name)
    verdict: Verdict = "proven" if is_sure else "offered"
    why = f"dates alone in {seen.all}"
    if not is_sure:
        why += "; as long as none has a time of day"
    return ColumnFinding(name, {"data_type": "date"}, why, verdict)


def _whole_numbers(name: str, seen: _Seen, *, is_key: bool) -> ColumnFinding | None:
    beyond = sum(not -_LARGEST <= value <= _LARGEST for value in seen.values)
    if not beyond:
        return _epoch(name, seen)
    digits = max(len(str(abs(value))) for value in seen.values)
    hints: dict[str, Any] = {"data_type": "decimal", "precision": 38, "scale": 0}
    if is_key or digits > _MOST_DIGITS:
        hints = {"data_type": "text"}
    return ColumnFinding(name, hints, f"integers beyond 64 bits in {count_of(beyond)}")


def _epoch(name: str, seen: _Seen) -> ColumnFinding | None:
    if not is_of_time(seen.name) or not all(map(is_epoch, seen.values)):
        return None
    why = f"numbers in {seen.all} that may be seconds or milliseconds since 1970"
    return ColumnFinding(name, {"data_type": "timestamp"}, why, "offered")


def _numbers(name: str, seen: _Seen) -> ColumnFinding | None:
    whole = [value for value in seen.values if isinstance(value, int)]
    fractions = len(seen.values) - len(whole)
    why = f"whole numbers in {count_of(len(whole))}, fractions in {fractions:,}"
    if all(abs(value) <= _EXACT_AS_DOUBLE for value in whole):
        return ColumnFinding(name, {"data_type": "double"}, why)
    hints = decimal_hints(seen.values)
    if hints is None:
        return ColumnFinding(name, {"data_type": "text"}, f"{why}, too large for either")
    return ColumnFinding(name, hints, f"{why}, too large for a double")


def _mixed(name: str, seen: _Seen, kinds: set[type]) -> ColumnFinding:
    words = {bool: "switches", int: "whole numbers", float: "fractions", str: "texts"}
    counts = Counter(map(type, seen.values))
    told = [f"{words[kind]} in {count_of(counts[kind])}" for kind in words if kind in kinds]
    why = f"{', '.join(told[:-1])} and {told[-1]}"
    # dlt takes each number but 0 for true.
    if bool in kinds and all(map(is_switch, seen.values)):
        return ColumnFinding(name, {"data_type": "bool"}, why)
    return ColumnFinding(name, {"data_type": "text"}, why)
