"""What is known of the fields of a listing's rows: their columns, and how Arrow reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from headrace.core.arrow import pa, pc
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows.casting import default_wire_type, wire_type
from headrace.sansio.rows.column import Column
from headrace.sansio.rows.item_fields import ItemField, ListFields, ListKind, arrow_type
from headrace.sansio.rows.json_rows import FieldPath
from headrace.sansio.rows.loadable import DEEPEST
from headrace.sansio.rows.row_check import RowCheck

NameOf = Callable[[FieldPath], str]
"""Gives the column's name for the path of a field."""
Infer = Callable[[str, Any], Column]
"""Types a new column by its name and its first value that is not null, as dlt does."""
Flattens = Callable[[FieldPath], bool]
"""Says whether an object at a path becomes columns, and a list a table; else they stay JSON."""


@dataclass(slots=True)
class Field:
    """A field of the rows.

    Args:
        column: The column that it fills; None where a row with a value in the field has to take
            the side road.
        wire: The type that Arrow reads it as; None lets Arrow choose, and where there is a column
            nevertheless, it takes empty lists alone.
    """

    column: Column | None
    wire: pa.DataType | None


class Fields:
    """The fields met so far, by their path, and the columns they go to.

    Args:
        columns: The columns that the table has already, by name.
        name_of: Gives the column's name for the path of a field.
        infer: Types a new column by its name and its first value that is not null.
        flattens: Says whether an object at a path is taken apart into columns, and a list into a
            table; else they stay JSON.

    Attributes:
        lists: What is known of the lists of the rows; None where all rows with lists take the side
            road.
        whole: The columns of the lists and objects that fill one column as they are, by their path.
            One without a type is filled by the side road; one of texts gets the JSON of lists, of
            which the main road takes the empty ones.
        keeps_empty_lists: Whether an empty list is something: where lists become child tables, it
            is nothing.
        is_closed: Whether no further columns can come.
        whole: The columns of the lists and objects that fill one column as they are, by their path.
            One without a type is filled by the side road; one of texts gets the JSON of lists, of
            which the main road takes the empty ones.
        keeps_empty_lists: Whether an empty list is something: where it would fill a child table, it
            is not.
        is_closed: Whether no further columns can come.
    """

    def __init__(
        self, columns: Mapping[str, Column], name_of: NameOf, infer: Infer, flattens: Flattens
    ) -> None:
        self.lists: ListFields | None = None
        self.whole: dict[FieldPath, Column] = {}
        self.keeps_empty_lists = False
        self.is_closed = False
        self.columns = dict(columns)
        self.name_of = cache(name_of)
        self._infer = infer
        self.flattens = cache(flattens)
        self._by_path: dict[FieldPath, Field] = {}
        self._taken: set[str] = set()
        self._objects: set[FieldPath] = set()
        self.new_columns: list[str] = []

    def get(self, path: FieldPath) -> Field | None:
        """The field at a path, or None where it never had a value."""
        return self._by_path.get(path)

    def typed_columns(self) -> dict[str, Column]:
        """The columns that the main road fills, by name."""
        return {name: each for name, each in self.columns.items() if each.type is not None}

    def is_filled(self, column_name: str) -> bool:
        """Whether a field with a value goes to a column.

        Args:
            column_name: The name of the column.
        """
        return column_name in self._taken

    def stays_whole(self, path: FieldPath) -> bool:
        """Whether an object is not taken apart into columns.

        Args:
            path: The path of the object.
        """
        known = self._by_path.get(path)
        is_apart = known is not None and known.column is None and path not in self._objects
        return is_apart or not self._can_flatten(path)

    def wire_schema(self, *, times_as_text: bool = False) -> pa.Schema:
        """The schema to read the rows with, as far as the fields are known.

        Args:
            times_as_text: Whether times are read as text, for rows with times that Arrow refuses.
        """
        tree = self._tree(lambda known: known.wire, times_as_text=times_as_text)
        if times_as_text:
            tree = _times_as_text(tree)
        return pa.schema(list(_arrow_fields(tree)))

    def row_check(self) -> RowCheck:
        """A check that takes exactly the rows whose values are of the kinds that are read."""
        return RowCheck(self._tree(lambda known: known.wire if known.column else None))

    def _tree(
        self, kind_of: Callable[[Field], pa.DataType | None], *, times_as_text: bool = False
    ) -> dict[str, Any]:
        """The kinds of the fields, with those in an object nested under its name."""
        tree: dict[str, Any] = {}
        for path, known in self._by_path.items():
            place = tree
            for step in path[:-1]:
                place = place.setdefault(step, {})
            of_list = None
            if self.lists is not None and known.column is None:
                of_list = self.lists.kind(path, times_as_text=times_as_text)
            # A field that is an object in other rows stays one.
            place.setdefault(path[-1], of_list or kind_of(known))
        return tree

    def source_of(self, column_name: str) -> str:
        """The name that the API gives the field of a column, with dots where it is nested."""
        for path, known in self._by_path.items():
            if known.column is not None and known.column.name == column_name:
                return ".".join(path)
        return column_name

    def meet(self, paths: Iterable[FieldPath]) -> bool:
        """Whether several fields go to the same column."""
        names = [self.name_of(path) for path in paths]
        return len(set(names)) < len(names)

    def learn_from(self, row: Mapping[str, Any]) -> None:
        """Learns the new fields of a decoded row that have a value."""
        # Where several fields go to one column, dlt lets the last one fill it, and so type it.
        filling: dict[str, tuple[FieldPath, Any]] = {}
        for path, value in self.values_in(row, with_nulls=True):
            is_list = isinstance(value, list)
            filling[f"{path} " if is_list else self.name_of(path)] = (path, value)
        for path, value in filling.values():
            if value is not None and path not in self._by_path:
                self._plan(path, value)
            if isinstance(value, list) and self._is_taken_apart(path):
                assert self.lists is not None
                self.lists.learn(path, value)

    def _is_taken_apart(self, path: FieldPath) -> bool:
        """Whether the items of a list may take the main road."""
        if self.lists is None or not self._can_flatten(path) or path in self._objects:
            return False
        known = self._by_path.get(path)
        return known is not None and known.column is None

    def is_open_list(self, path: FieldPath) -> bool:
        """Whether the items of a list may take the main road.

        Args:
            path: The path of the list.
        """
        return (
            self.lists is not None and not self.lists.is_closed(path) and self._is_taken_apart(path)
        )

    def new_in_lists(self, row: Mapping[str, Any]) -> set[str]:
        """The columns of child tables that no row has brought yet.

        Args:
            row: A decoded row.
        """
        if self.lists is None:
            return set()
        return {
            f"{table} {name}"
            for path, items in self.lists_in(row)
            for table, name in self.lists.leaves(path, items)
            if self.lists.tables.column(table, name) is None
        }

    def brings_new_items(self, row: Mapping[str, Any]) -> bool:
        """Whether a list of a row has items with a field that is not known.

        Args:
            row: A decoded row.
        """
        return any(
            self.lists is not None and self.lists.brings_new(path, items)
            for path, items in self.lists_in(row)
        )

    def lists_in(self, row: Mapping[str, Any]) -> Iterator[tuple[FieldPath, list[Any]]]:
        """The lists of a decoded row whose items may take the main road."""
        if self.lists is None:
            return
        for path, value in self.values_in(row):
            if (
                isinstance(value, list)
                and self._can_flatten(path)
                and (path not in self._by_path or self._is_taken_apart(path))
            ):
                yield path, value

    def learn_kinds(self, rows: Iterable[Mapping[str, Any]]) -> bool:
        """Looks for fields whose values are of another kind than they are read as.

        Args:
            rows: A few decoded rows. A field that has the expected kind in one of them stays as it
                is.

        Returns:
            Whether a field is read as another type from now on.
        """
        kinds: dict[int, tuple[Field | ItemField, list[pa.DataType]]] = {}
        for row in rows:
            for known, seen in self._kinds_seen(row):
                seen_kinds = kinds.setdefault(id(known), (known, []))[1]
                seen_kinds.extend([seen] if seen is not None else [])
        changed = False
        for known, seen_kinds in kinds.values():
            if seen_kinds and known.wire not in seen_kinds:
                known.wire = seen_kinds[0]
                changed = True
        return changed

    def _kinds_seen(
        self, row: Mapping[str, Any]
    ) -> Iterator[tuple[Field | ItemField, pa.DataType | None]]:
        """The fields of a row, and of its lists, with the types as which they could be read."""
        for path, value in self.values_in(row):
            known = self._by_path.get(path)
            if isinstance(value, list) and self._is_taken_apart(path):
                assert self.lists is not None
                yield from self.lists.kinds_seen(path, value)
            elif known is not None and known.column is not None and known.wire is not None:
                yield known, wire_type(known.column.type, value)

    def learn_unknown(
        self,
        found: Iterable[tuple[FieldPath, Any]],
        value_at: Callable[[int, FieldPath], Any],
    ) -> bool:
        """Learns the fields that Arrow found by itself.

        Args:
            found: The path and the values of each field that was read.
            value_at: Gives the value of a field by the place of its row in the batch, from 0, and
                its path.

        Returns:
            Whether one of them has to be read again, since its type is not the one Arrow chose.
        """
        reread = False
        for path, values in found:
            if path in self._by_path or values.null_count == len(values):
                continue
            # Not by `pc.index`: a scalar has Arrow import pandas, where that is installed.
            first = pc.indices_nonzero(pc.is_valid(values))[0].as_py()
            planned = self._plan(path, value_at(first, path))
            wire = planned.wire
            # Lists that Arrow has typed by itself may be wrong, though their type is right.
            reread = reread or (
                wire is not None and (wire != values.type or pa.types.is_nested(wire))
            )
        return reread

    def values_in(
        self, row: Mapping[str, Any], *, with_nulls: bool = False
    ) -> Iterator[tuple[FieldPath, Any]]:
        """Goes through the fields of a decoded row, with objects taken apart.

        Args:
            row: The decoded row.
            with_nulls: Whether fields that are null come too.

        Yields:
            The path and the value of each field, in the order in which dlt fills columns: the
            fields of an object come after those beside the object, the last object first.
        """
        todo: list[tuple[FieldPath, Mapping[str, Any]]] = [((), row)]
        while todo:
            parent, fields = todo.pop()
            for name, value in fields.items():
                path = (*parent, name)
                if isinstance(value, dict) and self._takes_apart(path):
                    todo.append((path, value))
                elif value is not None or with_nulls:
                    yield path, value

    def _takes_apart(self, path: FieldPath) -> bool:
        is_new = path not in self._by_path
        return (is_new or path in self._objects) and self._can_flatten(path)

    def _can_flatten(self, path: FieldPath) -> bool:
        # A row that nests deeper is refused: a name for each level takes time in the square of it.
        return len(path) <= DEEPEST and self.flattens(path)

    def _plan(self, path: FieldPath, value: Any) -> Field:
        planned = self._by_path[path] = self._planned(path, value)
        self._objects.update(path[:length] for length in range(1, len(path)))
        return planned

    def _planned(self, path: FieldPath, value: Any) -> Field:
        column_name = self.name_of(path)
        is_free = column_name not in self._taken and path not in self._objects
        if not is_free:
            return Field(None, None)
        if isinstance(value, dict | list):
            return self._planned_whole(path)
        column = self.columns.get(column_name)
        if column is None and not self.is_closed:
            column = self._infer(column_name, value)
            if column.type is not None:
                self.columns[column_name] = column
                self.new_columns.append(column_name)
        self._taken.add(column_name)
        if column is None or column.type is None:
            return Field(None, None)
        wire = wire_type(column.type, value) or default_wire_type(column.type)
        return Field(column, wire)

    def _planned_whole(self, path: FieldPath) -> Field:
        whole = self.whole.get(path)
        if whole is None or (self.is_closed and whole.name not in self.columns):
            return Field(None, None)
        if self.columns.setdefault(whole.name, whole) is not whole or whole.type is None:
            return Field(None, None)
        self._taken.add(whole.name)
        self.new_columns.append(whole.name)
        return Field(whole, whole.type if pa.types.is_nested(whole.type) else None)


def _times_as_text(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _times_as_text(kind)
        if isinstance(kind, dict)
        else pa.string()
        if isinstance(kind, pa.DataType) and pa.types.is_timestamp(kind)
        else kind
        for name, kind in tree.items()
    }


def _arrow_fields(tree: Mapping[str, Any]) -> Iterator[pa.Field]:
    for name, value in tree.items():
        if isinstance(value, dict):
            inner = list(_arrow_fields(value))
            # An object of which nothing is known is left to Arrow, as is a field of its own.
            if inner:
                yield pa.field(name, pa.struct(inner))
        elif isinstance(value, ListKind):
            yield pa.field(name, arrow_type(value))
        elif value is not None:
            yield pa.field(name, value)
