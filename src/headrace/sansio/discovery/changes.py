"""The field that says when a row has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.core.value_order import Kind, Placed, compare, placed
from headrace.sansio.discovery.field_names import words_of
from headrace.sansio.discovery.seen_again import Row, count_of
from headrace.sansio.discovery.value_kinds import has_clock, is_date, is_epoch

_CHANGED = frozenset(
    [
        *("updated", "modified", "changed", "edited", "update", "modification", "change", "mtime"),
        *("lastmodified", "lastupdated", "lastupdate", "lastchanged", "modstamp", "modifiedat"),
        *("updatedat", "updatedon", "modifiedon", "changedat"),
    ]
)
# Of another word it tells when something of the row changed: its price, its password.
_BESIDE = frozenset(
    [
        *("last", "at", "on", "date", "time", "timestamp", "ts", "datetime", "utc", "gmt", "ms"),
        *("row", "record", "system", "sys", "entry", "item", "object", "stamp", "unix", "epoch"),
    ]
)
_MADE = frozenset(["created", "inserted", "creation", "added", "createdat", "createdon", "ctime"])
_FEW_BEFORE = 20
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeFinding:
    """The field that says when a row has changed.

    Args:
        field: Its path, with a dot between the steps, as `incremental.cursor_path` has it.
        evidence: What speaks for it, as half a line.
    """

    field: str
    evidence: str


def find_changed(rows: Sequence[Row]) -> ChangeFinding | None:
    """Finds the field that says when a row has changed.

    Args:
        rows: All rows seen.

    Returns:
        The field, which has a time in each row; None where there is none.
    """
    made = made_at(rows)
    for path in _paths(rows):
        words = set(words_of(path[-1]))
        if words.isdisjoint(_CHANGED) or not words <= _CHANGED | _BESIDE:
            continue
        times = [time for row in rows if (time := time_at(row, path)) is not None]
        if not rows or len(times) < len(rows) or len({time.kind for time in times}) > 1:
            continue
        sides = [_side_of(row, made, path) for row in rows] if made is not None else []
        # Clocks differ, but a time of change is not before that of making as a rule.
        if sides.count(-1) * _FEW_BEFORE > len(sides):
            continue
        evidence = f"a time in {'each of ' * (len(rows) > 1)}{count_of(len(rows))}"
        if made is not None:
            evidence += f"; in {sides.count(1):,} of them after `{'.'.join(made)}`"
        return ChangeFinding(".".join(path), evidence)
    return None


def made_at(rows: Sequence[Row]) -> Path | None:
    """The path of the field that says when a row was made; None where there is none.

    Args:
        rows: The rows; the field has a time in each.
    """
    for path in _paths(rows):
        is_made = not _MADE.isdisjoint(words_of(path[-1]))
        if is_made and all(time_at(row, path) is not None for row in rows):
            return path
    return None


def time_at(row: Row, path: Sequence[str]) -> Placed | None:
    """The time of a field as one that can be compared; None where it has none.

    Args:
        row: The row.
        path: The path of the field.
    """
    value = value_at(row, path)
    if not (has_clock(value) or is_date(value) or is_epoch(value)):
        place = placed(value) if isinstance(value, str) else None
        return place if place is not None and place.kind is Kind.TIME else None
    return placed(value)


def value_at(row: Row, path: Sequence[str]) -> Any:
    """The value of a field; None where the row has none.

    Args:
        row: The row.
        path: The path of the field.
    """
    value: Any = row
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _side_of(row: Row, made: Path, changed: Path) -> int:
    """Whether a row changed before it was made (-1), then (0) or later (1)."""
    one, other = time_at(row, changed), time_at(row, made)
    found = compare(one, other) if one is not None and other is not None else None
    # One that is written as a number says nothing of one that is written as a time.
    return 0 if found is None else (found > 0) - (found < 0)


def _paths(rows: Sequence[Row]) -> Iterator[Path]:
    """The fields of rows and of the objects in them, those of the rows first."""
    names = dict.fromkeys(name for row in rows for name in row)
    yield from ((name,) for name in names if "." not in name)
    inner = {
        (name, below): None
        for row in rows
        for name, value in row.items()
        if isinstance(value, dict)
        for below in value
    }
    yield from (path for path in inner if not any("." in step for step in path))
