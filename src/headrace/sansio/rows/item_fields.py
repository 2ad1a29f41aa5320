"""What is known of the items of lists: the child tables that they go to, and their columns.

A list of objects fills a child table with a column for each field, a list of scalars one with the
column `value`, and of a list in a list dlt makes an object with the one field `list`. The columns
are those that dlt's normalizer made of a row that brought something new: it has to take each such
row first.

Nothing of a list may be left to Arrow's JSON reader: a list whose type it has to find by itself
comes out wrong where it begins with nulls (pyarrow 26 reads `[null, 2]` as `[2, 0]`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Protocol

from headrace.core.arrow import pa
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows.casting import default_wire_type, wire_type
from headrace.sansio.rows.column import Column
from headrace.sansio.rows.json_rows import FieldPath
from headrace.sansio.rows.loadable import DEEPEST

# The items of a list themselves, as the path of a field in an item.
ITSELF: FieldPath = ()
_NUL = "\0"


class ChildTables(Protocol):
    """The child tables as dlt's normalizer makes them."""

    @property
    def deepest(self) -> int:
        """How many levels of objects and lists become columns and tables."""
        ...

    def table_of(self, path: FieldPath) -> str:
        """The table that the items of a list go to.

        Args:
            path: The list's name, behind the names of the objects and lists that it is in.
        """
        ...

    def name_of(self, path: FieldPath) -> str:
        """The column of a field; empty where nothing is left of a name.

        Args:
            path: The field's name, behind the names of the objects in the item that it is in.
        """
        ...

    def is_own(self, column_name: str) -> bool:
        """Whether dlt fills a column itself."""
        ...

    def is_json(self, table: str, column_name: str) -> bool:
        """Whether a column keeps lists and objects as JSON."""
        ...

    def column(self, table: str, column_name: str) -> Column | None:
        """A column as the rows so far have made it; None where they have not."""
        ...

    def is_made(self, table: str) -> bool:
        """Whether the rows so far have brought rows for a child table."""
        ...

    def keep(self, table: str, column_name: str | None = None) -> None:
        """Has a table and a column of it stay, whatever becomes of the row that has brought it."""
        ...


@dataclass(slots=True)
class ItemField:
    """A field of items that is no object.

    Args:
        column: The column that it fills; None where a row with a value in it takes the side road.
        wire: The type that Arrow reads it as.
        items: What is known of its own items, where it is a list.
    """

    column: Column | None = None
    wire: pa.DataType | None = None
    items: ItemFields | None = None


@dataclass(slots=True)
class ItemFields:
    """The fields of the items of one list.

    Args:
        path: The list's name, behind the names of the objects and lists that it is in.
        table: The child table that the items go to.
        level: How many levels of objects in an item become columns.
        by_path: The fields by their paths within an item; `ITSELF` alone where items are scalars or
            lists.
    """

    path: FieldPath
    table: str
    level: int
    by_path: dict[FieldPath, ItemField] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Column]:
        """The columns of the fields that the main road fills, by name."""
        found = (each.column for each in self.by_path.values())
        return {each.name: each for each in found if each is not None and each.type is not None}

    def is_object(self, path: FieldPath) -> bool:
        """Whether there is a field within a path."""
        return any(len(known) > len(path) and known[: len(path)] == path for known in self.by_path)

    def kind(self, *, times_as_text: bool = False) -> Any:
        """How Arrow reads an item: a type, a `ListKind`, or the kinds of fields by their names."""
        if ITSELF in self.by_path:
            return _kind(self.by_path[ITSELF], times_as_text=times_as_text)
        tree: dict[str, Any] = {}
        for path, known in self.by_path.items():
            place = tree
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = _kind(known, times_as_text=times_as_text)
        return tree or None


@dataclass(frozen=True, slots=True)
class ListKind:
    """How Arrow reads a list.

    Args:
        item: How it reads each item, as `ItemFields.kind` tells it.
    """

    item: Any


def _kind(known: ItemField, *, times_as_text: bool) -> Any:
    if known.items is not None:
        item = known.items.kind(times_as_text=times_as_text)
        return None if item is None else ListKind(item)
    if times_as_text and known.wire is not None and pa.types.is_timestamp(known.wire):
        return pa.string()
    return known.wire


def arrow_type(kind: Any) -> pa.DataType | None:
    """The Arrow type to read a kind of values as; None where nothing is known of them."""
    if isinstance(kind, ListKind):
        item = arrow_type(kind.item)
        return None if item is None else pa.list_(item)
    if isinstance(kind, Mapping):
        typed = ((name, arrow_type(inner)) for name, inner in kind.items())
        inner = [pa.field(name, each) for name, each in typed if each is not None]
        return pa.struct(inner) if inner else None
    return kind


class ListFields:
    """The lists of a table's rows whose items may take the main road.

    Args:
        tables: The child tables as dlt's normalizer makes them.
        takes_empty_texts: Whether an empty text in an Arrow table arrives as it is.
    """

    def __init__(self, tables: ChildTables, *, takes_empty_texts: bool = True) -> None:
        self.tables = tables
        self.takes_empty_texts = takes_empty_texts
        self._by_path: dict[FieldPath, ItemFields] = {}
        self._closed: set[FieldPath] = set()
        self._path_of_table: dict[str, FieldPath] = {}

    def get(self, path: FieldPath) -> ItemFields | None:
        """What is known of the items of a row's list; None where they take the side road.

        Args:
            path: The path of the list in the row.
        """
        return None if path in self._closed else self._by_path.get(path)

    def is_closed(self, path: FieldPath) -> bool:
        """Whether rows with something in a list take the side road, whatever it is.

        Args:
            path: The path of the list in the row.
        """
        return path in self._closed

    def kind(self, path: FieldPath, *, times_as_text: bool = False) -> ListKind | None:
        """How Arrow reads a list of the rows; None where it is left to Arrow.

        Args:
            path: The path of the list in the row.
            times_as_text: Whether times are read as text.
        """
        known = self.get(path)
        item = known.kind(times_as_text=times_as_text) if known is not None else None
        found = None if item is None else ListKind(item)
        return None if arrow_type(found) is None else found

    def learn(self, path: FieldPath, items: list[Any]) -> None:
        """Learns the fields of a list's items from a row that dlt's normalizer has taken.

        Args:
            path: The path of the list in the row.
            items: The items, decoded.
        """
        if path in self._closed or not items:
            return
        known = self._by_path.get(path)
        if known is None:
            made = self._items(path, self.tables.deepest - 1)
            if made is None:
                self._closed.add(path)
                return
            known = self._by_path[path] = made
        if not self._learn_items(known, items):
            self._closed.add(path)

    def leaves(self, path: FieldPath, items: list[Any]) -> Iterator[tuple[str, str]]:
        """The tables and columns that the scalars in a list's items go to.

        Args:
            path: The path of the list in the row.
            items: The items, decoded.
        """
        for fields, inner, value in self._all_values(self._begun(path), items):
            if not isinstance(value, list | dict):
                yield fields.table, self.column_name(inner)

    def brings_new(self, path: FieldPath, items: list[Any]) -> bool:
        """Whether a list's items have a field that is not known.

        Args:
            path: The path of the list in the row.
            items: The items, decoded.
        """
        if path in self._closed:
            return False
        return any(
            inner not in fields.by_path
            for fields, inner, _ in self._all_values(self._begun(path), items)
        )

    def column_name(self, path: FieldPath) -> str:
        """The column of a field of items."""
        return self.tables.name_of(path or ("value",))

    def kinds_seen(
        self, path: FieldPath, items: list[Any]
    ) -> Iterator[tuple[ItemField, pa.DataType | None]]:
        """The fields of items with the types as which their values could be read.

        Args:
            path: The path of the list in the row.
            items: The items of a row, decoded.
        """
        known = self.get(path)
        for fields, inner, value in self._all_values(known, items) if known else ():
            each = fields.by_path.get(inner)
            if each is not None and each.column is not None and each.column.type is not None:
                yield each, wire_type(each.column.type, value)

    def _items(self, path: FieldPath, level: int) -> ItemFields | None:
        """Begins a list; None where another one fills the same table, or its items went nowhere."""
        table = self.tables.table_of(path)
        if self._path_of_table.setdefault(table, path) != path or not self.tables.is_made(table):
            return None
        self.tables.keep(table)
        return ItemFields(path, table, level)

    def _begun(self, path: FieldPath) -> ItemFields:
        known = self._by_path.get(path)
        return known or ItemFields(path, self.tables.table_of(path), self.tables.deepest - 1)

    def _learn_items(self, fields: ItemFields, items: list[Any]) -> bool:
        """Learns from items; False where they have something that only the side road takes."""
        for owner, inner, value in self._values(fields, items):
            if inner not in owner.by_path and not self._learn(owner, inner, value):
                return False
            known = owner.by_path.get(inner)
            if known is None or known.items is None or not isinstance(value, list):
                continue
            if not self._learn_items(known.items, value):
                return False
        return True

    def _learn(self, fields: ItemFields, path: FieldPath, value: Any) -> bool:
        if fields.is_object(path) or any(
            path[:length] in fields.by_path for length in range(len(path))
        ):
            # Other items have an object there, or none: those of the first kind are read.
            return True
        if isinstance(value, list):
            items = self._items(*_inner(fields, path)) if self._makes_table(fields, path) else None
            fields.by_path[path] = ItemField(items=items)
            return items is not None
        name = self.column_name(path)
        if isinstance(value, dict) or not name or self.tables.is_own(name):
            return False
        column = self.tables.column(fields.table, name)
        if column is None or column.type is None or not column.nullable or name in fields.columns:
            return False
        wire = wire_type(column.type, value) or default_wire_type(column.type)
        fields.by_path[path] = ItemField(column, wire)
        self.tables.keep(fields.table, name)
        return True

    def _makes_table(self, fields: ItemFields, path: FieldPath) -> bool:
        if path:
            return self.flattens(fields, path)
        # dlt makes an object of a list in a list, which takes a level of its own.
        return fields.level > 1 and not self.tables.is_json(
            fields.table, self.tables.name_of(("list",))
        )

    def _all_values(
        self, fields: ItemFields, items: list[Any]
    ) -> Iterator[tuple[ItemFields, FieldPath, Any]]:
        """The values in items, and in the items of the lists in them."""
        for owner, inner, value in self._values(fields, items):
            yield owner, inner, value
            if isinstance(value, list) and self._makes_table(owner, inner):
                known = owner.by_path.get(inner)
                path, level = _inner(owner, inner)
                made = known.items if known is not None else None
                within = made or ItemFields(path, self.tables.table_of(path), level)
                yield from self._all_values(within, value)

    def _values(
        self, fields: ItemFields, items: list[Any]
    ) -> Iterator[tuple[ItemFields, FieldPath, Any]]:
        """The values in items that are neither null nor empty, with objects taken apart."""
        for item in items:
            if item is None or item == []:
                continue
            if not isinstance(item, dict):
                yield fields, ITSELF, item
                continue
            todo: list[tuple[FieldPath, Mapping[str, Any]]] = [((), item)]
            while todo:
                parent, members = todo.pop()
                for name, value in members.items():
                    path = (*parent, name)
                    if isinstance(value, dict) and self.flattens(fields, path):
                        todo.append((path, value))
                    elif value is not None and value != []:
                        yield fields, path, value

    def flattens(self, fields: ItemFields, path: FieldPath) -> bool:
        """Whether dlt's normalizer makes columns of an object's fields, or a table of a list.

        Args:
            fields: What is known of the items that it is in.
            path: Its path within an item.
        """
        if len(path) > min(fields.level, DEEPEST):
            return False
        return not self.tables.is_json(fields.table, self.tables.name_of(path))

    def are_taken(self, fields: ItemFields, names: list[FieldPath]) -> bool:
        """Whether the names of the fields that came are names that the main road takes.

        A field that is null everywhere matters too: in dlt it empties the column of another one
        that goes to the same.

        Args:
            fields: What is known of the items.
            names: The paths of all fields that came.
        """
        columns = [self.column_name(path) for path in names]
        if len(set(columns)) < len(columns):
            return False
        return not any(
            not name or self.tables.is_own(name) or _NUL in "".join(path)
            for name, path in zip(columns, names, strict=True)
        )


def _inner(fields: ItemFields, path: FieldPath) -> tuple[FieldPath, int]:
    """The path and the level of a list in items."""
    if path:
        return (*fields.path, *path), fields.level - 1
    return (*fields.path, "list"), fields.level - 2
