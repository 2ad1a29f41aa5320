"""Knows rows that need no look by dlt's normalizer: each value of a kind that its column took.

The normalizer takes a hundred times as long for a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dlt.common.schema.typing import TColumnSchema

from headrace.dlt_source.table_columns import TableColumns
from headrace.sansio.rows.json_rows import FieldPath
from headrace.sansio.rows.loadable import is_within_bits

ColumnOf = Callable[[str, str], TColumnSchema | None]
"""Gives a column by the names of its table and its own."""

# Whatever the offset, such a time stays within the calendar.
_TIME = re.compile(
    r"(?!000[01]|9999)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])[T ]([01]\d|2[0-3])(:[0-5]\d){2}"
    r"(\.\d{1,6})?(Z|[+-](0\d|1[0-4]):[0-5]\d)?",
    re.ASCII,
)
_DIGITS = re.compile(r"-?\d{1,18}", re.ASCII)
# Every float holds so large an integer.
_BITS_OF_FLOAT = 53


class PlainRows:
    """Learns from rows that dlt's normalizer has taken which others it takes as well.

    Args:
        columns: The columns of the table that the rows go to.
        column_of: Gives the columns that the normalizer has made of the rows so far.
    """

    def __init__(self, columns: TableColumns, column_of: ColumnOf) -> None:
        self._columns = columns
        self._column_of = column_of
        self._root = _Node()

    def takes(self, row: Mapping[str, Any]) -> bool:
        """Whether each value of a row is of a kind that was seen in its place.

        Args:
            row: The row, decoded from JSON.
        """
        return self._root.takes_fields(row)

    def learn(self, row: Mapping[str, Any]) -> None:
        """Notes the kinds of the values in a row that the normalizer has taken.

        Args:
            row: The row, decoded from JSON.
        """
        self._learn_fields(self._root, row, (), (), self._columns.table_hints["name"] or "")

    def _learn_fields(
        self,
        node: _Node,
        fields: Mapping[str, Any],
        path: FieldPath,
        within_table: FieldPath,
        table: str,
    ) -> None:
        for name, value in fields.items():
            inner = node.fields.setdefault(name, _Node())
            here, column_path = (*path, name), (*within_table, name)
            if isinstance(value, dict | list) and self._columns.flattens(here):
                if isinstance(value, dict):
                    inner.checks[dict] = inner.takes_fields
                    self._learn_fields(inner, value, here, column_path, table)
                else:
                    self._learn_items(inner, value, here)
            elif type(value) not in inner.checks:
                column = self._column_of(table, self._columns.name_of(column_path))
                inner.learn(value, column)

    def _learn_items(self, node: _Node, items: list[Any], path: FieldPath) -> None:
        node.checks[list] = node.takes_items
        table = self._columns.child_table(path)
        for value in items:
            item = node.item = node.item or _Node()
            if isinstance(value, dict):
                item.checks[dict] = item.takes_fields
                self._learn_fields(item, value, path, (), table)
            elif isinstance(value, list):
                self._learn_items(item, value, (*path, "list"))
            elif type(value) not in item.checks:
                item.learn(value, self._column_of(table, self._columns.name_of(("value",))))


class _Node:
    """What is known of the values in one place."""

    __slots__ = ("checks", "fields", "item")

    def __init__(self) -> None:
        self.checks: dict[type, bool | Callable[[Any], bool]] = {}
        self.fields: dict[str, _Node] = {}
        self.item: _Node | None = None

    def takes_fields(self, fields: Mapping[str, Any]) -> bool:
        """Whether an object has no new field, and no new kind of value in one."""
        known = self.fields
        for name, value in fields.items():
            node = known.get(name)
            if node is None:
                return False
            check = node.checks.get(type(value))
            if check is True:
                continue
            if not check or not check(value):
                return False
        return True

    def takes_items(self, items: list[Any]) -> bool:
        """Whether a list has no new kind of item."""
        if not items:
            return True
        if self.item is None:
            return False
        checks = self.item.checks
        for value in items:
            check = checks.get(type(value))
            if check is True:
                continue
            if not check or not check(value):
                return False
        return True

    def learn(self, value: Any, column: TColumnSchema | None) -> None:
        """Notes which values of the same kind the column takes; none where it is not known."""
        check = _check(type(value), (column or {}).get("data_type"))
        if check is not None and not (column or {}).get("precision"):
            self.checks[type(value)] = check


def _check(kind: type, data_type: str | None) -> bool | Callable[[Any], bool] | None:
    """Which values of a kind a column takes for sure: all of them, or those that pass."""
    if kind is type(None):
        return True
    return _CHECKS.get((kind, data_type or ""))


def _is_integer(value: int) -> bool:
    return is_within_bits(value, 64)


def _is_exact_as_float(value: int) -> bool:
    return is_within_bits(value, _BITS_OF_FLOAT)


def _is_digits(value: str) -> bool:
    return _DIGITS.fullmatch(value) is not None


def _is_time(value: str) -> bool:
    return _TIME.fullmatch(value) is not None


# Other kinds of values in a column are for the normalizer each time.
_CHECKS: dict[tuple[type, str], bool | Callable[[Any], bool]] = {
    (str, "text"): True,
    (str, "bigint"): _is_digits,
    (str, "timestamp"): _is_time,
    (bool, "bool"): True,
    (bool, "text"): True,
    (float, "double"): True,
    (float, "text"): True,
    (int, "bigint"): _is_integer,
    (int, "double"): _is_exact_as_float,
    (int, "text"): True,
    (dict, "json"): True,
    (list, "json"): True,
}
