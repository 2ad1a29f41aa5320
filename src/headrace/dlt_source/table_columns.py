"""The columns of a resource's table: what the schema stores, what is declared, what is inferred.

A row of the main road never meets dlt's normalizer. So that it gets the same columns as one that
does, its fields are named and typed here by the functions that the normalizer uses, which are not
documented for anyone else. At an upgrade of dlt check that it still uses them, and in this way;
the comparisons with dlt's own source (`scripts/compare`) fail where it does not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dlt.common.configuration import resolve_configuration
from dlt.common.data_types import TDataType, py_type_to_sc_type
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.normalizers.json.helpers import normalize_identifier
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TTableSchema, TTableSchemaColumns
from dlt.common.schema.utils import (
    autodetect_sc_type,
    dlt_id_column,
    dlt_load_id_column,
    is_nullable_column,
    merge_columns,
)
from dlt.common.time import get_context_timezone_name
from dlt.extract.resource import DltResource
from dlt.normalize.configuration import ItemsNormalizerConfiguration

from headrace.core.arrow import pa
from headrace.destination.dlt_schema import (
    contract_discards_rows,
    data_type_mode,
    hinted_table,
)
from headrace.sansio.rows import Column, Fields
from headrace.sansio.rows.json_rows import FieldPath

# The dlt types whose JSON values Arrow reads exactly. Values of other types take the side road.
_MAIN_ROAD_TYPES = frozenset(["text", "bigint", "double", "bool", "timestamp"])
# The nesting limit that dlt's normalizer applies when nobody sets `max_table_nesting`.
_DEEPEST = 1000
# The columns that dlt's normalizer fills itself, in tables of resources and of lists.
_OF_DLT = ("_dlt_id", "_dlt_load_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_root_id")


class TableColumns:
    """The columns of the table that a resource fills, which grow as new fields arrive.

    Args:
        schema: The pipeline's schema, which the extraction changes while it runs.
        resource: The dlt resource whose hints declare columns.
        capabilities: What the destination can store.

    Attributes:
        table_hints: The table as the resource declares it, with normalized names.
        hints: dlt's hints of each column, by column name: stored, declared and inferred ones.
        ids: dlt's hints of `_dlt_load_id` and `_dlt_id`, by column name; without those that dlt
            itself was told to add to Arrow tables.
        required: Names of the columns that must have a value in each row: the keys, and those
            declared `nullable: false`.
        declared: Names of the columns that are declared with a type.
        own_names: Names of the columns that dlt fills, and rows must not.
        data_type_mode: What the user's schema contract says of values of another type than their
            column's; None where it says nothing.
    """

    def __init__(
        self, schema: Schema, resource: DltResource, capabilities: DestinationCapabilitiesContext
    ) -> None:
        self._schema = schema
        self._capabilities = capabilities
        self._deepest = _nesting_of(schema, resource)
        self._timezone = get_context_timezone_name()
        self.table_hints: TTableSchema = hinted_table(resource, schema)
        stored = schema.tables.get(self.table_hints["name"] or "")
        self.hints: TTableSchemaColumns = dict(stored["columns"]) if stored else {}
        self.data_type_mode = data_type_mode(schema, self.table_hints)
        declared = self.table_hints["columns"]
        merge_columns(self.hints, declared)
        self.declared = frozenset(name for name, hint in declared.items() if hint.get("data_type"))
        self._id_names = [
            schema.naming.normalize_identifier(n) for n in ("_dlt_load_id", "_dlt_id")
        ]
        self.own_names = frozenset(schema.naming.normalize_identifier(n) for n in _OF_DLT)
        named = resource.columns
        # The names in the config with dots, by those of the columns that they make.
        self._dotted = {
            schema.naming.normalize_identifier(name): name
            for name in (named if isinstance(named, dict) else ())
            if "." in name
        }
        self.ids = self._id_columns()
        self.required = frozenset(
            name
            for name, hint in self.hints.items()
            if not is_nullable_column(hint) and name not in self.own_names
        )
        self._typed = {
            name: hint
            for name, hint in self.hints.items()
            if hint.get("data_type") and name not in self.own_names
        }

    @property
    def are_declared(self) -> bool:
        """Whether the table can be made before a row arrives.

        Without the type of a key it cannot.
        """
        return bool(self.declared) and self.required <= self._typed.keys()

    @property
    def may_discard_rows(self) -> bool:
        """Whether the schema contract may leave a row out of the table."""
        return contract_discards_rows(self._schema, self.table_hints)

    @property
    def may_lack_rows(self) -> bool:
        """Whether rows that dlt gets may not be in the table: a column may say that they go."""
        return self.may_discard_rows or any(hint.get("hard_delete") for hint in self.hints.values())

    @property
    def have_ids(self) -> bool:
        """Whether the table was made with the ids of its rows."""
        return any((self.hints.get(name) or {}).get("data_type") for name in self._id_names)

    def fields(self) -> Fields:
        """What is known of the rows' fields, in the terms of the main road."""
        typed = {name: self._column(hint) for name, hint in self._typed.items()}
        return Fields(typed, self.name_of, self._infer, self.flattens)

    def name_of(self, path: FieldPath) -> str:
        """The column that a field goes to, by the schema's naming convention.

        Args:
            path: The field's name, behind the names of the objects that it is in.

        Returns:
            The column's name; empty where the naming convention leaves nothing of a name.
        """
        naming = self._schema.naming
        names = [
            normalize_identifier(self._schema, naming, step) if step and not step.isspace() else ""
            for step in path
        ]
        if "" in names:
            return ""
        return names[0] if len(names) == 1 else naming.shorten_fragments(*names)

    def meant_by(self, name: str) -> tuple[str, str] | None:
        """The column that the config names by the path of a nested field, which has another one.

        Args:
            name: The column of the nested field.

        Returns:
            The name in the config, and the column that it makes; None where there is none.
        """
        if not self._dotted:
            return None
        naming = self._schema.naming
        column = naming.normalize_identifier(name.replace(naming.PATH_SEPARATOR, "."))
        dotted = self._dotted.get(column)
        return (dotted, column) if dotted and column != name else None

    @property
    def deepest(self) -> int:
        """How many levels of objects and lists become columns and tables."""
        return self._deepest

    def arrow_column(self, hint: TColumnSchema) -> Column:
        """A column in the terms of the main road.

        Args:
            hint: Its hints, with its type.
        """
        return self._column(hint)

    def is_json(self, name: str, hint: TColumnSchema | None) -> bool:
        """Whether a column keeps lists and objects as JSON.

        Args:
            name: The name of the column.
            hint: Its hints; None where it is not there yet.
        """
        return ((hint or {}).get("data_type") or self._schema.get_preferred_type(name)) == "json"

    def child_table(self, path: FieldPath) -> str:
        """The table that the items of a list go to.

        Args:
            path: The list's name, behind the names of the objects and lists that it is in.
        """
        steps = (self.name_of((step,)) for step in path)
        return self._schema.naming.shorten_fragments(self.table_hints["name"] or "", *steps)

    def flattens(self, path: FieldPath) -> bool:
        """Whether dlt's normalizer makes columns of an object's fields.

        Args:
            path: The object's name, behind the names of the objects that it is in.
        """
        if len(path) > self._deepest:
            return False
        name = self.name_of(path)
        return not self.is_json(name, self.hints.get(name))

    def _infer(self, name: str, value: Any) -> Column:
        """Types a new column as dlt's normalizer would, by its first value that is not null."""
        if not name or name in self.own_names or isinstance(value, dict | list):
            return Column(name, None)
        if isinstance(value, Decimal):
            value = float(value)
        data_type = self._schema.get_preferred_type(name) or self._detected(value)
        hinted = self.hints.get(name) or {"nullable": True}
        self.hints[name] = {**hinted, "name": name, "data_type": data_type}
        return self._column(self.hints[name])

    def _detected(self, value: Any) -> TDataType:
        kind = type(value)
        detections = self._schema.settings.get("detections") or []
        return autodetect_sc_type(detections, kind, value) or py_type_to_sc_type(kind)

    def scalar_type(self, value: Any) -> pa.DataType | None:
        """The Arrow type of the column that dlt would make of a value.

        Args:
            value: The value; neither null nor a list or an object.

        Returns:
            None where only the side road fills such a column.
        """
        return self._column({"name": "value", "data_type": self._detected(value)}).type

    def arrow_type(self, name: str) -> pa.DataType | None:
        """The Arrow type of a column, whichever road fills it.

        Args:
            name: The name of the column, which has a type.

        Returns:
            None where it keeps JSON.
        """
        # As in `_column`.
        from dlt.common.libs.pyarrow import get_py_arrow_datatype

        hint = self.hints[name]
        if hint["data_type"] == "json":
            return None
        return get_py_arrow_datatype(hint, self._capabilities, self._timezone)

    def _column(self, hint: TColumnSchema) -> Column:
        # With it comes Arrow, which a sync without rows does not need.
        from dlt.common.libs.pyarrow import get_py_arrow_datatype

        arrow_type = None
        if hint["data_type"] in _MAIN_ROAD_TYPES:
            arrow_type = get_py_arrow_datatype(hint, self._capabilities, self._timezone)
        return Column(hint["name"] or "", arrow_type, is_nullable_column(hint))

    def _id_columns(self) -> TTableSchemaColumns:
        settings = resolve_configuration(
            ItemsNormalizerConfiguration(), sections=("normalize", "parquet_normalizer")
        )
        load_id, row_id = self._id_names
        ids: TTableSchemaColumns = {}
        if not settings.add_dlt_load_id:
            ids[load_id] = dlt_load_id_column()
        if not settings.add_dlt_id:
            ids[row_id] = dlt_id_column()
        return ids


def _nesting_of(schema: Schema, resource: DltResource) -> int:
    """How many levels of objects become columns, by the resource's setting or the source's."""
    if resource.max_table_nesting is not None:
        return resource.max_table_nesting
    deepest: int = getattr(schema.data_item_normalizer, "max_nesting", _DEEPEST)
    return deepest
