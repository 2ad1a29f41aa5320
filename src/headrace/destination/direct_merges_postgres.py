"""Merges into tables of PostgreSQL from the files of a load, where all keys of a file are new.

`direct_merges` says what that rests on, and what to check at an upgrade of dlt.

A file is copied in one transaction. When the job runs again behind it, the table has its rows, and
the file is merged as by dlt.

Keys are new where the table is empty, or where they are whole numbers of a range in which the
table has none: a listing by descending ids brings such a range with each load. One scan of the
table finds that out. A merge scans it too, and writes the rows twice.
"""

from __future__ import annotations

from typing import Any

from dlt.destinations.impl.postgres.postgres import (
    PostgresClient,
    PostgresCsvCopyJob,
    PostgresParquetCopyJob,
)

from headrace.destination.direct_merges import DirectClientMixin, is_merged_directly
from headrace.destination.key_ranges import range_of_a_key

_DEFAULTS = (
    "SELECT 1 FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
    "AND column_default IS NOT NULL LIMIT 1"
)


class DirectClient(DirectClientMixin, PostgresClient):
    """A client of PostgreSQL whose jobs copy files with new keys into tables themselves."""

    def create_load_job(
        self, table: Any, file_path: str, load_id: str, restore: bool = False
    ) -> Any:
        """The job of a file; see dlt's client."""
        job: Any = super().create_load_job(table, file_path, load_id, restore)
        self.note_begun_before(job, is_restored=restore)
        direct: Any = _DIRECT.get(type(job))
        if direct is not None and is_merged_directly(self.schema, table, file_path):
            return direct(file_path)
        return job


class _DirectJobMixin:
    """Copies a file into the table itself where that has none of its keys."""

    def run(self: Any) -> None:
        """Copies the file, into the staging dataset where the table may have some of its keys."""
        copying: Any = super()
        client = self._job_client
        if not self._is_all_new(client, self.load_table_name):
            copying.run()
            return
        with client.sql_client.with_alternative_dataset_name(client.main_dataset):
            copying.run()
        client.note_merged(self)

    def _is_all_new(self: Any, client: Any, name: str) -> bool:
        """Whether the table has no such keys, and no defaults for columns that the file lacks."""
        execute = client.sql_client.execute_sql
        table = client.main_table(name)
        if execute(f"SELECT 1 FROM {table} LIMIT 1"):
            found = self._range_of_a_key()
            if found is None:
                return False
            column, *ends = found
            inside = f"{client.sql_client.escape_column_name(column)} BETWEEN %s AND %s"
            if execute(f"SELECT 1 FROM {table} WHERE {inside} LIMIT 1", *ends):
                return False
        return not execute(_DEFAULTS, client.main_dataset, name)

    def _range_of_a_key(self) -> tuple[str, int, int] | None:
        """A column of the key with its least and greatest value; None where they are unknown."""
        return None


class _DirectCsvJob(_DirectJobMixin, PostgresCsvCopyJob):
    """Copies CSV."""


class _DirectParquetJob(_DirectJobMixin, PostgresParquetCopyJob):
    """Copies Parquet."""

    def _range_of_a_key(self) -> tuple[str, int, int] | None:
        return range_of_a_key(self._load_table, self._file_path)


_DIRECT = {PostgresCsvCopyJob: _DirectCsvJob, PostgresParquetCopyJob: _DirectParquetJob}
