"""Keeps tables within the number of columns that the destination can make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dlt.common.schema import Schema

from headrace.dlt_source.table_columns import TableColumns
from headrace.sansio.rows.json_rows import FieldPath

# What dlt adds at most to each table: the ids of the row, its parent, its root and its load, and
# its place in a list.
_OF_DLT = 5


class ColumnLimit:
    """Counts the columns of a table, and of those below it, as rows bring them.

    Args:
        most: How many columns a table of the destination has at most; None for no limit.
        schema: The pipeline's schema.
        columns: The columns of the table.
    """

    def __init__(self, most: int | None, schema: Schema, columns: TableColumns) -> None:
        self._most = most
        self._schema = schema
        self._columns = columns
        self._taken: dict[FieldPath, set[str]] = defaultdict(set)

    def has_room(self, count: int) -> bool:
        """Whether the table can have so many columns more.

        Args:
            count: The number of columns.
        """
        return self._most is None or len(self._known(())) + count + _OF_DLT <= self._most

    def refusal(self, row: Mapping[str, Any], names: Collection[str]) -> str | None:
        """Says why a row cannot be loaded: it brings more columns than a table can have.

        Args:
            row: The row, decoded from JSON.
            names: The columns of its own table that it fills.

        Returns:
            The reason, in words that follow "a row"; None where its columns are taken in.
        """
        if self._most is None:
            return None
        brought: dict[FieldPath, set[str]] = defaultdict(set, {(): set(names)})
        for table, name in self._below(row, ()):
            brought[table].add(name)
        for table, columns in brought.items():
            known = self._known(table)
            if columns - known and len(known | columns) + _OF_DLT > self._most:
                which = f"the table of `{'.'.join(table)}`" if table else "its table"
                return (
                    f"it brings {which} to more than the {self._most:,} columns that the "
                    "destination takes; keep the objects that bring them as JSON, with "
                    "`columns: {NAME: {data_type: json}}` or `max_table_nesting`"
                )
        for table, columns in brought.items():
            self._taken[table] |= columns
        return None

    def _known(self, table: FieldPath) -> set[str]:
        taken = self._taken[table]
        if not table:
            return taken | self._columns.hints.keys() - self._columns.ids.keys()
        stored = self._schema.tables.get(self._columns.child_table(table), {})
        return taken | stored.get("columns", {}).keys()

    def _below(self, value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
        """The tables below, by the fields that lead to them, each with the columns it is to get."""
        for name, inner in value.items():
            here = (*path, name)
            if isinstance(inner, dict) and self._columns.flattens(here):
                yield from self._below(inner, here)
            elif isinstance(inner, list) and self._columns.flattens(here):
                yield from self._of_list(inner, here)

    def _of_list(self, rows: list[Any], table: FieldPath) -> Iterator[tuple[FieldPath, str]]:
        for row in rows:
            if isinstance(row, dict):
                for name in self._leaves(row, ()):
                    yield table, name
                yield from self._below(row, table)
            elif isinstance(row, list):
                yield from self._of_list(row, (*table, "list"))
            else:
                yield table, "value"

    def _leaves(self, row: Mapping[str, Any], parent: FieldPath) -> Iterator[str]:
        for name, value in row.items():
            path = (*parent, name)
            if isinstance(value, dict):
                yield from self._leaves(value, path)
            elif not isinstance(value, list):
                yield self._columns.name_of(path)
