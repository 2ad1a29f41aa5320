"""The main road for rows with lists: their items go to child tables in Arrow.

dlt's normalizer takes each row that brings something new first, on a copy of the schema. So the
tables and columns are those that it would make of all rows, and what it would not make in this way
takes the side road.
"""

from __future__ import annotations

from functools import cache, cached_property
from types import TracebackType
from typing import Any, Self, cast

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TTableSchema, TTableSchemaColumns

from headrace.core.arrow import pa
from headrace.core.leaps import Leap, is_taken
from headrace.destination.dlt_schema import makes_child_tables_as_usual
from headrace.destination.tables import table_names
from headrace.dlt_source.child_files import ChildFiles, open_files
from headrace.dlt_source.child_lists import ChildListGuard
from headrace.dlt_source.dlt_pipe import may_drop_rows
from headrace.dlt_source.running_resource import RunningResource
from headrace.dlt_source.table import ResourceTable
from headrace.sansio.rows import Column, ItemRows, ListFields, RowGroups, nested_row_ids
from headrace.sansio.rows.json_rows import FieldPath
from headrace.sansio.rows.texts import table_without_nul


class KnownChildTables:
    """The child tables of a table, as dlt's normalizer has made them of the rows so far.

    Args:
        table: The table that the lists are in.
    """

    def __init__(self, table: ResourceTable) -> None:
        self._columns = table.columns
        self._checks = table.row_checks
        self.deepest = table.columns.deepest
        self._table_of = cache(table.columns.child_table)
        self._name_of = cache(table.columns.name_of)
        self.kept: dict[str, set[str]] = {}

    def table_of(self, path: FieldPath) -> str:
        """The table that the items of a list go to."""
        return self._table_of(path)

    def name_of(self, path: FieldPath) -> str:
        """The column of a field."""
        return self._name_of(path)

    def is_own(self, column_name: str) -> bool:
        """Whether dlt fills a column itself."""
        return column_name in self._columns.own_names

    def is_json(self, table: str, column_name: str) -> bool:
        """Whether a column keeps lists and objects as JSON."""
        return self._columns.is_json(column_name, self._checks.child_column(table, column_name))

    def column(self, table: str, column_name: str) -> Column | None:
        """A column as the rows so far have made it."""
        hint = self._checks.child_column(table, column_name)
        if hint is None or not hint.get("data_type"):
            return None
        return self._columns.arrow_column(hint)

    def is_made(self, table: str) -> bool:
        """Whether the rows so far have brought rows for a child table."""
        return self._checks.is_child_table(table)

    def keep(self, table: str, column_name: str | None = None) -> None:
        """Has a table and a column of it stay, whatever becomes of the row that has brought it."""
        self.kept.setdefault(table, set()).update([column_name] if column_name else [])
        self._checks.keep_child_column(table, column_name)


class ListRoad:
    """Writes the rows of child tables that the lists of a resource's rows bring.

    As a context manager it ends the files, and makes the child tables known to the source's schema.

    Args:
        resource: The running resource.
        table: The table of the resource.
        guard: Refuses lists that would fill a child table wrongly.
        is_open: Whether rows with lists may take it, as far as the resource is concerned.
    """

    def __init__(
        self,
        resource: RunningResource,
        table: ResourceTable,
        guard: ChildListGuard,
        *,
        is_open: bool,
    ) -> None:
        self._resource = resource
        self._table = table
        self._guard = guard
        self._is_open = is_open and is_taken(Leap.LISTS_IN_ARROW)
        self._schema: Schema = dlt.current.source_schema()
        self._index_name = self._schema.naming.normalize_identifier("_dlt_list_idx")
        self._groups: dict[str, RowGroups] = {}

    @cached_property
    def _known(self) -> KnownChildTables:
        return KnownChildTables(self._table)

    @cached_property
    def _files(self) -> ChildFiles | None:
        """Where the rows are written; None where dlt makes child tables in a way of its own."""
        load_id, hints = self._resource.load_id, self._table.columns.table_hints
        if not self._is_open or self._guard.may_refuse or load_id is None or may_drop_rows():
            return None
        tables = list(table_names(dlt.current.source()).values())
        if tables.count(hints["name"] or "") != 1:
            return None
        is_usual = makes_child_tables_as_usual(self._schema, hints)
        return open_files(load_id, self._schema.name) if is_usual else None

    @cached_property
    def fields(self) -> ListFields | None:
        """What is known of lists in the rows; None where rows with lists take the side road."""
        if self._files is None:
            return None
        formats = self._table.file_formats
        return ListFields(self._known, takes_empty_texts=not formats.loses_empty_texts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if "fields" not in self.__dict__ or self._files is None:
            return
        if error is None:
            for table, groups in self._groups.items():
                self._write_rest(table, groups)
        self._files.close(is_whole=error is None)
        # Those that lists are in were kept before the tables of the lists.
        for table in self._known.kept if error is None else ():
            self._announce(table)

    def take(self, items: list[ItemRows], row_ids: pa.Array | pa.ChunkedArray) -> None:
        """Takes the rows that the lists of a batch bring.

        Args:
            items: The rows, those of a list before those of the lists in it.
            row_ids: The ids of the rows of the resource's table.
        """
        root_ids = row_ids.combine_chunks() if isinstance(row_ids, pa.ChunkedArray) else row_ids
        ids_of: dict[str | None, pa.Array] = {None: root_ids}
        for each in items:
            parent_ids = ids_of[each.parent].take(each.parents)
            ids = ids_of[each.table] = nested_row_ids(
                parent_ids.to_pylist(), each.table, each.places
            )
            made = self._made(each.table)
            filled = {
                **{name: each.columns.column(name) for name in each.columns.column_names},
                _with_hint(made, "row_key"): ids,
                _with_hint(made, "parent_key"): parent_ids,
                self._index_name: each.places,
            }
            if any(hint.get("root_key") for hint in made["columns"].values()):
                filled[_with_hint(made, "root_key")] = root_ids.take(each.roots)
            self._add(each.table, self._ordered(made, filled))

    def _announce(self, table: str) -> None:
        made = self._made(table)
        partial: Any = {
            "name": table,
            "parent": made.get("parent"),
            "columns": self._hints(made),
        }
        self._schema.update_table(partial, normalize_identifiers=False)

    def _made(self, table: str) -> TTableSchema:
        return self._table.row_checks.child_table(table)

    def _hints(self, made: TTableSchema) -> TTableSchemaColumns:
        kept = self._known.kept[made["name"] or ""]
        return {
            name: cast(TColumnSchema, dict(hint))
            for name, hint in made["columns"].items()
            if name in kept or self._known.is_own(name)
        }

    def _ordered(self, made: TTableSchema, filled: dict[str, Any]) -> pa.Table:
        arrays, fields = [], []
        for name, hint in made["columns"].items():
            if name in filled:
                arrays.append(filled[name])
                fields.append(pa.field(name, filled[name].type, bool(hint.get("nullable", True))))
        return pa.table(arrays, schema=pa.schema(fields))

    def _add(self, table: str, rows: pa.Table) -> None:
        if not self._table.limits.takes_nul:
            whole, rows = rows, table_without_nul(rows)
            values = self._table.values
            values.has_cut_nul = values.has_cut_nul or rows is not whole
        groups = self._groups.setdefault(table, RowGroups())
        if not groups.fits(rows):
            self._write_rest(table, groups)
        for group in groups.add(rows):
            self._write(table, group)

    def _write_rest(self, table: str, groups: RowGroups) -> None:
        rest = groups.take_rest()
        if rest is not None and rest.num_rows:
            self._write(table, rest)

    def _write(self, table: str, rows: pa.Table) -> None:
        hints = self._made(table)["columns"]
        assert self._files is not None
        self._files.write(table, rows, {name: hints[name] for name in rows.column_names})


def _with_hint(table: TTableSchema, hint: str) -> str:
    return next(name for name, column in table["columns"].items() if column.get(hint))
