"""Notices fields of one row that go to the same column, of which dlt's normalizer keeps one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from headrace.dlt_source.table_columns import TableColumns
from headrace.sansio.rows.json_rows import FieldPath

_Place = tuple[str, str, bool]
"""A table, a name in it, and whether it is that of a list, which goes to a table of its own."""
_LOST = (
    "rows of `{table}` have two fields for one place, `{former}` and `{latter}` for `{name}`, and "
    "only one of the values is loaded. To keep both, rename a field by a function among the "
    "`processing_steps`"
)


class MeetingFields:
    """Watches the rows that go through dlt's normalizer; all that have meeting fields do.

    Args:
        columns: The columns of the table that the rows go to.
    """

    def __init__(self, columns: TableColumns) -> None:
        self._columns = columns
        self._name_of = cache(columns.name_of)
        self._fields_of: dict[_Place, set[FieldPath]] = defaultdict(set)
        self._do_meet = False

    def learn(self, row: Mapping[str, Any]) -> None:
        """Notes where the fields of a row of a new shape go.

        Args:
            row: The row, decoded from JSON.
        """
        for object_fields in self._objects(row, (), self._root):
            for place, path, _ in object_fields:
                fields = self._fields_of[place]
                fields.add(path)
                self._do_meet = self._do_meet or len(fields) > 1

    def notes(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        """Says which values are not loaded, as another one of the row takes their place.

        Args:
            rows: Decoded rows, each of a shape that was learned.
        """
        if not self._do_meet:
            return
        for row in rows:
            for object_fields in self._objects(row, (), self._root):
                yield from self._lost(object_fields)

    @property
    def _root(self) -> str:
        return self._columns.table_hints["name"] or ""

    def _lost(self, object_fields: Iterable[tuple[_Place, FieldPath, Any]]) -> Iterator[str]:
        filled: dict[_Place, tuple[FieldPath, Any]] = {}
        for place, path, value in object_fields:
            former, lost = filled.get(place, (path, None))
            if lost not in (None, []) and lost != value:
                yield _LOST.format(
                    table=place[0], name=place[1], former=".".join(former), latter=".".join(path)
                )
            filled[place] = (path, value)

    def _objects(
        self, row: Mapping[str, Any], above: FieldPath, table: str
    ) -> Iterator[list[tuple[_Place, FieldPath, Any]]]:
        """The fields of a row, and those of each item in its lists, in the order dlt fills them."""
        found: list[tuple[_Place, FieldPath, Any]] = []
        lists: list[tuple[FieldPath, list[Any]]] = []
        todo: list[tuple[FieldPath, Mapping[str, Any]]] = [((), row)]
        while todo:
            parent, fields = todo.pop()
            for name, value in fields.items():
                path = (*parent, name)
                becomes_more = isinstance(value, dict | list) and self._columns.flattens(
                    above + path
                )
                if becomes_more and isinstance(value, dict):
                    todo.append((path, value))
                    continue
                if becomes_more:
                    lists.append((above + path, value))
                found.append(((table, self._name_of(path), becomes_more), path, value))
        yield found
        for path, items in lists:
            yield from self._items(items, path)

    def _items(
        self, items: list[Any], path: FieldPath
    ) -> Iterator[list[tuple[_Place, FieldPath, Any]]]:
        for item in items:
            if isinstance(item, dict):
                yield from self._objects(item, path, self._columns.child_table(path))
            elif isinstance(item, list):
                yield from self._items(item, (*path, "list"))
