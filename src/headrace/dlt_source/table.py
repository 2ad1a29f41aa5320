"""What dlt knows of the table that a running resource fills, in terms of `rows`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import dlt
from dlt.common.configuration import resolve_configuration
from dlt.common.data_types import coerce_value, py_type_to_sc_type
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.libs.pyarrow import get_py_arrow_datatype
from dlt.common.normalizers.json.helpers import normalize_identifier
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TTableSchema, TTableSchemaColumns
from dlt.common.schema.utils import (
    autodetect_sc_type,
    dlt_id_column,
    dlt_load_id_column,
    is_nullable_column,
    merge_columns,
    normalize_table_identifiers,
)
from dlt.common.time import get_context_timezone_name
from dlt.common.typing import TLoaderFileFormat
from dlt.extract.resource import DltResource
from dlt.normalize.configuration import ItemsNormalizerConfiguration

from headrace.dlt_source.dlt_pipe import capabilities_of_running_load
from headrace.dlt_source.quarantine import reason_with_value
from headrace.sansio.rows import Column, Fields
from headrace.sansio.rows.casting import is_in_milliseconds
from headrace.sansio.rows.decimals import as_floats, fitted
from headrace.sansio.rows.loadable import is_beyond_64_bits, is_no_64_bit_integer, objection
from headrace.sansio.rows.reading import FieldPath

# Of dlt's types those whose JSON values Arrow reads exactly; the side road takes the others.
_MAIN_ROAD_TYPES = frozenset(["text", "bigint", "double", "bool", "timestamp"])


# As many levels of objects as dlt takes apart when nobody says otherwise.
_DEEPEST = 1000
_DECIMALS = frozenset(["decimal", "wei"])
# Of dlt's merge strategies those that know a row, or its versions, by a hash.
_HASHED = frozenset(["scd2", "upsert", "insert-only", "cdc"])
_SHOWN = 80


class LiveTable:
    """The table of a resource that is being extracted.

    Args:
        schema: of the pipeline, as the extraction changes it.
        resource: that is running.
        capabilities: of the destination.
    """

    def __init__(
        self, schema: Schema, resource: DltResource, capabilities: DestinationCapabilitiesContext
    ) -> None:
        self._schema = schema
        self._capabilities = capabilities
        self._deepest = _nesting_of(schema, resource)
        self._timezone = get_context_timezone_name()
        self._dlt_columns: TTableSchemaColumns = {}
        self._hinted: set[str] = set()
        declared = self._declare(resource)
        self.id_columns = self._id_columns()
        self.columns = self._known_columns()
        self.required = self._required()
        self._binding = declared | self.required
        # Without the type of a key the table cannot be made before there are rows.
        self.is_declared = bool(declared) and self.required <= self.columns.keys()

    @classmethod
    def of_running_resource(cls) -> LiveTable:
        """The table of the resource whose function is running now."""
        schema, resource = dlt.current.source_schema(), dlt.current.resource()
        return cls(schema, resource, capabilities_of_running_load())

    def fields(self) -> Fields:
        """What the schema says of the rows' fields."""
        return Fields(self.columns, self._name_of, self._infer, self._flattens)

    def column_name(self, field: str) -> str:
        """The column that a field of the row itself goes to."""
        return self._name_of((field,))

    def _name_of(self, path: FieldPath) -> str:
        """The column that a field goes to, by the schema's naming convention."""
        naming = self._schema.naming
        names = [
            normalize_identifier(self._schema, naming, step) if step and not step.isspace() else ""
            for step in path
        ]
        if "" in names:
            return ""
        return names[0] if len(names) == 1 else naming.shorten_fragments(*names)

    def _flattens(self, path: FieldPath) -> bool:
        """Whether dlt's normalizer takes an object at that path apart into columns."""
        if len(path) > self._deepest:
            return False
        name = self._name_of(path)
        column = self._dlt_columns.get(name, {})
        return (column.get("data_type") or self._schema.get_preferred_type(name)) != "json"

    def _infer(self, name: str, value: Any) -> Column:
        """Types a new column as dlt's normalizer would.

        Args:
            name: of the column.
            value: the first that is not null, as decoded from JSON.
        """
        if not name or isinstance(value, dict | list):
            return Column(name, None)
        if isinstance(value, Decimal):
            value = float(value)
        kind = type(value)
        data_type = (
            self._schema.get_preferred_type(name)
            or autodetect_sc_type(self._schema.settings.get("detections") or [], kind, value)
            or py_type_to_sc_type(kind)
        )
        hinted = self._dlt_columns.get(name) or {"nullable": True}
        self._dlt_columns[name] = {**hinted, "name": name, "data_type": data_type}
        return self._column(self._dlt_columns[name])

    def new_hints(self, present: list[str], typed: list[str]) -> TTableSchemaColumns:
        """Hints for the columns that dlt has not been told of: those typed here, and once the ids.

        Args:
            present: names of all columns that are about to be handed over.
            typed: names of columns that were typed here.
        """
        hints = {name: self._dlt_columns[name] for name in typed}
        for name, column in self.id_columns.items():
            if name in present and name not in self._hinted:
                self._hinted.add(name)
                hints[name] = column
        return hints

    def last_wins(self) -> TTableSchemaColumns:
        """The hint that of a key's versions in one load the last counts, as ids are in order."""
        if any(column.get("dedup_sort") for column in self._dlt_columns.values()):
            return {}
        name = self.row_id_name
        return {name: {**self.id_columns[name], "dedup_sort": "desc"}} if name else {}

    def prepared(self, values: dict[str, Any], parent: FieldPath = ()) -> dict[str, Any]:
        """A side-road row as dlt takes it: epochs in seconds, decimals at their column's scale.

        Args:
            values: of the row, none of them refused.
            parent: path of the object that they are in.
        """
        return {name: self._writable((*parent, name), value) for name, value in values.items()}

    def _writable(self, path: FieldPath, value: Any) -> Any:
        if isinstance(value, dict) and self._flattens(path):
            return self.prepared(value, path)
        if isinstance(value, dict | list):
            return as_floats(value)
        column = self._dlt_columns.get(self._name_of(path)) or {}
        data_type = column.get("data_type")
        if data_type in _DECIMALS and isinstance(value, int | float | Decimal | str):
            # Text that is no plain number is left to dlt.
            return fitted(value, *self._digits(column)) or value
        if data_type == "timestamp" and is_in_milliseconds(value):
            return value / 1_000
        if isinstance(value, Decimal):
            return float(value)
        return Decimal(value) if is_beyond_64_bits(value) else value

    def _digits(self, column: TColumnSchema) -> tuple[int, int]:
        """Precision and scale of a decimal column."""
        widest = self._capabilities.decimal_precision
        if column["data_type"] == "wei":
            widest = self._capabilities.wei_precision
        precision, scale = column.get("precision"), column.get("scale")
        if precision is None and scale is None:
            return widest[0], widest[1] or 0
        return precision or widest[0], scale if scale is not None else 0

    def side_road_format(self) -> TLoaderFileFormat | None:
        """The file format for rows of the side road; None to leave the choice to dlt.

        Parquet loads several times as fast as what dlt takes for rows by default.
        """
        formats = list(self._capabilities.supported_loader_file_formats or [])
        choose = self._capabilities.loader_file_format_selector
        if choose is not None:
            preferred = self._capabilities.preferred_loader_file_format
            formats = list(choose(preferred, formats, table_schema=self._hinted_table)[1])
        is_free = "parquet" in formats and not self._hinted_table.get("file_format")
        return "parquet" if is_free else None

    def refuses(self, column_name: str, value: Any) -> str | None:
        """Why a value cannot go to its column; None where dlt finds a place for it.

        What cannot become the type of a column, dlt puts into a column of its own beside it. That
        is not what was declared, and it would leave a required column empty.

        Args:
            column_name: of the column.
            value: as decoded from JSON, not null.
        """
        column = self._dlt_columns.get(column_name)
        data_type = column.get("data_type") if column else None
        too_large = is_beyond_64_bits if data_type is None else is_no_64_bit_integer
        if data_type in (None, "bigint") and too_large(value):
            return "is an integer beyond 64 bits; declare it as decimal or text"
        if column is None or data_type is None:
            return objection(value)
        if data_type in _DECIMALS and isinstance(value, int | float | Decimal):
            is_fit = fitted(value, *self._digits(column)) is not None
            return None if is_fit else "has more digits than its column"
        if data_type == "timestamp" and is_in_milliseconds(value):
            value /= 1_000
        if column_name not in self._binding:
            return objection(value)
        try:
            coerce_value(data_type, py_type_to_sc_type(type(value)), value)
        except (ValueError, TypeError):
            shown = json.dumps(value, default=str)[:_SHOWN]
            return reason_with_value(f"should be {data_type}", shown)
        return objection(value)

    def _declare(self, resource: DltResource) -> frozenset[str]:
        """Takes in what is stored and what is declared; names the columns declared with a type."""
        hinted: TTableSchema = normalize_table_identifiers(
            resource.compute_table_schema(), self._schema.naming
        )
        self._hinted_table = hinted
        stored = self._schema.tables.get(hinted["name"] or "")
        self._dlt_columns = dict(stored["columns"]) if stored else {}
        declared = {name for name, column in hinted["columns"].items() if column.get("data_type")}
        merge_columns(self._dlt_columns, hinted["columns"])
        return frozenset(declared)

    def _id_columns(self) -> TTableSchemaColumns:
        """The two columns of dlt's own, but for those that dlt itself was told to add."""
        settings = resolve_configuration(
            ItemsNormalizerConfiguration(), sections=("normalize", "parquet_normalizer")
        )
        added: TTableSchemaColumns = {}
        for name, column, by_dlt in (
            ("_dlt_load_id", dlt_load_id_column(), settings.add_dlt_load_id),
            ("_dlt_id", dlt_id_column(), settings.add_dlt_id),
        ):
            if not by_dlt:
                added[self._schema.naming.normalize_identifier(name)] = column
        return added

    def _known_columns(self) -> dict[str, Column]:
        return {
            name: self._column(column)
            for name, column in self._dlt_columns.items()
            if column.get("data_type") and name not in self._system_names()
        }

    @property
    def key(self) -> str | None:
        """The column of the primary key; None where it has several, or there is none."""
        keys = [name for name, column in self._dlt_columns.items() if column.get("primary_key")]
        return keys[0] if len(keys) == 1 else None

    @property
    def row_id_name(self) -> str | None:
        """The column of the row's id; None where dlt was told to add it itself."""
        return next((n for n, column in self.id_columns.items() if column.get("row_key")), None)

    @property
    def has_decimals(self) -> bool:
        """Whether a column holds decimals."""
        return any(each.get("data_type") in _DECIMALS for each in self._dlt_columns.values())

    @property
    def hashes_rows(self) -> bool:
        """Whether dlt makes the rows' ids from their content, as some merge strategies need it."""
        strategy = self._hinted_table.get("x-merge-strategy")
        return self._hinted_table.get("write_disposition") == "merge" and strategy in _HASHED

    @property
    def has_ids(self) -> bool:
        """Whether the table was made with the ids of its rows."""
        return any((self._dlt_columns.get(name) or {}).get("data_type") for name in self._ids)

    @property
    def merges(self) -> bool:
        """Whether the load deletes the old versions of keys and inserts the new ones.

        Not so where the user told dlt how far to trust the keys.
        """
        return (
            self._hinted_table.get("write_disposition") == "merge"
            and self._hinted_table.get("x-merge-strategy") in (None, "delete-insert")
            and "x-stage-data-deduplicated" not in self._hinted_table
        )

    def _required(self) -> frozenset[str]:
        """Columns that a row must bring a value for: keys, and those declared so."""
        return frozenset(
            name
            for name, column in self._dlt_columns.items()
            if not is_nullable_column(column) and name not in self._system_names()
        )

    def _system_names(self) -> set[str]:
        return {*self._ids, self._schema.naming.normalize_identifier("_dlt_root_id")}

    @property
    def _ids(self) -> list[str]:
        return [self._schema.naming.normalize_identifier(n) for n in ("_dlt_load_id", "_dlt_id")]

    def _column(self, column: TColumnSchema) -> Column:
        arrow_type = None
        if column["data_type"] in _MAIN_ROAD_TYPES:
            arrow_type = get_py_arrow_datatype(column, self._capabilities, self._timezone)
        return Column(column["name"] or "", arrow_type, is_nullable_column(column))


def _nesting_of(schema: Schema, resource: DltResource) -> int:
    """How many levels of objects become columns, by the resource's setting or the source's."""
    if resource.max_table_nesting is not None:
        return resource.max_table_nesting
    deepest: int = getattr(schema.data_item_normalizer, "max_nesting", _DEEPEST)
    return deepest
