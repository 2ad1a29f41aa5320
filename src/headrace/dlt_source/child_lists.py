"""Refuses rows with lists where the tables of the lists would not be right.

A merge may leave the child rows of earlier versions behind, or the table of a list may be that of
another resource: the lists `b` of `a` and the rows of `a__b` would go to one table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import dlt
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

from headrace.core.exceptions import ConfigError, Fault
from headrace.destination.dlt_schema import has_rows
from headrace.destination.merging import leaves_child_rows
from headrace.destination.pipeline import destination_name
from headrace.destination.tables import table_names
from headrace.dlt_source.dlt_pipe import capabilities_of_running_load, current_load_id
from headrace.dlt_source.table_columns import TableColumns
from headrace.sansio.rows.json_rows import FieldPath


class ChildListGuard:
    """Looks at the rows of the running resource before dlt gets them.

    Args:
        name: The name of the resource.
        columns: The columns of its table; None to look them up where they matter.

    Raises:
        ConfigError: The table of the resource holds lists of another one.
    """

    def __init__(self, name: str, columns: TableColumns | None = None) -> None:
        self._name = name
        self._columns: TableColumns | None = None
        self._leaves_rows = False
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
        self._columns = columns
        self._destination = destination_name(pipeline)
        self._leaves_rows = leaves_child_rows(pipeline, columns.table_hints, able)
        self._refuse_child_table(columns)

    @cached_property
    def _taken(self) -> dict[str, str]:
        """The tables that lists must not go to, each with what it is the table of."""
        if self._columns is None:
            return {}
        schema, own = dlt.current.source_schema(), self._columns.table_hints["name"] or ""
        below = f"{own}{schema.naming.PATH_SEPARATOR}"
        taken = {
            name: "rows of an earlier run"
            for name, table in schema.tables.items()
            if name.startswith(below)
            and not table.get("parent")
            # A list with a key of its own, by `nested_hints`, has a table without a parent.
            and table.get("resource") not in (None, self._name)
            and has_rows(table)
        }
        for name, table_name in table_names(dlt.current.source()).items():
            if table_name.startswith(below):
                taken[table_name] = f"the resource `{name}`"
        return taken

    @property
    def may_refuse(self) -> bool:
        """Whether it has to look at rows with lists, or cannot know yet."""
        return self._columns is None or self._leaves_rows or bool(self._taken)

    def check(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Refuses a row with a list that would fill a child table wrongly.

        Args:
            rows: Decoded rows.

        Raises:
            ConfigError: There is such a row. Nothing of the running load is loaded then.
        """
        if self._columns is None or not (self._leaves_rows or self._taken):
            return
        for row in rows:
            for path in self._filled_lists(row, ()):
                if self._leaves_rows:
                    raise self._refused(".".join(path), self._columns.name_of(path))
                table = self._columns.child_table(path)
                if table in self._taken:
                    raise self._collides(path, table)

    def _filled_lists(self, row: Mapping[str, Any], parent: FieldPath) -> Iterator[FieldPath]:
        """The lists of a row that are not empty and stay no JSON, those within others behind."""
        assert self._columns is not None
        for name, value in row.items():
            path = (*parent, name)
            if not (isinstance(value, dict | list) and value and self._columns.flattens(path)):
                continue
            if isinstance(value, dict):
                yield from self._filled_lists(value, path)
            else:
                yield path
                yield from self._within_list(value, path)

    def _within_list(self, items: list[Any], path: FieldPath) -> Iterator[FieldPath]:
        for item in items:
            if isinstance(item, dict):
                yield from self._filled_lists(item, path)
            elif isinstance(item, list):
                # dlt makes an object of a list in a list.
                yield from self._filled_lists({"list": item}, path)

    def _refuse_child_table(self, columns: TableColumns) -> None:
        table = columns.table_hints["name"] or ""
        above = dlt.current.source_schema().tables.get(table, {}).get("parent")
        if not above or columns.table_hints.get("parent"):
            return
        message = (
            f"its table `{table}` is there already and holds lists of the rows in `{above}`. "
            "Nothing was loaded. Give the resource another `table_name`."
        )
        raise ConfigError([Fault(f"resources.{self._name}", message)], resource=self._name)

    def _collides(self, path: FieldPath, table: str) -> ConfigError:
        assert self._columns is not None
        message = (
            f"a row has a list in `{'.'.join(path)}`, whose items go to a child table `{table}`, "
            f"but that is the table of {self._taken[table]}. Nothing was loaded. Give one of the "
            "two resources another `table_name`, or keep the list as JSON: "
            f"`columns: {{{self._columns.name_of(path)}: {{data_type: json}}}}`."
        )
        return ConfigError([Fault(f"resources.{self._name}", message)], resource=self._name)

    def _refused(self, field: str, column: str) -> ConfigError:
        message = (
            f"a row has a list in `{field}`, which would fill a child table, and "
            f"`{self._destination}` does not delete the child rows of a row that comes again when "
            "it merges: those of a list that became shorter would stay. Nothing was loaded. Keep "
            f"lists as JSON, with `max_table_nesting: 0` or `columns: {{{column}: {{data_type: "
            "json}}`, or use a destination that merges by `delete-insert`, as duckdb or postgres."
        )
        return ConfigError([Fault(f"resources.{self._name}", message)], resource=self._name)
