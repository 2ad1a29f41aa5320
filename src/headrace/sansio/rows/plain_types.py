"""Types rows for a reader without a pipeline: the schema is that of the first batch, and stands.

Declared columns are always there; the other ones are typed by the first batch as dlt would type
them. What comes later and has no place goes, as JSON, into a text column of its own: the schema of
a stream cannot change any more.

Where the schema is given, as to each of many machines, it stands from the beginning. Without that
text column in it, fields that it does not name are not wanted, and a row with a value that has no
place in its column is rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from headrace.core.arrow import pa, pc
from headrace.core.exceptions import RowError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows.column import Column
from headrace.sansio.rows.json_rows import FieldPath, decode_row
from headrace.sansio.rows.list_types import DoesNotFitError, Shape, fitted
from headrace.sansio.rows.main_road import MainRoad, TypedBatch
from headrace.sansio.rows.plain_columns import PlainColumns
from headrace.sansio.rows.portable_schema import MadeOf, is_portable, made_of_schema, portable
from headrace.sansio.rows.side_road import RejectedRow

REST = "_headrace_rest"
"""The column of what has no place in the others: JSON of the fields of the row."""

_JSON = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Rows, typed or set aside.

    Args:
        table: The rows, in their order, in the schema that stands; None where there are none.
        rejected: The rows that are no objects, or lack what each row must have.
        side_rows: How many of the rows were typed one by one.
    """

    table: pa.Table | None
    rejected: list[RejectedRow]
    side_rows: int


class PlainTypes:
    """Types the rows of one listing.

    Args:
        columns: What dlt makes of their fields.
        schema: The schema of all rows; None for that of the first batch. As `portable_schema` of
            another one gave it, in this process or elsewhere, it says how rows fill it; else they
            fill it by the names of its columns.
    """

    def __init__(self, columns: PlainColumns, schema: pa.Schema | None = None) -> None:
        self._columns = columns
        given = self._given = None if is_portable(schema) else schema
        if given is not None:
            columns.give(given)
        self._fields = columns.fields()
        self._fields.keeps_empty_lists = True
        # The columns that hold JSON, by name.
        self._json = {
            name: each
            for name, each in self._fields.columns.items()
            if each.type is None and columns.type_of(name) is None
        }
        # A field of that name has no column of its own.
        self._fields.columns[REST] = Column(REST, None)
        self._road: MainRoad | None = None
        self._schema: pa.Schema | None = None
        self._takes_side_road = False
        # Lists have their types, and wait for the rows to tell where they are.
        self._unplaced: dict[str, Column] = {}
        self._texts: frozenset[str] = frozenset()
        if given is not None:
            self._begin_with(given)
        elif schema is not None:
            self._take_over(schema)

    def _begin_with(self, given: pa.Schema) -> None:
        columns = self._fields.columns
        if REST in given.names:
            self._fields.is_closed = True
            for name in columns.keys() - {REST, *given.names, *self._columns.required}:
                # As any other field that it does not name.
                del columns[name]
        self._texts = frozenset(each.name for each in given if pa.types.is_string(each.type))
        for each in given:
            if pa.types.is_list(each.type):
                columns[each.name] = self._unplaced[each.name] = Column(each.name, each.type)

    @property
    def stands(self) -> bool:
        """Whether the schema is known."""
        return self._given is not None or self._schema is not None

    @property
    def schema(self) -> pa.Schema:
        """The schema of all rows; it stands from now on."""
        return self._own_schema if self._given is None else self._given

    @property
    def _own_schema(self) -> pa.Schema:
        """The schema of what is known of the rows, of which a given one may be a part."""
        if self._schema is None:
            self._fields.is_closed = True
            known = [
                pa.field(name, self._type(name, each), each.nullable)
                for name, each in self._named()
            ]
            self._schema = pa.schema([*known, pa.field(REST, pa.string())])
        return self._schema

    @property
    def portable_schema(self) -> pa.Schema:
        """The schema with all that another process needs to type rows alike; it stands from now on.

        That is in its metadata.
        """
        return portable(self.schema, self._made_of())

    def _made_of(self) -> MadeOf:
        """What the schema alone does not tell of how rows fill it."""
        whole = [(path, each.name, each.type is None) for path, each in self._fields.whole.items()]
        return MadeOf(self._columns.hints, tuple(self._json), tuple(whole), self._takes_side_road)

    def _take_over(self, schema: pa.Schema) -> None:
        made_of, columns = made_of_schema(schema), self._fields.columns
        for name in made_of.json:
            self._json[name] = columns.setdefault(name, Column(name, None))
        for path, name, is_json in made_of.whole:
            kind = None if is_json else schema.field(name).type
            column = self._fields.whole[path] = columns[name] = Column(name, kind)
            if name in made_of.json:
                self._json[name] = column
        self._fields.is_closed = True
        self._schema, self._takes_side_road = schema.remove_metadata(), made_of.takes_side_road
        self._road = self._new_road()

    @property
    def list_paths(self) -> dict[str, FieldPath]:
        """The path of each field whose lists stay lists, by the name of its column."""
        return {
            each.name: path for path, each in self._fields.whole.items() if each.type is not None
        }

    def _named(self) -> Iterator[tuple[str, Column]]:
        return ((name, each) for name, each in self._fields.columns.items() if name != REST)

    def _type(self, name: str, column: Column) -> pa.DataType:
        if column.type is not None:
            return column.type
        if name in self._json:
            return pa.string()
        return self._columns.type_of(name) or pa.string()

    def take(self, rows: Sequence[msgspec.Raw]) -> PlainRows:
        """Types some rows; with the first ones that can be typed the schema stands.

        Args:
            rows: The JSON of each row.
        """
        if self._unplaced:
            self._place_lists(rows)
        road = self._road or self._begun(rows)
        typed = road.type_rows(rows)
        table: pa.Table | None = None
        misfits: list[RejectedRow] = []
        if typed.table.num_rows or typed.side_rows:
            self._road = road
            table, misfits = self._placed(typed, rows)
        return PlainRows(table, [*typed.rejected, *misfits], len(typed.side_rows))

    def _place_lists(self, rows: Sequence[msgspec.Raw]) -> None:
        for row in rows:
            if b"[" not in bytes(row):
                continue
            try:
                decoded = decode_row(row)
            except RowError:
                continue
            for path, value in self._fields.values_in(decoded):
                if isinstance(value, list):
                    column = self._unplaced.pop(self._fields.name_of(path), None)
                    if column is not None:
                        self._fields.whole[path] = column
            if not self._unplaced:
                return

    def _begun(self, rows: Sequence[msgspec.Raw]) -> MainRoad:
        shapes, objects = self._whole_values(rows)
        for path, shape in shapes.items():
            if path in self._fields.whole:
                continue
            is_json = path in objects or not self._fields.flattens(path)
            if not is_json and shape.has_no_items:
                self._keep_json(path, pa.string())
            elif is_json or shape.type is None:
                objects.add(path)
            else:
                self._fields.whole[path] = Column(self._fields.name_of(path), shape.type)
        for path in objects:
            self._keep_json(path, None)
        # What Arrow finds of such lists by itself may be wrong.
        self._takes_side_road = bool(objects)
        return self._new_road()

    def _new_road(self) -> MainRoad:
        return MainRoad(
            self._fields,
            self._columns.required,
            is_open=not self._takes_side_road,
            exact=self._columns.are_exact,
        )

    def _keep_json(self, path: FieldPath, kind: pa.DataType | None) -> None:
        name = self._fields.name_of(path)
        column = self._fields.whole[path] = Column(name, kind)
        if name not in self._fields.columns:
            self._json[name] = column

    def _whole_values(
        self, rows: Sequence[msgspec.Raw]
    ) -> tuple[dict[FieldPath, Shape], set[FieldPath]]:
        """The shapes of the lists in rows, and the paths of the objects that stay JSON."""
        shapes: dict[FieldPath, Shape] = {}
        objects: set[FieldPath] = set()
        keeps_objects = self._columns.keeps_objects
        if not keeps_objects and b"[" not in b"".join(rows):
            return shapes, objects
        for row in rows:
            if not (keeps_objects or b"[" in bytes(row)):
                continue
            try:
                decoded = decode_row(row)
            except RowError:
                continue
            for path, value in self._fields.values_in(decoded):
                if isinstance(value, list):
                    shapes.setdefault(path, Shape(self._columns.scalar_type)).meet(value)
                elif isinstance(value, dict):
                    objects.add(path)
        return shapes, objects

    def _placed(
        self, typed: TypedBatch, rows: Sequence[msgspec.Raw]
    ) -> tuple[pa.Table, list[RejectedRow]]:
        """The rows of both roads, in their order, and those without a place."""
        main = self._widened(typed.table)
        if not typed.side_rows:
            return self._as_given(main), []
        misfits: list[RejectedRow] = []
        side_places, side_values = [], []
        for row in typed.side_rows:
            lost: list[str] = []
            values = self._side_values(row.values, lost)
            if lost:
                misfits.append(RejectedRow(rows[row.place], self._without_place(lost[0])))
            else:
                side_places.append(row.place)
                side_values.append(values)
        both = pa.concat_tables([main, self._side_table(side_values)])
        places = [*(typed.places or ()), *side_places]
        order = sorted(range(len(places)), key=places.__getitem__)
        return self._as_given(both.take(pa.array(order, pa.int64()))), misfits

    def _without_place(self, name: str) -> str:
        kind = self.schema.field(name).type
        return f"has a value in `{name}` that its type, {kind}, has no place for"

    def _as_given(self, table: pa.Table) -> pa.Table:
        if self._given is None:
            return table
        columns = [
            table.column(each.name).cast(each.type)
            if each.name in table.column_names
            else pa.nulls(table.num_rows, each.type)
            for each in self._given
        ]
        return pa.table(columns, schema=self._given)

    def _widened(self, table: pa.Table) -> pa.Table:
        there = set(table.column_names)
        columns = [
            table.column(each.name)
            if each.name in there and each.name != REST
            else pa.nulls(table.num_rows, each.type)
            for each in self._own_schema
        ]
        return pa.table(columns, schema=self._own_schema)

    def _side_table(self, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
        columns: dict[str, list[Any]] = {
            name: [None] * len(rows) for name in self._own_schema.names
        }
        for place, values in enumerate(rows):
            for name, value in values.items():
                columns[name][place] = value
        arrays = [_array(columns[each.name], each.type) for each in self._own_schema]
        return pa.table(arrays, schema=self._own_schema)

    def _side_values(self, row: Mapping[str, Any], lost: list[str]) -> dict[str, Any]:
        """The values of a row by the columns that they go to, with the rest as JSON.

        Args:
            row: The row, decoded.
            lost: Gets the columns whose values would be lost, as the schema has no place for JSON.
        """
        filled: dict[str, Any] = {}
        came: dict[str, tuple[FieldPath, Any]] = {}
        rest: dict[str, Any] = {}
        wanted = () if self._given is None or REST in self._given.names else self._given.names
        for path, value in self._fields.values_in(row):
            name = self._fields.name_of(path)
            try:
                value_there = self._fitted(name, path, value)
            except DoesNotFitError:
                _put(rest, path, value)
                if name in wanted:
                    lost.append(name)
                continue
            if name in came:
                # As in dlt the last one fills the column.
                _put(rest, *came[name])
            filled[name], came[name] = value_there, (path, value)
        if rest:
            filled[REST] = _JSON.encode(rest).decode()
        return filled

    def _fitted(self, name: str, path: FieldPath, value: Any) -> Any:
        column = self._fields.columns.get(name)
        if column is None or name == REST:
            raise DoesNotFitError
        is_whole = name in self._texts and isinstance(value, dict | list)
        if is_whole or column is self._json.get(name):
            return _JSON.encode(value).decode()
        if column.type is not None and pa.types.is_nested(column.type):
            return fitted(value, column.type, self._columns.fitted_time)
        return self._columns.fitted(name, value)


def _put(rest: dict[str, Any], path: FieldPath, value: Any) -> None:
    for step in path[:-1]:
        rest = rest.setdefault(step, {})
    rest[path[-1]] = value


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        # Of finer times the digits that the column has no room for are cut off.
        return pc.cast(pa.array(values, pa.timestamp("us", kind.tz)), kind, safe=False)
    return pa.array(values, kind)
