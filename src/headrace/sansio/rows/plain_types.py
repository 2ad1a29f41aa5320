"""Types rows for a reader without a pipeline: the schema is that of the first batch, and stands.

Declared columns are always there; the other ones are typed by the first batch as dlt would type
them. What comes later and has no place goes, as JSON, into a text column of its own: the schema of
a stream cannot change any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from headrace.core.arrow import pa, pc
from headrace.core.exceptions import RowError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows.column import Column
from headrace.sansio.rows.fields import Fields
from headrace.sansio.rows.json_rows import FieldPath, decode_row
from headrace.sansio.rows.list_types import DoesNotFitError, Shape, fitted
from headrace.sansio.rows.main_road import MainRoad, TypedBatch
from headrace.sansio.rows.side_road import RejectedRow, SideRow

REST = "_headrace_rest"
"""The column of what has no place in the others: JSON of the fields of the row."""

_JSON = msgspec.json.Encoder(decimal_format="number")
_MADE_OF = b"headrace"


class PlainColumns(Protocol):
    """What dlt makes of the fields of a resource's rows, without a pipeline."""

    @property
    def required(self) -> Collection[str]:
        """The columns that must have a value in each row."""
        ...

    @property
    def hints(self) -> dict[str, Any]:
        """What dlt knows of the columns, by their names, as JSON values."""
        ...

    @property
    def are_exact(self) -> bool:
        """Whether a column holds decimals, for which fractions must be read digit by digit."""
        ...

    @property
    def keeps_objects(self) -> bool:
        """Whether some objects are not taken apart into columns."""
        ...

    def fields(self) -> Fields:
        """What is known of the rows' fields: the declared columns."""
        ...

    def type_of(self, column_name: str) -> pa.DataType | None:
        """The type of a column that is declared; None where it keeps JSON."""
        ...

    def scalar_type(self, value: Any) -> pa.DataType | None:
        """The type that dlt's detection gives a scalar in a list; None where no column holds it."""
        ...

    def fitted(self, column_name: str, value: Any) -> Any:
        """A value as dlt would store it in a column.

        Raises:
            DoesNotFitError: It has no place there.
        """
        ...

    def fitted_time(self, value: Any, kind: pa.DataType) -> Any:
        """A time out of a text.

        Raises:
            DoesNotFitError: It is none.
        """
        ...


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
        schema: The schema that stands already, as `portable_schema` of another one gave it, in this
            process or elsewhere; None where that of the first rows will.
    """

    def __init__(self, columns: PlainColumns, schema: pa.Schema | None = None) -> None:
        self._columns = columns
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
        if schema is not None:
            self._take_over(schema)

    @property
    def stands(self) -> bool:
        """Whether the schema is known."""
        return self._schema is not None

    @property
    def schema(self) -> pa.Schema:
        """The schema of all rows; it stands from now on."""
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
        made_of = msgspec.json.encode(self._made_of())
        return self.schema.with_metadata({_MADE_OF: made_of})

    def _made_of(self) -> _MadeOf:
        """What the schema alone does not tell of how rows fill it."""
        whole = [(path, each.name, each.type is None) for path, each in self._fields.whole.items()]
        return _MadeOf(self._columns.hints, tuple(self._json), tuple(whole), self._takes_side_road)

    def _take_over(self, schema: pa.Schema) -> None:
        made_of, columns = _read(schema), self._fields.columns
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
        road = self._road or self._begun(rows)
        typed = road.type_rows(rows)
        table = None
        if typed.table.num_rows or typed.side_rows:
            self._road, table = road, self._placed(typed)
        return PlainRows(table, typed.rejected, len(typed.side_rows))

    def _begun(self, rows: Sequence[msgspec.Raw]) -> MainRoad:
        shapes, objects = self._whole_values(rows)
        for path, shape in shapes.items():
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

    def _placed(self, typed: TypedBatch) -> pa.Table:
        """The rows of both roads, in their order."""
        main = self._widened(typed.table)
        if not typed.side_rows:
            return main
        both = pa.concat_tables([main, self._side_table(typed.side_rows)])
        places = [*(typed.places or ()), *(row.place for row in typed.side_rows)]
        order = sorted(range(len(places)), key=places.__getitem__)
        return both.take(pa.array(order, pa.int64()))

    def _widened(self, table: pa.Table) -> pa.Table:
        there = set(table.column_names)
        columns = [
            table.column(each.name)
            if each.name in there and each.name != REST
            else pa.nulls(table.num_rows, each.type)
            for each in self.schema
        ]
        return pa.table(columns, schema=self.schema)

    def _side_table(self, rows: Sequence[SideRow]) -> pa.Table:
        columns: dict[str, list[Any]] = {name: [None] * len(rows) for name in self.schema.names}
        for place, row in enumerate(rows):
            for name, value in self._side_values(row.values).items():
                columns[name][place] = value
        arrays = [_array(columns[each.name], each.type) for each in self.schema]
        return pa.table(arrays, schema=self.schema)

    def _side_values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a row by the columns that they go to, with the rest as JSON."""
        filled: dict[str, Any] = {}
        came: dict[str, tuple[FieldPath, Any]] = {}
        rest: dict[str, Any] = {}
        for path, value in self._fields.values_in(row):
            name = self._fields.name_of(path)
            try:
                value_there = self._fitted(name, path, value)
            except DoesNotFitError:
                _put(rest, path, value)
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
        if column is self._json.get(name):
            return _JSON.encode(value).decode()
        if column.type is not None and pa.types.is_nested(column.type):
            return fitted(value, column.type, self._columns.fitted_time)
        return self._columns.fitted(name, value)


class _MadeOf(msgspec.Struct, frozen=True):
    """How rows fill a schema.

    Args:
        hints: What dlt knows of its columns, by their names.
        json: The names of the columns that hold JSON.
        whole: The path of each field that fills one column as it is, the name of the column, and
            whether that holds JSON of any kind.
        takes_side_road: Whether all rows are typed one by one.
    """

    hints: dict[str, Any] = {}
    json: tuple[str, ...] = ()
    whole: tuple[tuple[FieldPath, str, bool], ...] = ()
    takes_side_road: bool = False


def hints_in(schema: pa.Schema | None) -> dict[str, Any]:
    """What dlt knows of the columns of a schema, by their names.

    Args:
        schema: A portable schema; None for none.
    """
    return {} if schema is None else _read(schema).hints


def _read(schema: pa.Schema) -> _MadeOf:
    written = (schema.metadata or {}).get(_MADE_OF)
    return _MadeOf() if written is None else msgspec.json.decode(written, type=_MadeOf)


def _put(rest: dict[str, Any], path: FieldPath, value: Any) -> None:
    for step in path[:-1]:
        rest = rest.setdefault(step, {})
    rest[path[-1]] = value


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        # Of finer times the digits that the column has no room for are cut off.
        return pc.cast(pa.array(values, pa.timestamp("us", kind.tz)), kind, safe=False)
    return pa.array(values, kind)
