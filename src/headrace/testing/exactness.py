"""Compares a table with the rows that a server has shown, value by value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from headrace.config import ResourceConfig
from headrace.core.quick_dataclasses import dataclass

Row = Mapping[str, Any]
_VARIANT = "__v_"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class ExpectedTable:
    """The rows that a table should have.

    Args:
        resource: The resource that fills it.
        rows: The rows as the API shows them; of those with the same key the last one counts.
        alone: Rows that the API shows by their own path: the table may have these as well.
        name_of: Gives the name of the column for the names of a field and those that lead to it.
    """

    resource: ResourceConfig
    rows: Sequence[Row]
    alone: Sequence[Row]
    name_of: Callable[[tuple[str, ...]], str]

    def faults(self, found: Sequence[Row]) -> Iterator[str]:
        """Says what is wrong in a table.

        Args:
            found: Its rows, by the names of their columns.
        """
        key = self.resource.primary_key
        if key is None:
            if len(found) != len(self.rows):
                yield f"it has {len(found):,} rows, and the API shows {len(self.rows):,}"
            return
        columns = [self.name_of((name,)) for name in key]
        loaded: dict[tuple[str, ...], Row] = {}
        for row in found:
            identity = tuple(_key_text(row.get(name)) for name in columns)
            if identity in loaded:
                yield f"the key {', '.join(identity)} is there more than once"
            loaded[identity] = row
        shown = {tuple(_key_text(row.get(name)) for name in key): row for row in self.rows}
        by_path = {tuple(_key_text(row.get(name)) for name in key) for row in self.alone}
        for identity in sorted(shown.keys() - loaded.keys()):
            yield f"the row {', '.join(identity)} is missing, which the API shows"
        for identity in sorted(loaded.keys() - shown.keys() - by_path):
            yield f"the row {', '.join(identity)} is there, which the API does not show"
        for identity in sorted(shown.keys() & loaded.keys()):
            for name, value in shown[identity].items():
                fault = self._fault((name,), value, loaded[identity])
                if fault is not None:
                    yield f"the row {', '.join(identity)} {fault}"

    def _fault(self, path: tuple[str, ...], value: Any, row: Row) -> str | None:
        """What is wrong with one field of a row; None where it is right."""
        column = self.name_of(path)
        left_out = self.resource.endpoint.rows.without if self.resource.endpoint.rows else None
        if path[0] in (left_out or ()):
            return f"has `{column}`, which is left out" if column in row else None
        stored = [
            each
            for name, each in row.items()
            if name == column or name.startswith(column + _VARIANT)
        ]
        held = [each for each in stored if each is not None]
        if isinstance(value, Mapping) and not held:
            faults = (self._fault((*path, name), each, row) for name, each in value.items())
            return next((each for each in faults if each is not None), None)
        if isinstance(value, list) and not stored:
            # In a table of its own, which `verify` compares.
            return None
        if value is None or value in ({}, []):
            return (
                f"has {_shown(held[0])} as `{column}`, not null" if value is None and held else None
            )
        if any(_is_same(value, each) for each in held):
            return None
        told = _shown(held[0]) if held else "nothing"
        return f"has {told} as `{column}`, and the API shows {_shown(value)}"


def type_faults(
    resource: ResourceConfig,
    columns: Mapping[str, Mapping[str, Any]],
    name_of: Callable[[str], str],
) -> Iterator[str]:
    """Says which columns are not of the type that the connector declares.

    Args:
        resource: The resource.
        columns: dlt's hints of the columns of its table.
        name_of: Gives the name of the column of a field.
    """
    declared = resource.hints.get("columns")
    for name, hints in declared.items() if isinstance(declared, Mapping) else ():
        wanted = hints.get("data_type") if isinstance(hints, Mapping) else None
        if wanted is None:
            continue
        column = columns.get(name_of(name))
        if column is None:
            yield f"the declared column `{name_of(name)}` is not there"
        elif column.get("data_type") != wanted:
            yield f"`{name_of(name)}` is {column.get('data_type')}, and {wanted} is declared"
        for other in columns:
            if other.startswith(name_of(name) + _VARIANT):
                yield f"values that are no {wanted} went to `{other}`: declare another type"


def _key_text(value: Any) -> str:
    is_whole = isinstance(value, float | Decimal) and value == value // 1
    return str(int(value)) if is_whole else str(value)


def _is_same(shown: Any, stored: Any) -> bool:
    if isinstance(shown, bool) or isinstance(stored, bool):
        return isinstance(stored, bool) and shown in (stored, str(stored).lower())
    if isinstance(shown, dict | list):
        try:
            return bool(json.loads(stored) == shown) if isinstance(stored, str) else stored == shown
        except ValueError:
            return False
    if isinstance(stored, datetime):
        moment = _moment(shown)
        return moment is not None and moment == _in_utc(stored)
    if isinstance(stored, date | time):
        return str(shown) == stored.isoformat()
    if isinstance(stored, str):
        return stored == shown or (isinstance(shown, int | float) and stored == json.dumps(shown))
    number = _number(shown)
    return number is not None and number == _number(stored)


def _moment(value: Any) -> datetime | None:
    try:
        return (
            _in_utc(datetime.fromisoformat(value))
            if isinstance(value, str)
            else (datetime.fromtimestamp(value, UTC))
        )
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
