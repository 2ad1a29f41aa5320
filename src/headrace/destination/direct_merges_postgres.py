"""Merges into empty tables of PostgreSQL from the files of a load.

`direct_merges` says what that rests on, and what to check at an upgrade of dlt.

A file is copied in one transaction. When the job runs again behind it, the table has rows, and the
file is merged as by dlt.
"""

from __future__ import annotations

from typing import Any

from dlt.destinations.impl.postgres.postgres import (
    PostgresClient,
    PostgresCsvCopyJob,
    PostgresParquetCopyJob,
)

from headrace.destination.direct_merges import DirectClientMixin, is_merged_directly

_DEFAULTS = (
    "SELECT 1 FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
    "AND column_default IS NOT NULL LIMIT 1"
)


class DirectClient(DirectClientMixin, PostgresClient):
    """A client of PostgreSQL whose jobs copy files into empty tables themselves."""

    def create_load_job(
        self, table: Any, file_path: str, load_id: str, restore: bool = False
    ) -> Any:
        """The job of a file; see dlt's client."""
        job: Any = super().create_load_job(table, file_path, load_id, restore)
        if restore:
            self.note_begun_before(job)
        direct: Any = _DIRECT.get(type(job))
        if direct is not None and is_merged_directly(self.schema, table, file_path):
            return direct(file_path)
        return job


class _DirectJobMixin:
    """Copies a file into the table itself where that is empty."""

    def run(self: Any) -> None:
        """Copies the file, into the staging dataset where the table has rows."""
        copying: Any = super()
        client, name = self._job_client, self.load_table_name
        if not self._is_empty(client, name):
            copying.run()
            return
        with client.sql_client.with_alternative_dataset_name(client.main_dataset):
            copying.run()
        client.note_merged(self)

    @staticmethod
    def _is_empty(client: Any, name: str) -> bool:
        """Whether the table has no rows, and no defaults for columns that the file lacks."""
        execute = client.sql_client.execute_sql
        if execute(f"SELECT 1 FROM {client.main_table(name)} LIMIT 1"):
            return False
        return not execute(_DEFAULTS, client.main_dataset, name)


class _DirectCsvJob(_DirectJobMixin, PostgresCsvCopyJob):
    """Copies CSV."""


class _DirectParquetJob(_DirectJobMixin, PostgresParquetCopyJob):
    """Copies Parquet."""


_DIRECT = {PostgresCsvCopyJob: _DirectCsvJob, PostgresParquetCopyJob: _DirectParquetJob}
