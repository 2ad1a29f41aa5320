"""What dlt knows of the table that a running resource fills, in terms of `rows`."""

from __future__ import annotations

from typing import Any

import dlt
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.container import Container
from dlt.common.configuration.exceptions import ContextDefaultCannotBeCreated
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
from dlt.common.storages.load_package import LoadPackageStateInjectableContext
from dlt.common.time import get_context_timezone_name
from dlt.extract.resource import DltResource
from dlt.normalize.configuration import ItemsNormalizerConfiguration

from headrace.exceptions import RowError
from headrace.rows import Column

# Of dlt's types those whose JSON values Arrow reads exactly; the side road takes the others.
_MAIN_ROAD_TYPES = frozenset(["text", "bigint", "double", "bool", "timestamp"])


def current_load_id() -> str | None:
    """The id of the load that the running resource is part of; None outside of a pipeline run."""
    try:
        return Container()[LoadPackageStateInjectableContext].load_id
    except ContextDefaultCannotBeCreated:
        return None


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
        self._timezone = get_context_timezone_name()
        self._dlt_columns: TTableSchemaColumns = {}
        self._hinted: set[str] = set()
        self.is_declared = self._declared(resource)
        self.id_columns = self._id_columns()
        self.columns = self._known_columns()
        self.required = self._required()

    @classmethod
    def of_running_resource(cls) -> LiveTable:
        """The table of the resource whose function is running now."""
        capabilities = (
            Container()[DestinationCapabilitiesContext]
            if DestinationCapabilitiesContext in Container()
            else DestinationCapabilitiesContext.generic_capabilities()
        )
        return cls(dlt.current.source_schema(), dlt.current.resource(), capabilities)

    def name_of(self, field: str) -> str:
        """The column that a field goes to, by the schema's naming convention."""
        if not field or field.isspace():
            return ""
        return normalize_identifier(self._schema, self._schema.naming, field)

    def infer(self, name: str, value: Any) -> Column:
        """Types a new column as dlt's normalizer would.

        Args:
            name: of the column.
            value: the first that is not null, as decoded from JSON.
        """
        if not name or isinstance(value, dict | list):
            return Column(name, None)
        kind = type(value)
        data_type = (
            self._schema.get_preferred_type(name)
            or autodetect_sc_type(self._schema.settings.get("detections") or [], kind, value)
            or py_type_to_sc_type(kind)
        )
        hinted = self._dlt_columns.get(name) or {"nullable": True}
        self._dlt_columns[name] = {**hinted, "name": name, "data_type": data_type}
        return self._column(self._dlt_columns[name])

    def hints_for(self, names: list[str]) -> TTableSchemaColumns:
        """The columns as hints for dlt.

        Args:
            names: of columns that `infer` has typed.
        """
        return {name: self._dlt_columns[name] for name in names}

    def new_id_columns(self, present: list[str]) -> TTableSchemaColumns:
        """The id columns as hints for dlt, once.

        Args:
            present: names of the columns that a table about to be handed over has.
        """
        new = {n: c for n, c in self.id_columns.items() if n in present and n not in self._hinted}
        self._hinted.update(new)
        return new

    def require_coercible(self, row: dict[str, Any]) -> None:
        """Makes sure that a side-road row will get a value into each required column.

        Raises:
            RowError: a value cannot become its column's type; dlt would put it in a column of its
                own and leave the required one empty, which fails the whole load.
        """
        for field, value in row.items():
            column = self._dlt_columns.get(self.name_of(field))
            data_type = column.get("data_type") if column else None
            if column is None or data_type is None or value is None or is_nullable_column(column):
                continue
            try:
                coerce_value(data_type, py_type_to_sc_type(type(value)), value)
            except (ValueError, TypeError):
                raise RowError(
                    f"a row has `{field}`: {value!r}, which is no {data_type}, as the "
                    "column is declared or was typed before. Declare another `data_type` for it "
                    "under `columns`."
                ) from None

    def _declared(self, resource: DltResource) -> bool:
        """Whether the resource declares columns with types; keeps what it declares."""
        hinted: TTableSchema = normalize_table_identifiers(
            resource.compute_table_schema(), self._schema.naming
        )
        stored = self._schema.tables.get(hinted["name"] or "")
        self._dlt_columns = dict(stored["columns"]) if stored else {}
        merge_columns(self._dlt_columns, hinted["columns"])
        return any(column.get("data_type") for column in hinted["columns"].values())

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

    def _required(self) -> frozenset[str]:
        """Columns that a row must bring a value for: keys, and those declared so."""
        return frozenset(
            name
            for name, column in self._dlt_columns.items()
            if not is_nullable_column(column) and name not in self._system_names()
        )

    def _system_names(self) -> set[str]:
        names = ("_dlt_load_id", "_dlt_id", "_dlt_root_id")
        return {self._schema.naming.normalize_identifier(name) for name in names}

    def _column(self, column: TColumnSchema) -> Column:
        arrow_type = None
        if column["data_type"] in _MAIN_ROAD_TYPES:
            arrow_type = get_py_arrow_datatype(column, self._capabilities, self._timezone)
        return Column(column["name"] or "", arrow_type, is_nullable_column(column))
