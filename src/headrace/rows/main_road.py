"""Types whole batches of rows in Arrow, and sets apart the rows that it cannot take exactly."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from headrace.exceptions import RowError
from headrace.rows.casting import cast_exactly, default_wire_type, wire_type
from headrace.rows.column import Column

# A batch that Arrow refuses is cut in so many parts, down to parts of so many rows.
_CUTS = 8
_SMALLEST_BATCH = 64
# Reading again pays only while each try teaches something about the fields.
_READS = 4
_SHOWN = 200

_ROW = msgspec.json.Decoder(dict[str, Any])

NameOf = Callable[[str], str]
Infer = Callable[[str, Any], Column]


@dataclass(frozen=True, slots=True)
class Parted:
    """A batch of rows, typed or set apart.

    Args:
        table: the rows of the main road, in their order; none of them when it has no rows.
        side_rows: the decoded rows that did not fit, in their order.
        new_columns: columns first seen in this batch, in the order of the rows.
    """

    table: pa.Table
    side_rows: list[dict[str, Any]]
    new_columns: list[str]


@dataclass(slots=True)
class _Field:
    """A field of the rows: where it goes and how it is read."""

    column: Column | None
    wire: pa.DataType | None


@dataclass(slots=True)
class _Pieces:
    tables: list[pa.Table] = field(default_factory=list)
    side_rows: list[dict[str, Any]] = field(default_factory=list)


class MainRoad:
    """The way of most rows: JSON bytes to typed Arrow columns, no Python object in between.

    Args:
        columns: of the table, as known so far, by name.
        required: names of columns that must have a value in each row, known or not.
        name_of: gives a field its column's name.
        infer: types a new column by its name and its first value that is not null.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        required: Collection[str],
        name_of: NameOf,
        infer: Infer,
    ) -> None:
        self._columns = dict(columns)
        self._required = sorted(required)
        self._name_of = name_of
        self._infer = infer
        self._fields: dict[str, _Field] = {}
        self._taken: set[str] = set()
        self._new: list[str] = []

    def part(self, rows: Sequence[msgspec.Raw]) -> Parted:
        """Types a batch of rows.

        Args:
            rows: each the JSON of one row.

        Raises:
            RowError: a row is not an object, or lacks a value that its table requires.
        """
        self._new = []
        pieces = _Pieces()
        if rows:
            self._learn_from(_decode_row(rows[0]))
            self._take(rows, pieces)
        table = self._combined(pieces.tables)
        return Parted(table, pieces.side_rows, self._new)

    def _take(self, rows: Sequence[msgspec.Raw], pieces: _Pieces) -> None:
        table = self._read(rows)
        if table is not None:
            self._sort_out(table, rows, pieces)
        elif len(rows) <= _SMALLEST_BATCH:
            self._set_apart(rows, pieces)
        else:
            for part in _cut(rows):
                self._take(part, pieces)

    def _set_apart(self, rows: Sequence[msgspec.Raw], pieces: _Pieces) -> None:
        for row in rows:
            decoded = _decode_row(row)
            self._learn_from(decoded)
            self._require_values(decoded, row)
            pieces.side_rows.append(decoded)

    def _read(self, rows: Sequence[msgspec.Raw]) -> pa.Table | None:
        """The rows as Arrow reads them; None when it refuses them as they are."""
        buffer = _lines(rows)
        for _ in range(_READS):
            try:
                table = _read_json(buffer, self._wire_schema())
            except pa.ArrowInvalid:
                if not self._learn_kinds(rows):
                    return None
                continue
            if not self._learn_fields(table, rows):
                return table
        return None

    def _wire_schema(self) -> pa.Schema:
        return pa.schema(
            [(name, known.wire) for name, known in self._fields.items() if known.wire is not None]
        )

    def _learn_from(self, row: Mapping[str, Any]) -> None:
        for name, value in row.items():
            if value is not None and name not in self._fields:
                self._plan(name, value)

    def _learn_kinds(self, rows: Sequence[msgspec.Raw]) -> bool:
        """Looks at sample rows for fields that come in another kind than they are read as."""
        changed = False
        for row in (rows[0], rows[len(rows) // 2], rows[-1]):
            for name, value in _decode_row(row).items():
                known = self._fields.get(name)
                if value is None or known is None or known.column is None:
                    continue
                seen = wire_type(known.column.type, value) if known.column.type else None
                if seen is not None and seen != known.wire:
                    known.wire = seen
                    changed = True
        return changed

    def _learn_fields(self, table: pa.Table, rows: Sequence[msgspec.Raw]) -> bool:
        """Plans fields that Arrow found by itself; true when it has to read them otherwise."""
        reread = False
        for name in table.column_names:
            values = table.column(name)
            if name in self._fields or values.null_count == len(values):
                continue
            first = pc.index(pc.is_valid(values), pa.scalar(True)).as_py()
            planned = self._plan(name, _decode_row(rows[first])[name])
            reread = reread or (planned.wire is not None and planned.wire != values.type)
        return reread

    def _plan(self, name: str, value: Any) -> _Field:
        column_name = self._name_of(name)
        if column_name in self._taken:
            planned = _Field(None, None)
        else:
            column = self._columns.get(column_name)
            if column is None:
                column = self._infer(column_name, value)
                if column.type is not None:
                    self._columns[column_name] = column
                    self._new.append(column_name)
            self._taken.add(column_name)
            wire = None
            if column.type is not None:
                wire = wire_type(column.type, value) or default_wire_type(column.type)
            planned = _Field(column if column.type is not None else None, wire)
        self._fields[name] = planned
        return planned

    def _sort_out(self, table: pa.Table, rows: Sequence[msgspec.Raw], pieces: _Pieces) -> None:
        """Casts each column, and takes the rows that do not fit off the table."""
        columns: dict[str, pa.ChunkedArray] = {}
        misfits: pa.ChunkedArray | None = None
        for name in table.column_names:
            values = table.column(name)
            known = self._fields.get(name)
            if known is None or values.null_count == len(values):
                continue
            if known.column is None or known.column.type is None:
                marks: pa.ChunkedArray | None = pc.is_valid(values)
            else:
                columns[known.column.name], marks = cast_exactly(values, known.column.type)
            if marks is not None:
                misfits = marks if misfits is None else pc.or_(misfits, marks)
        if not self._known():
            # A table without columns could not even count its rows.
            self._set_apart(rows, pieces)
            return
        typed = self._table(columns, len(rows))
        if misfits is not None:
            self._set_apart([rows[at] for at in pc.indices_nonzero(misfits).to_pylist()], pieces)
            typed = typed.filter(pc.invert(misfits))
            rows = [row for row, apart in zip(rows, misfits.to_pylist(), strict=True) if not apart]
        self._require_columns(typed, rows)
        pieces.tables.append(typed)

    def _table(self, columns: Mapping[str, pa.ChunkedArray], row_count: int) -> pa.Table:
        """All known columns in their order, null where the batch has none."""
        known = self._known()
        arrays = [
            columns[name] if name in columns else pa.nulls(row_count, column.type)
            for name, column in known.items()
        ]
        return pa.table(arrays, schema=_schema(known.values()))

    def _combined(self, tables: Sequence[pa.Table]) -> pa.Table:
        schema = _schema(self._known().values())
        filled = [_widened(table, schema) for table in tables]
        return pa.concat_tables(filled).combine_chunks() if filled else schema.empty_table()

    def _known(self) -> dict[str, Column]:
        return {name: column for name, column in self._columns.items() if column.type is not None}

    def _require_columns(self, table: pa.Table, rows: Sequence[msgspec.Raw]) -> None:
        for name in self._required if rows else []:
            index = 0
            if name in table.column_names:
                values = table.column(name)
                if not values.null_count:
                    continue
                index = pc.index(pc.is_null(values), pa.scalar(True)).as_py()
            raise _missing_value(self._field_of(name), bytes(rows[index]))

    def _require_values(self, row: Mapping[str, Any], raw: msgspec.Raw) -> None:
        present = {self._name_of(name) for name, value in row.items() if value is not None}
        for name in self._required:
            if name not in present:
                raise _missing_value(self._field_of(name), bytes(raw))

    def _field_of(self, column_name: str) -> str:
        """The field that fills a column, under the name that the API gives it."""
        for name, known in self._fields.items():
            if known.column is not None and known.column.name == column_name:
                return name
        return column_name


def _lines(rows: Sequence[msgspec.Raw]) -> bytes:
    """The rows as lines, each of them certainly an object: Arrow crashes on others."""
    buffer = b"\n".join(rows)
    breaks = len(rows) - 1
    if buffer[:1] == b"{" and buffer.count(b"\n{") == breaks == buffer.count(b"\n"):
        return buffer
    for row in rows:
        if bytes(row)[:1] != b"{":
            raise RowError(
                f"a row is not an object, but: {_shown(bytes(row))}. Does `endpoint.data_selector` "
                "lead to the list of rows?"
            )
    return buffer


def _read_json(buffer: bytes, schema: pa.Schema) -> pa.Table:
    return pyarrow.json.read_json(
        pa.BufferReader(buffer),
        # One block: a row on the edge of two, or null and then an object, would fail.
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(buffer) + 64),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="infer"
        ),
    )


def _schema(columns: Any) -> pa.Schema:
    return pa.schema([pa.field(each.name, each.type, each.nullable) for each in columns])


def _widened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns that later rows brought."""
    missing = schema.names[table.num_columns :]
    for name in missing:
        table = table.append_column(
            schema.field(name), pa.nulls(table.num_rows, schema.field(name).type)
        )
    return table


def _cut(rows: Sequence[msgspec.Raw]) -> Iterator[Sequence[msgspec.Raw]]:
    size = max(_SMALLEST_BATCH, -(-len(rows) // _CUTS))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _decode_row(row: msgspec.Raw) -> dict[str, Any]:
    try:
        return _ROW.decode(row)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RowError(f"a row cannot be read ({error}): {_shown(bytes(row))}") from None


def _missing_value(name: str, row: bytes) -> RowError:
    return RowError(
        f"a row has no value for `{name}`, which is a key of the table or declared `nullable: "
        f"false`: {_shown(row)}. Check `primary_key` and `columns`."
    )


def _shown(row: bytes) -> str:
    text = row[: _SHOWN * 4].decode("utf-8", errors="replace")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
