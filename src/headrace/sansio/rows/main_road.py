"""Types whole batches of rows in Arrow, and sets apart the rows that it cannot take exactly.

It rests on what Arrow's JSON reader was seen to do (pyarrow 26):

- One value that does not fit its type fails the whole call, and seldom does the error name the row.
- It reads ISO times with a zone into timestamps, but refuses nanoseconds, compact dates, epoch
  numbers, a number written as text and text where a number is due.
- Types of its own choice are not dlt's: integers above 64 bits become floats without an error. So
  they only tell that a field is new, and dlt's detection types the field by its first value.
- A row that is `null` becomes a row of nulls, and a key that is twice in a row fails the call.
- Brackets nested 100,000 deep crash the process: a reader with a bound must have read them before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from headrace.core.arrow import constant_numbers, pa, pc
from headrace.core.exceptions import RowError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows.casting import cast_exactly, empty_lists
from headrace.sansio.rows.column import Column
from headrace.sansio.rows.column_room import AnyColumns, ColumnRoom
from headrace.sansio.rows.fields import Fields
from headrace.sansio.rows.item_tables import ItemRows, joined, without
from headrace.sansio.rows.json_rows import FieldPath, decode_row, leaf_columns, rows_to_blame
from headrace.sansio.rows.list_reader import ListReader
from headrace.sansio.rows.loadable import DEEPEST
from headrace.sansio.rows.side_road import Refuses, RejectedRow, SideRoad, SideRow, takes_any

# A batch that Arrow refuses is cut in so many parts, down to parts of so many rows.
_CUTS = 8
_SMALLEST_BATCH = 64
# Before that the rows to blame are looked for: by what Arrow says, then by the kinds of values.
_LOOKS = 2
# So many rows are decoded to learn in what kinds the fields come.
_SAMPLES = 5
# Reading again pays only while each try teaches something about the fields.
_READS = 4

_NULL = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class TypedBatch:
    """A batch of rows, typed or set apart.

    Args:
        table: The rows of the main road, in their order; it has no rows where none was taken.
        places: The place of each row of the table in the batch, from 0; None where the table holds
            the whole batch.
        side_rows: The rows that did not fit, in their order.
        rejected: The rows that cannot be loaded at all.
        new_columns: The names of the columns first seen in this batch, in the order of the rows.
        items: The rows of child tables that belong to the rows of the table, those of a list before
            those of the lists in it.
    """

    table: pa.Table
    places: list[int] | None
    side_rows: list[SideRow]
    rejected: list[RejectedRow]
    new_columns: list[str]
    items: list[ItemRows]


class _Part(NamedTuple):
    """Some rows of a batch, typed, with the rows of their lists."""

    table: pa.Table
    items: list[ItemRows]


class MainRoad:
    """The way of most rows: JSON bytes to typed Arrow columns, no Python object in between.

    Args:
        fields: What is known of the rows' fields; it learns from each batch.
        required: The names of the columns that must have a value in each row.
        refuses: Says why a value cannot go to a column even by the side road, or None where it
            can; called with the column's name and the value.
        room: Whether the table has a place for all of a row.
        is_open: Whether rows may take the main road at all; otherwise all take the side road.
        exact: Whether fractions in rows of the side road become decimals, which keep each digit,
            and not floats.
    """

    def __init__(
        self,
        fields: Fields,
        required: Collection[str] = (),
        refuses: Refuses = takes_any,
        room: ColumnRoom | None = None,
        *,
        is_open: bool = True,
        exact: bool = False,
    ) -> None:
        self._is_open = is_open
        self._fields = fields
        self._required = sorted(required)
        self._room = room or AnyColumns()
        self._side_road = SideRoad(fields, required, refuses, self._room, exact=exact)
        self._lists = ListReader(fields)

    def type_rows(self, rows: Sequence[msgspec.Raw]) -> TypedBatch:
        """Types a batch of rows, and sets apart those that do not fit.

        Args:
            rows: The JSON of each row.
        """
        self._fields.new_columns = []
        self._side_road.begin_batch()
        parts: list[_Part] = []
        self._take_objects(rows, parts)
        side_rows, apart = self._side_road.set_apart(rows)
        return TypedBatch(
            self._combined([each.table for each in parts]),
            [place for place in range(len(rows)) if place not in apart] if apart else None,
            side_rows,
            self._side_road.rejected,
            self._fields.new_columns,
            joined([(each.table.num_rows, each.items) for each in parts]),
        )

    def is_filled(self, column_name: str) -> bool:
        """Whether a value has come for a column.

        Args:
            column_name: The name of the column.
        """
        return self._fields.is_filled(column_name)

    def _take_objects(self, rows: Sequence[msgspec.Raw], parts: list[_Part]) -> None:
        # Arrow makes a row of nulls of a null, or crashes; other rows that are no objects it
        # refuses.
        if _NULL in rows:
            self._side_road.take([row for row in rows if row == _NULL])
            rows = [row for row in rows if row != _NULL]
        if not self._is_open:
            self._side_road.take(rows)
        elif rows:
            first = _decoded(rows[0])
            if self._side_road.objection(first) is None:
                self._fields.learn_from(first)
            self._take(rows, parts)

    def _take(self, rows: Sequence[msgspec.Raw], parts: list[_Part], looks: int = _LOOKS) -> None:
        """Reads rows; where Arrow refuses the batch, finds the rows that are to blame.

        First by what the error says, then by the kinds of all values, then with times as text, and
        at last by cutting the batch into parts.
        """
        read = self._read(rows)
        if isinstance(read, pa.Table):
            self._sort_out(read, rows, parts)
            return
        suspects: set[int] = set()
        if looks == _LOOKS:
            suspects = rows_to_blame(read, rows)
            looks -= 1
        if looks and not suspects:
            check = self._fields.row_check()
            suspects = {place for place, row in enumerate(rows) if not check.passes(row)}
            looks -= 1
        if suspects:
            self._learn_before(sorted(suspects), rows)
            self._side_road.take([rows[place] for place in sorted(suspects)])
            rows = [row for place, row in enumerate(rows) if place not in suspects]
            if rows:
                self._take(rows, parts, looks)
            return
        read = self._read(rows, times_as_text=True)
        if isinstance(read, pa.Table):
            self._sort_out(read, rows, parts)
        elif len(rows) <= _SMALLEST_BATCH:
            self._side_road.take(rows)
        else:
            for part in _cut(rows):
                self._take(part, parts, looks=0)

    def _learn_before(self, places: Sequence[int], rows: Sequence[msgspec.Raw]) -> None:
        """Learns the fields of rows that are about to be set apart from those before them.

        As in dlt, the first value of all types a column, whichever road its row takes.
        """
        seen = 0
        for place in places:
            new = self._new_in(_decoded(rows[place]))
            while new and seen < place:
                earlier = _decoded(rows[seen])
                seen += 1
                # Also where it brings what only a later one of the rows has: it is not seen again.
                if self._new_in(earlier) and self._side_road.objection(earlier) is None:
                    self._fields.learn_from(earlier)
                    new = self._new_in(_decoded(rows[place]))

    def _new_in(self, row: Mapping[str, Any]) -> set[str]:
        """The columns that the fields of a row could get, and that are not there yet."""
        return {
            name
            for path, value in self._fields.values_in(row)
            if not isinstance(value, list | dict)
            and (name := self._fields.name_of(path)) not in self._fields.columns
        } | self._fields.new_in_lists(row)

    def _read(
        self, rows: Sequence[msgspec.Raw], *, times_as_text: bool = False
    ) -> pa.Table | pa.ArrowInvalid:
        """The rows as Arrow reads them, or its reason to refuse them."""
        lines = b"\n".join(rows)
        refusal = pa.ArrowInvalid("fields change with each reading")
        samples = rows[:: max(1, len(rows) // _SAMPLES)]
        for _ in range(_READS):
            try:
                schema = self._fields.wire_schema(times_as_text=times_as_text)
                table = _read_lines(lines, schema)
            except pa.ArrowInvalid as error:
                refusal = error
                if not self._fields.learn_kinds(map(_decoded, samples)):
                    return refusal
                continue
            found = list(leaf_columns(table, self._fields.stays_whole))
            if self._fields.meet(path for path, _ in found):
                return table
            if any(len(path) > DEEPEST for path, _ in found):
                return pa.ArrowInvalid("a row nests too deeply for its fields to be columns")
            if not self._room.has_room(sum(self._fields.get(path) is None for path, _ in found)):
                return pa.ArrowInvalid("the rows bring more columns than the table can have")
            try:
                reread = self._fields.learn_unknown(found, partial(_value_at, rows))
            except pa.ArrowInvalid as error:
                return error
            decoded = map(_decoded, rows)
            if not (self._lists.learn(found, decoded, self._side_road.objection) or reread):
                return table
        return refusal

    def _sort_out(self, table: pa.Table, rows: Sequence[msgspec.Raw], parts: list[_Part]) -> None:
        """Casts each column, and takes the rows that do not fit off the table."""
        columns: dict[str, pa.ChunkedArray] = {}
        items: list[ItemRows] = []
        misfits: pa.ChunkedArray | None = None
        found = list(leaf_columns(table, self._fields.stays_whole))
        if not self._fields.typed_columns() or self._fields.meet(path for path, _ in found):
            # Without columns a table could not even count its rows; and where fields meet in one
            # column, even a null counts.
            self._side_road.take(rows)
            return
        for path, values in found:
            known = self._fields.get(path)
            if known is None or values.null_count == len(values):
                continue
            if known.column is None and self._lists.can_take(path, values):
                of_lists, marks = self._lists.take(path, values)
                items.extend(of_lists)
            elif known.column is None or known.column.type is None:
                vanishes = not self._fields.keeps_empty_lists and self._fields.flattens(path)
                marks = _with_content(values, leaves_no_trace=vanishes)
            elif known.wire is None:
                columns[known.column.name], marks = empty_lists(values)
            else:
                columns[known.column.name], marks = cast_exactly(values, known.column.type)
            if marks is not None:
                misfits = marks if misfits is None else pc.or_(misfits, marks)
        typed = self._table(columns, len(rows))
        if misfits is not None:
            self._side_road.take([rows[at] for at in pc.indices_nonzero(misfits).to_pylist()])
            typed = typed.filter(pc.invert(misfits))
            items = without(items, pc.invert(misfits)) if items else []
            rows = [row for row, apart in zip(rows, misfits.to_pylist(), strict=True) if not apart]
        parts.append(self._with_required(_Part(typed, items), rows))

    def _table(self, columns: Mapping[str, pa.ChunkedArray], row_count: int) -> pa.Table:
        """All known columns in their order, null where the batch has none."""
        known = self._fields.typed_columns()
        arrays = [
            columns[name] if name in columns else pa.nulls(row_count, column.type)
            for name, column in known.items()
        ]
        return pa.table(arrays, schema=_schema(known.values()))

    def _combined(self, tables: Sequence[pa.Table]) -> pa.Table:
        schema = _schema(self._fields.typed_columns().values())
        filled = [_widened(table, schema) for table in tables]
        return pa.concat_tables(filled).combine_chunks() if filled else schema.empty_table()

    def _with_required(self, part: _Part, rows: Sequence[msgspec.Raw]) -> _Part:
        """The part without the rows that lack a value which the table requires."""
        table, items = part
        for name in self._required if rows else []:
            known = name in table.column_names
            absent = pc.is_null(table.column(name)) if known else pa.repeat(True, len(rows))
            if not pc.any(absent).as_py():
                continue
            marks = absent.to_pylist()
            reason = self._side_road.no_value(name, _decoded(rows[marks.index(True)]))
            for row, is_absent in zip(rows, marks, strict=True):
                if is_absent:
                    self._side_road.reject(row, reason)
            rows = [row for row, is_absent in zip(rows, marks, strict=True) if not is_absent]
            table = table.filter(pc.invert(absent))
            items = without(items, pc.invert(absent)) if items else []
        return _Part(table, items)


def _read_lines(lines: bytes, schema: pa.Schema) -> pa.Table:
    """Reads rows, with fields that the schema does not have in types of Arrow's choice.

    Raises:
        pyarrow.ArrowInvalid: A value does not fit; rarely does it say in which row.
    """
    import pyarrow.json

    return pyarrow.json.read_json(
        pa.BufferReader(lines),
        # One block: a row on the edge of two, or null and then an object, would fail.
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(lines) + 64),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="infer"
        ),
    )


def _decoded(row: msgspec.Raw) -> dict[str, Any]:
    """The row for a look at its fields; none of them where it cannot be read."""
    try:
        return decode_row(row)
    except RowError:
        return {}


def _value_at(rows: Sequence[msgspec.Raw], place: int, path: FieldPath) -> Any:
    """The value of a field that Arrow found.

    Raises:
        pyarrow.ArrowInvalid: Arrow sees a field there, but no other reader does. It names the row
            as Arrow's own errors do.
    """
    value: Any = _decoded(rows[place])
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        raise pa.ArrowInvalid(f"only Arrow reads the field {'.'.join(path)!r} in row {place}")
    return value


def _with_content(values: pa.ChunkedArray, *, leaves_no_trace: bool) -> pa.ChunkedArray:
    """Marks the values that the side road has to take.

    Args:
        values: The values of a field that no column is typed for.
        leaves_no_trace: Whether an empty list of this field would show in no table, so that the
            side road need not take it.
    """
    if leaves_no_trace and pa.types.is_list(values.type):
        none = constant_numbers(0, len(values))
        return pc.greater(pc.coalesce(pc.list_value_length(values).cast(pa.int64()), none), none)
    return pc.is_valid(values)


def _schema(columns: Collection[Column]) -> pa.Schema:
    return pa.schema([pa.field(each.name, each.type, each.nullable) for each in columns])


def _widened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns that later rows brought."""
    for name in schema.names[table.num_columns :]:
        kind = schema.field(name)
        table = table.append_column(kind, pa.nulls(table.num_rows, kind.type))
    return table


def _cut(rows: Sequence[msgspec.Raw]) -> Iterator[Sequence[msgspec.Raw]]:
    size = max(_SMALLEST_BATCH, -(-len(rows) // _CUTS))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
