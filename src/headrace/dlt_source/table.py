"""The table that a resource fills: how dlt will write it, and what dlt is yet to be told."""

from __future__ import annotations

import dlt
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.typing import TLoaderFileFormat
from dlt.extract.resource import DltResource

from headrace.dlt_source.dlt_pipe import capabilities_of_running_load
from headrace.dlt_source.table_columns import TableColumns
from headrace.dlt_source.table_values import TableValues
from headrace.sansio.rows import MainRoad

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
    """

    def __init__(
        self, schema: Schema, resource: DltResource, capabilities: DestinationCapabilitiesContext
    ) -> None:
        self._capabilities = capabilities
        self.columns = TableColumns(schema, resource, capabilities)
        self.values = TableValues(self.columns, capabilities)
        self._hinted: set[str] = set()

    @classmethod
    def of_running_resource(cls) -> ResourceTable:
        """The table of the resource whose function is running now."""
        schema, resource = dlt.current.source_schema(), dlt.current.resource()
        return cls(schema, resource, capabilities_of_running_load())

    def main_road(self, *, is_open: bool = True) -> MainRoad:
        """The main road to this table, which learns its columns from the rows that it takes.

        Args:
            is_open: Whether rows may take it; else all of them go the side road.
        """
        return MainRoad(
            self.columns.fields(),
            self.columns.required,
            self.values.refusal,
            is_open=is_open,
            exact=self.values.are_exact,
        )

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
        strategy = table.get("x-merge-strategy")
        return table.get("write_disposition") == "merge" and strategy in _HASHED

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
            and "x-stage-data-deduplicated" not in table
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

    def last_version_wins(self) -> TTableSchemaColumns:
        """The hint by which the last of a key's versions in one load counts.

        dlt keeps an arbitrary one without it. The row ids grow with the order of the rows, so they
        can stand for it; a `dedup_sort` of the user's comes first.
        """
        if any(hint.get("dedup_sort") for hint in self.columns.hints.values()):
            return {}
        name = self.row_id_name
        return {name: {**self.columns.ids[name], "dedup_sort": "desc"}} if name else {}

    def side_road_format(self) -> TLoaderFileFormat | None:
        """The file format for rows of the side road; None to leave the choice to dlt.

        Parquet loads several times as fast as what dlt takes for rows by default.
        """
        formats = list(self._capabilities.supported_loader_file_formats or [])
        choose = self._capabilities.loader_file_format_selector
        table = self.columns.table_hints
        if choose is not None:
            preferred = self._capabilities.preferred_loader_file_format
            formats = list(choose(preferred, formats, table_schema=table)[1])
        is_free = "parquet" in formats and not table.get("file_format")
        return "parquet" if is_free else None
