"""Merges into tables of DuckDB from the files of a load.

`direct_merges` says what that rests on, and what to check at an upgrade of dlt.
"""

from __future__ import annotations

from typing import Any

from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob

from headrace.destination.direct_merges import DirectClientMixin, is_merged_directly
from headrace.destination.dlt_schema import columns_with
from headrace.destination.key_ranges import range_of_a_key


class DirectClient(DirectClientMixin, DuckDbClient):
    """A client of DuckDB whose jobs merge from files, wherever that comes to the same."""

    def create_load_job(
        self, table: Any, file_path: str, load_id: str, restore: bool = False
    ) -> Any:
        """The job of a file; see dlt's client."""
        job = super().create_load_job(table, file_path, load_id, restore)
        self.note_begun_before(job, is_restored=restore)
        # A unique index finds fault with a row that is deleted and inserted in one transaction.
        has_indexes = bool(self.active_hints)
        is_copy = type(job) is DuckDbCopyJob and file_path.endswith(".parquet")
        if is_copy and not has_indexes and is_merged_directly(self.schema, table, file_path):
            return _DirectJob(file_path)
        return job


class _DirectJob(DuckDbCopyJob):
    """Puts the rows of a file in the place of those with their keys, in one transaction."""

    def run(self) -> None:
        """Merges the rows, or stages them where a column is not as it is expected."""
        client: Any = self._job_client
        name = self.load_table_name
        path = self._file_path.replace("'", "''")
        table, file = client.main_table(name), f"read_parquet('{path}')"
        columns = self._values_by_column(table, file)
        if columns is None:
            super().run()
            return
        execute = client.sql_client.execute_sql
        with client.sql_client.begin_transaction():
            if self._may_have_keys(table):
                execute(
                    f"DELETE FROM {table} AS d WHERE EXISTS (SELECT 1 FROM {file} AS s "
                    f"WHERE {self._same_key()})"
                )
            execute(
                f"INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {', '.join(columns.values())} FROM {file}"
            )
        client.note_merged(self)

    def _values_by_column(self, table: str, file: str) -> dict[str, str] | None:
        """What goes into each column of the table, as in a statement.

        A column that no row has is null, also where the table has a default for it.

        Returns:
            None where the file has columns that the schema does not know, or keys of another type.
        """
        client: Any = self._job_client
        written, stored = self._types(file), self._types(table)
        known = [name for name, column in self._columns.items() if column.get("data_type")]
        if not (written.keys() <= set(known) and set(known) <= stored.keys()):
            return None
        if any(written.get(key) != stored[key] for key in self._keys):
            return None
        escape = client.sql_client.escape_column_name
        return {escape(name): escape(name) if name in written else "NULL" for name in known}

    def _may_have_keys(self, table: str) -> bool:
        """Whether the table may have rows with keys of the file."""
        client: Any = self._job_client
        execute = client.sql_client.execute_sql
        found = range_of_a_key(self._load_table, self._file_path)
        if found is None:
            return bool(execute(f"SELECT 1 FROM {table} LIMIT 1"))
        column, *ends = found
        inside = f"{client.sql_client.escape_column_name(column)} BETWEEN %s AND %s"
        return bool(execute(f"SELECT 1 FROM {table} WHERE {inside} LIMIT 1", *ends))

    def _types(self, relation: str) -> dict[str, str]:
        """The types of the columns of a table or file, by their names."""
        client: Any = self._job_client
        rows = client.sql_client.execute_sql(f"DESCRIBE SELECT * FROM {relation}") or ()
        return {row[0]: row[1] for row in rows}

    def _same_key(self) -> str:
        client: Any = self._job_client
        escape = client.sql_client.escape_column_name
        return " AND ".join(f"d.{escape(key)} = s.{escape(key)}" for key in self._keys)

    @property
    def _keys(self) -> tuple[str, ...]:
        table: Any = self._load_table
        return columns_with(table, "primary_key", typed_only=True)

    @property
    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = dict(self._load_table["columns"])
        return columns
