"""Makes rows of child tables of the lists that Arrow has read, where all in them is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from headrace.core.arrow import constant_numbers, constant_texts, pa, pc
from headrace.sansio.rows.casting import cast_exactly
from headrace.sansio.rows.column import Column
from headrace.sansio.rows.fields import Fields
from headrace.sansio.rows.item_fields import ITSELF, ItemFields, ListFields, arrow_type
from headrace.sansio.rows.item_tables import ItemRows, as_array, without_columns
from headrace.sansio.rows.json_rows import FieldPath


class ListReader:
    """Takes the lists of rows apart, as far as all that is in them is known.

    Args:
        fields: What is known of the rows' fields, and of their lists.
    """

    def __init__(self, fields: Fields) -> None:
        self._of_rows = fields

    @property
    def _fields(self) -> ListFields:
        assert self._of_rows.lists is not None
        return self._of_rows.lists

    def learn(
        self,
        found: Iterable[tuple[FieldPath, pa.ChunkedArray]],
        rows: Iterable[dict[str, Any]],
        objection: Callable[[dict[str, Any]], str | None],
    ) -> bool:
        """Learns what items of lists bring, in the order of the rows.

        Args:
            found: The path and the values of each field that was read.
            rows: The rows, decoded when they are asked for.
            objection: Has dlt's normalizer look at a row, and says why it cannot be loaded, if so.

        Returns:
            Whether the rows have to be read again.
        """
        lacking = [each for each in found if self._is_open(*each) and self._lacks(*each)]
        has_learned = False
        for row in rows if lacking else ():
            if not self._of_rows.brings_new_items(row) or objection(row) is not None:
                continue
            self._of_rows.learn_from(row)
            has_learned = True
            lacking = [each for each in lacking if self._is_open(*each) and self._lacks(*each)]
            if not lacking:
                break
        return has_learned

    def _is_open(self, path: FieldPath, values: pa.ChunkedArray) -> bool:
        return pa.types.is_list(values.type) and self._of_rows.is_open_list(path)

    def _lacks(self, path: FieldPath, values: pa.ChunkedArray) -> bool:
        """Whether lists have items of which something is not known yet.

        It looks at types alone: what Arrow has found by itself may be wrong, and break at a look.
        Fields that are null or empty everywhere bring nothing.

        Args:
            path: The path of the list in the rows.
            values: The lists as Arrow has read them.
        """
        return not self._knows(self._fields.get(path), values.type.value_type)

    def can_take(self, path: FieldPath, values: pa.ChunkedArray) -> bool:
        """Whether a field has lists all of whose items can become rows, if their values fit.

        Args:
            path: The path of the field.
            values: Its values as Arrow has read them.
        """
        if not self._is_open(path, values):
            return False
        known = self._fields.get(path)
        if known is None or not known.by_path or self._lacks(path, values):
            return False
        if values.type.equals(arrow_type(self._fields.kind(path)) or pa.null()):
            return True
        item = values.type.value_type
        if not (self._is_as_known(known, item) and self._names_are_taken(known, item)):
            return False
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            return False
        return self._has_no_more(known, as_array(values).flatten())

    def take(
        self, path: FieldPath, values: pa.ChunkedArray
    ) -> tuple[list[ItemRows], pa.ChunkedArray | None]:
        """The rows of the child tables, those of a list before those of the lists in it.

        Args:
            path: The path of the list in the rows, all of whose items are known.
            values: The lists as Arrow has read them.

        Returns:
            The rows, and marks of the rows of the listing that do not fit; None where all do.
        """
        known = self._fields.get(path)
        assert known is not None
        found: list[ItemRows] = []
        misfits: list[pa.Array] = []
        places = pa.arange(0, len(values))
        self._take(known, None, as_array(values), places, found, misfits)
        if not misfits:
            return found, None
        unfit = pa.concat_arrays(misfits).unique()
        return found, pc.is_in(pa.chunked_array([places]), value_set=unfit)

    def _take(
        self,
        fields: ItemFields,
        parent: str | None,
        lists: pa.ListArray,
        roots_of_lists: pa.Array,
        found: list[ItemRows],
        misfits: list[pa.Array],
    ) -> None:
        items = lists.flatten()
        if not len(items):
            return
        parents = pc.list_parent_indices(lists)
        roots = roots_of_lists.take(parents)
        inner: list[tuple[ItemFields, pa.Array]] = []
        columns: dict[str, pa.ChunkedArray] = {}
        for path, values in self._leaves(fields, items):
            known = fields.by_path.get(path)
            if known is None or pa.types.is_null(values.type):
                continue
            if known.items is not None:
                inner.append((known.items, values))
            elif known.column is not None and known.column.type is not None:
                column, marks = cast_exactly(pa.chunked_array([values]), known.column.type)
                columns[known.column.name] = column
                misfits.extend(roots.filter(as_array(each)) for each in self._marks(column, marks))
        found.append(
            ItemRows(
                fields.table,
                parent,
                _table(columns, fields.columns, len(items)),
                parents,
                roots,
                places_in_lists(lists, parents),
            )
        )
        for within, values in inner:
            self._take(within, fields.table, values, roots, found, misfits)

    def _marks(
        self, column: pa.ChunkedArray, marks: pa.ChunkedArray | None
    ) -> Iterator[pa.ChunkedArray]:
        if marks is not None:
            yield marks
        if not self._fields.takes_empty_texts and pa.types.is_string(column.type):
            yield pc.is_in(column, value_set=constant_texts("", 1))

    def _knows(self, fields: ItemFields | None, item: pa.DataType) -> bool:
        """Whether all that items of a type may bring is known."""
        if fields is None or not fields.by_path:
            return _brings_nothing(item)
        for path, kind in self._kinds(fields, item):
            known = fields.by_path.get(path)
            if _brings_nothing(kind):
                continue
            if known is None:
                return False
            if pa.types.is_list(kind) and not self._knows(known.items, kind.value_type):
                return False
        return True

    def _is_as_known(self, fields: ItemFields, item: pa.DataType) -> bool:
        """Whether Arrow was told the type of each field that is known."""
        return any(
            self._is_read_as(fields, item, times_as_text=as_text) for as_text in (False, True)
        )

    def _is_read_as(self, fields: ItemFields, item: pa.DataType, *, times_as_text: bool) -> bool:
        for path, kind in self._kinds(fields, item):
            known = fields.by_path.get(path)
            if known is None or pa.types.is_null(kind):
                continue
            if known.items is not None:
                if not pa.types.is_list(kind) or not self._is_read_as(
                    known.items, kind.value_type, times_as_text=times_as_text
                ):
                    return False
                continue
            wire = known.wire
            if times_as_text and wire is not None and pa.types.is_timestamp(wire):
                wire = pa.string()
            if kind != wire:
                return False
        return True

    def _names_are_taken(self, fields: ItemFields, item: pa.DataType) -> bool:
        kinds = list(self._kinds(fields, item))
        if not self._fields.are_taken(fields, [path for path, _ in kinds]):
            return False
        for path, kind in kinds:
            known = fields.by_path.get(path)
            if known is None or known.items is None or not pa.types.is_list(kind):
                continue
            if not self._names_are_taken(known.items, kind.value_type):
                return False
        return True

    def _has_no_more(self, fields: ItemFields, items: pa.Array) -> bool:
        """Whether lists that are not known are empty: those of nulls bring rows."""
        for path, values in self._leaves(fields, items):
            if not pa.types.is_list(values.type):
                continue
            known = fields.by_path.get(path)
            inner = values.flatten()
            if known is None or known.items is None or not known.items.by_path:
                if len(inner):
                    return False
            elif not self._has_no_more(known.items, inner):
                return False
        return True

    def _kinds(
        self, fields: ItemFields, item: pa.DataType, path: FieldPath = ITSELF
    ) -> Iterator[tuple[FieldPath, pa.DataType]]:
        """The types of the fields of items, with objects taken apart."""
        if not pa.types.is_struct(item) or (path and not self._fields.flattens(fields, path)):
            yield path, item
            return
        for each in item:
            yield from self._kinds(fields, each.type, (*path, each.name))

    def _leaves(
        self, fields: ItemFields, items: pa.Array, path: FieldPath = ITSELF
    ) -> Iterator[tuple[FieldPath, pa.Array]]:
        """The fields of items, with objects taken apart; the items themselves if they are none."""
        if not pa.types.is_struct(items.type) or (path and not self._fields.flattens(fields, path)):
            yield path, items
            return
        # flatten() hands the parent's nulls down to the fields.
        for each, inner in zip(items.type, items.flatten(), strict=True):
            yield from self._leaves(fields, inner, (*path, each.name))


def places_in_lists(lists: pa.ListArray, parents: pa.Array) -> pa.Array:
    """The place of each item in its list, from 0.

    Args:
        lists: The lists.
        parents: For each item the place of its list among them.
    """
    known = pc.list_value_length(lists).cast(pa.int64())
    lengths = pc.coalesce(known, constant_numbers(0, len(lists)))
    starts = pc.subtract(pc.cumulative_sum(lengths), lengths)
    return pc.subtract(pa.arange(0, len(parents)), starts.take(parents))


def _table(
    columns: dict[str, pa.ChunkedArray], known: dict[str, Column], row_count: int
) -> pa.Table:
    """All known columns, null where no item has one."""
    schema = pa.schema([pa.field(name, each.type) for name, each in known.items()])
    arrays = [
        columns[each.name] if each.name in columns else pa.nulls(row_count, each.type)
        for each in schema
    ]
    return pa.table(arrays, schema=schema) if arrays else without_columns(row_count)


def _brings_nothing(kind: pa.DataType) -> bool:
    """Whether values of a type are null or empty lists, or lists of such."""
    return pa.types.is_null(kind) or (pa.types.is_list(kind) and _brings_nothing(kind.value_type))
