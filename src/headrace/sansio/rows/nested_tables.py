"""Takes lists out of typed rows, into tables of their own: a row for each item.

What ties a row to the one that its list is in are numbers: each row has one, counted from 0 in its
table, and names that of its parent, and its place in the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from headrace.core.arrow import pa, pc
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows.json_rows import FieldPath
from headrace.sansio.rows.list_reader import places_in_lists

ROW = "_headrace_row"
"""The number of a row in its table, from 0."""
PARENT = "_headrace_parent"
"""The number of the row that the list of a row is in."""
INDEX = "_headrace_index"
"""The place of a row in its list, from 0."""


class Names(Protocol):
    """How dlt names tables and columns."""

    def name_of(self, path: FieldPath) -> str:
        """The column of a field."""
        ...

    def table_of(self, path: FieldPath) -> str:
        """The table of the items of a list."""
        ...


@dataclass(frozen=True, slots=True)
class _Items:
    """The table of the items of a list.

    Args:
        name: The name of the table.
        columns: The path of each field within an item, by the name of its column.
        types: Their types.
        inner: The tables of the lists in the items, by the path of the list.
    """

    name: str
    columns: Mapping[str, FieldPath]
    types: Mapping[str, pa.DataType]
    inner: Mapping[FieldPath, _Items]

    @property
    def schema(self) -> pa.Schema:
        """The schema of the table."""
        own = [pa.field(name, pa.int64(), nullable=False) for name in (ROW, PARENT, INDEX)]
        return pa.schema([*own, *(pa.field(name, kind) for name, kind in self.types.items())])

    def with_inner(self) -> Iterator[_Items]:
        """This one, and those below it."""
        yield self
        for each in self.inner.values():
            yield from each.with_inner()


class NestedTables:
    """The tables that rows with lists become.

    Args:
        name: The name of the rows' own table.
        schema: The schema of the rows.
        paths: The path of each list in the rows, by the name of its column.
        names: How tables and columns are named.
    """

    def __init__(
        self, name: str, schema: pa.Schema, paths: Mapping[str, FieldPath], names: Names
    ) -> None:
        self._name, self._names = name, names
        self._taken = {name}
        self._lists = {
            each.name: self._items(paths[each.name], each.type.value_type)
            for each in schema
            if pa.types.is_list(each.type)
        }
        kept = [each for each in schema if each.name not in self._lists]
        self._root = pa.schema([pa.field(ROW, pa.int64(), nullable=False), *kept])
        self._counts: dict[str, int] = {}

    @property
    def schemas(self) -> dict[str, pa.Schema]:
        """The schema of each table, the rows' own first."""
        below = (each for top in self._lists.values() for each in top.with_inner())
        return {self._name: self._root, **{each.name: each.schema for each in below}}

    def parts(self, table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
        """The rows of each table, parents first; none of a table that gets none.

        Args:
            table: Some rows.
        """
        numbers = self._numbered(self._name, table.num_rows)
        kept = [table.column(each.name) for each in self._root if each.name != ROW]
        yield self._name, pa.table([numbers, *kept], schema=self._root)
        for name, items in self._lists.items():
            lists = table.column(name).combine_chunks()
            yield from self._of_lists(items, _one(lists), numbers)

    def _of_lists(
        self, items: _Items, lists: pa.ListArray, owners: pa.Array
    ) -> Iterator[tuple[str, pa.Table]]:
        values, parents = lists.flatten(), pc.list_parent_indices(lists)
        if not len(values):
            return
        numbers = self._numbered(items.name, len(values))
        leaves = dict(_leaves(values))
        columns = [leaves[path] for path in items.columns.values()]
        own = [numbers, owners.take(parents), places_in_lists(lists, parents)]
        yield items.name, pa.table([*own, *columns], schema=items.schema)
        for path, inner in items.inner.items():
            yield from self._of_lists(inner, leaves[path], numbers)

    def _numbered(self, table: str, count: int) -> pa.Array:
        start = self._counts.get(table, 0)
        self._counts[table] = start + count
        return pa.arange(start, start + count)

    def _items(self, path: FieldPath, item: pa.DataType) -> _Items:
        table = _free(self._names.table_of(path), self._taken)
        columns: dict[str, FieldPath] = {}
        types: dict[str, pa.DataType] = {}
        inner: dict[FieldPath, _Items] = {}
        taken = {ROW, PARENT, INDEX}
        for within, kind in _leaf_types(item):
            if pa.types.is_list(kind):
                inner[within] = self._items((*path, *(within or ("list",))), kind.value_type)
                continue
            name = _free(self._names.name_of(within or ("value",)), taken)
            columns[name], types[name] = within, kind
        return _Items(table, columns, types, inner)


def _free(name: str, taken: set[str]) -> str:
    """A name that is not taken yet, and is then."""
    free, number = name, 1
    while not free or free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


def _leaf_types(kind: pa.DataType, path: FieldPath = ()) -> Iterator[tuple[FieldPath, pa.DataType]]:
    if not pa.types.is_struct(kind):
        yield path, kind
        return
    for each in kind:
        yield from _leaf_types(each.type, (*path, each.name))


def _leaves(values: pa.Array, path: FieldPath = ()) -> Iterator[tuple[FieldPath, pa.Array]]:
    if not pa.types.is_struct(values.type):
        yield path, values
        return
    # flatten() hands the parent's nulls down to the fields.
    for each, inner in zip(values.type, values.flatten(), strict=True):
        yield from _leaves(inner, (*path, each.name))


def _one(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    return values
