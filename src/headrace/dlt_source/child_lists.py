"""Refuses rows with lists where a merge would leave the child rows of earlier versions behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import dlt
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

from headrace.core.exceptions import ConfigError, Fault
from headrace.destination.merging import leaves_child_rows
from headrace.destination.pipeline import destination_name
from headrace.dlt_source.dlt_pipe import capabilities_of_running_load, current_load_id
from headrace.dlt_source.table_columns import TableColumns
from headrace.sansio.rows.json_rows import FieldPath


class ChildListGuard:
    """Looks at the rows of the running resource before dlt gets them.

    Args:
        name: The name of the resource.
        columns: The columns of its table; None to look them up where they matter.
    """

    def __init__(self, name: str, columns: TableColumns | None = None) -> None:
        self._name = name
        self._columns: TableColumns | None = None
        if current_load_id() is None:
            return
        pipeline, able = dlt.current.pipeline(), capabilities_of_running_load()
        try:
            columns = columns or TableColumns(
                dlt.current.source_schema(), dlt.current.resource(), able
            )
        except DataItemRequiredForDynamicTableHints:
            # Which fields make child tables is not known before dlt has the row.
            return
        if leaves_child_rows(pipeline, columns.table_hints, able):
            self._columns = columns
            self._destination = destination_name(pipeline)

    def check(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Refuses a row with a list that would fill a child table.

        Args:
            rows: Decoded rows.

        Raises:
            ConfigError: There is such a row. Nothing of the running load is loaded then.
        """
        if self._columns is None:
            return
        for row in rows:
            path = self._filled_list(row, ())
            if path is not None:
                raise self._refused(".".join(path), self._columns.name_of(path))

    def _filled_list(self, row: Mapping[str, Any], parent: FieldPath) -> FieldPath | None:
        """The first list of a row that is not empty and stays no JSON."""
        assert self._columns is not None
        for name, value in row.items():
            path = (*parent, name)
            if not (isinstance(value, dict | list) and value and self._columns.flattens(path)):
                continue
            found = self._filled_list(value, path) if isinstance(value, dict) else path
            if found is not None:
                return found
        return None

    def _refused(self, field: str, column: str) -> ConfigError:
        message = (
            f"a row has a list in `{field}`, which would fill a child table, and "
            f"`{self._destination}` does not delete the child rows of a row that comes again when "
            "it merges: those of a list that became shorter would stay. Nothing was loaded. Keep "
            f"lists as JSON, with `max_table_nesting: 0` or `columns: {{{column}: {{data_type: "
            "json}}`, or use a destination that merges by `delete-insert`, as duckdb or postgres."
        )
        return ConfigError([Fault(f"resources.{self._name}", message)], resource=self._name)
