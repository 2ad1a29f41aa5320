"""The table that a resource fills: how dlt will write it, and what dlt is yet to be told."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import dlt
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.extract.resource import DltResource

from headrace.core.arrow import pa, pc
from headrace.destination.binary_copy import is_copied_exactly
from headrace.destination.direct_merges import CLAIM
from headrace.destination.dlt_schema import has_rows
from headrace.destination.limits import limits_of
from headrace.destination.merging import finds_rows_by_id
from headrace.dlt_source.dlt_pipe import (
    capabilities_of_running_load,
    current_load_id,
    tables_to_drop,
)
from headrace.dlt_source.file_formats import FileFormats, file_formats_of
from headrace.dlt_source.row_checks import RowChecks
from headrace.dlt_source.table_columns import TableColumns
from headrace.dlt_source.table_values import TableValues
from headrace.sansio.rows import ListFields, MainRoad
from headrace.sansio.rows.texts import has_empty_text, table_without_nul

# The merge strategies of dlt that know a row, or its versions, by a hash of its content.
_HASHED = frozenset(["scd2", "upsert", "insert-only", "cdc"])


class ResourceTable:
    """The table of a resource.

    Args:
        schema: The pipeline's schema, which the extraction changes while it runs.
        resource: The dlt resource that fills the table.
        capabilities: What the destination can store.

    Attributes:
        columns: The table's columns.
        values: What its columns take.
        limits: What the destination cannot hold.
        row_checks: What rows of the side road are looked at for.
    """

    def __init__(
        self, schema: Schema, resource: DltResource, capabilities: DestinationCapabilitiesContext
    ) -> None:
        self._schema = schema
        self._resource = resource
        self._capabilities = capabilities
        self.limits = limits_of(capabilities)
        self.columns = TableColumns(schema, resource, capabilities)
        self.values = TableValues(self.columns, capabilities)
        self.row_checks = RowChecks(
            self.limits.columns, schema, self.columns, self.values, capabilities
        )
        self._hinted: set[str] = set()

    @classmethod
    def of_running_resource(cls) -> ResourceTable:
        """The table of the resource whose function is running now."""
        schema, resource = dlt.current.source_schema(), dlt.current.resource()
        return cls(schema, resource, capabilities_of_running_load())

    def main_road(self, lists: ListFields | None = None, *, is_open: bool = True) -> MainRoad:
        """The main road to this table, which learns its columns from the rows that it takes.

        Args:
            lists: What is known of lists in the rows; None where rows with lists may not take it.
            is_open: Whether rows may take it; else all of them go the side road.
        """
        fields = self.columns.fields()
        fields.lists = lists
        return MainRoad(
            fields,
            self.columns.required,
            self.values.refusal,
            self.row_checks,
            is_open=is_open,
            exact=self.values.are_exact,
        )

    def parted(self, table: pa.Table) -> tuple[pa.Table, list[dict[str, Any]]]:
        """Typed rows in the forms in which each of their texts arrives as it is.

        Args:
            table: The rows of the main road.

        Returns:
            The rows to hand over as a table, which may be none, and those to hand over as dicts.
        """
        if not self.limits.takes_nul:
            whole, table = table, table_without_nul(table)
            self.values.has_cut_nul = self.values.has_cut_nul or table is not whole
        apart = has_empty_text(table) if self.file_formats.loses_empty_texts else None
        if apart is None:
            return table, []
        return table.filter(pc.invert(apart)), table.filter(apart).to_pylist()

    @property
    def is_made_without_rows(self) -> bool:
        """Whether dlt must be told of a table for which no rows came.

        So that a table with declared columns is there before its first row, and that the rows of
        one that is replaced go.
        """
        stored = self._schema.tables.get(self.columns.table_hints["name"] or "")
        if stored is not None and has_rows(stored):
            return self.columns.table_hints.get("write_disposition") == "replace"
        return self.columns.are_declared

    @cached_property
    def file_formats(self) -> FileFormats:
        """In which file formats its rows are handed over."""
        return file_formats_of(
            self.columns.table_hints,
            self._capabilities,
            self._is_copied_exactly,
            may_discard_rows=self.columns.may_discard_rows,
        )

    def _is_copied_exactly(self) -> bool:
        load_id, name = current_load_id(), self.columns.table_hints["name"]
        if self._capabilities.sqlglot_dialect != "postgres" or load_id is None or name is None:
            return True
        dropped = tables_to_drop()
        return is_copied_exactly(dlt.current.pipeline(), self._schema, name, load_id, dropped)

    @property
    def key(self) -> str | None:
        """The column of the primary key; None where it has several columns, or there is none."""
        keys = [name for name, hint in self.columns.hints.items() if hint.get("primary_key")]
        return keys[0] if len(keys) == 1 else None

    @property
    def row_id_name(self) -> str | None:
        """The column of the row's id; None where dlt was told to add it itself."""
        return next((n for n, hint in self.columns.ids.items() if hint.get("row_key")), None)

    @property
    def hashes_rows(self) -> bool:
        """Whether dlt makes the rows' ids of their content, as some merge strategies need it."""
        table = self.columns.table_hints
        if table.get("write_disposition") != "merge":
            return False
        wanted = table.get("x-merge-strategy")
        return wanted in _HASHED or finds_rows_by_id(table, self._capabilities)

    @property
    def needs_ids(self) -> bool:
        """Whether rows without ids cannot be loaded: dlt's id columns are NOT NULL once made."""
        return self.columns.have_ids or self.hashes_rows

    @property
    def merges(self) -> bool:
        """Whether the load deletes the old versions of its keys and inserts the new ones.

        Not so where the user told dlt how far to trust the keys.
        """
        table = self.columns.table_hints
        return (
            table.get("write_disposition") == "merge"
            and table.get("x-merge-strategy") in (None, "delete-insert")
            and CLAIM not in table
        )

    def new_hints(self, present: list[str], typed: list[str]) -> TTableSchemaColumns:
        """Hints for the columns that dlt has not been told of yet.

        Args:
            present: The names of all columns that are about to be handed over.
            typed: The names of the columns that were typed here.

        Returns:
            The hints of the typed columns and, the first time that they are present, of the ids.
        """
        hints = {name: self.columns.hints[name] for name in typed}
        for name, hint in self.columns.ids.items():
            if name in present and name not in self._hinted:
                self._hinted.add(name)
                hints[name] = hint
        return hints

    def say_nullable(self) -> None:
        """Says of the declared columns that they take nulls, where nothing says it.

        Arrow's columns say it, and under a contract on types dlt takes that for another type: it
        would leave out all rows with a value there, or stop.
        """
        if self.columns.data_type_mode in (None, "evolve"):
            return
        stored = self._schema.tables.get(self.columns.table_hints["name"] or "")
        for column in stored["columns"].values() if stored else ():
            column.setdefault("nullable", True)
        hints = self.columns.hints
        self._resource.apply_hints(
            columns={name: {"nullable": True, **hints[name]} for name in self.columns.declared}
        )

    def last_version_wins(self) -> TTableSchemaColumns:
        """The hint by which the last of a key's versions in one load counts.

        dlt keeps an arbitrary one without it. The row ids grow with the order of the rows, so they
        can stand for it; a `dedup_sort` of the user's comes first.
        """
        if any(hint.get("dedup_sort") for hint in self.columns.hints.values()):
            return {}
        name = self.row_id_name
        return {name: {**self.columns.ids[name], "dedup_sort": "desc"}} if name else {}
