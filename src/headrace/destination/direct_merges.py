"""The door to dlt's load jobs: a merge that takes the rows from their file, not from a copy of it.

dlt copies the file of a load into a table of its staging dataset, then deletes the rows with the
same keys out of the table, and inserts the copy. Where a load has all rows of a table in one file,
and each key once, the copy is for nothing.

What the modules `direct_merges*` rest on, by dlt 1.31:

- A destination makes a client of its `client_class` for each step and each job of a load. The
  client makes the job of a file, which runs within the staging dataset, emptied by then; and once
  all jobs of a table and of those below it are done, a job that merges what is staged.
- A job that failed or was killed is run again, by this process or a later one, which need not know
  of what is here; the job that merges is made anew as well. So a job of ours does all in one
  transaction that can be run again, or nothing; and the merge of what is staged is left out only
  by the process that has run it. Any other finds nothing staged, and merges that.
- Where it had staged its rows before it was killed, it stages them once more. By `CLAIM` they would
  then be merged twice, by whatever process finishes the load. So a load is given `UNIQUE_KEYS`,
  which dlt does not heed, and a merge gets `CLAIM` by the process that has staged the rows, once.
- The folder of a package has a folder for the jobs of each state. A file is named by its table, an
  id, the number of its retries and its format, and the job that merges ends in `sql`.
- `create_load_job` gets a table with the hints that count for it.

At an upgrade of dlt check those sentences; `tests/stories/loading/test_direct_merges.py` and the
tests of crashes fail where one is no longer true.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema

from headrace.core.leaps import Leap, is_taken
from headrace.destination.dlt_schema import child_tables, columns_with

CLAIM = "x-stage-data-deduplicated"
"""The hint by which dlt merges what is staged without a look at whether a key is there twice."""
UNIQUE_KEYS = "x-headrace-unique-keys"
"""The hint by which a merge of ours knows that a load has each key once. It says nothing to dlt."""

# Hints by which a merge does more than to put rows in the place of those with their keys.
_MORE_THAN_KEYS = ("merge_key", "hard_delete")
_CONDITIONS = ("x-merge-source-filter", "x-merge-destination-scope")


def merge_directly(pipeline: dlt.Pipeline) -> None:
    """Has the merges of a pipeline take rows from their files, wherever that comes to the same.

    Args:
        pipeline: The pipeline. Other destinations than DuckDB and PostgreSQL are left alone.
    """
    destination: Any = pipeline.destination
    if type(destination) is dlt.destinations.duckdb:
        destination.__class__ = _DuckDb
    elif type(destination) is dlt.destinations.postgres:
        destination.__class__ = _Postgres


class _DuckDb(dlt.destinations.duckdb):
    """The destination, whose loads merge from files."""

    @property
    def destination_type(self) -> str:
        return "dlt.destinations.duckdb"

    @property
    def client_class(self) -> Any:
        # A run into another destination needs no DuckDB, which takes a while to import.
        from headrace.destination.direct_merges_duckdb import DirectClient

        return DirectClient


class _Postgres(dlt.destinations.postgres):
    """The destination, whose loads into empty tables merge from files."""

    @property
    def destination_type(self) -> str:
        return "dlt.destinations.postgres"

    @property
    def client_class(self) -> Any:
        from headrace.destination.direct_merges_postgres import DirectClient

        return DirectClient


class DirectClientMixin:
    """What the clients of both databases have in common."""

    # The ids of the jobs that have put their rows into the table themselves.
    _merged: ClassVar[set[str]] = set()
    # Those that were begun before, and may have staged their rows already.
    _begun_before: ClassVar[set[str]] = set()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client: Any = self
        self.main_dataset: str = client.sql_client.dataset_name

    def main_table(self, name: str) -> str:
        """The name of a table in the dataset that is not the staging one, as in a statement.

        Args:
            name: The name of the table in the schema.
        """
        client: Any = self
        with client.sql_client.with_alternative_dataset_name(self.main_dataset):
            return str(client.sql_client.make_qualified_table_name(name))

    def note_begun_before(self, job: Any, *, is_restored: bool) -> None:
        """Notes whether a job is run again, so that its rows may be staged twice.

        Args:
            job: The job.
            is_restored: Whether an earlier process has begun it.
        """
        if is_restored or job.job_file_info().retry_count:
            self._begun_before.add(job.job_id())

    def note_merged(self, job: Any) -> None:
        """Notes that the rows of a job are in their table, so that none are staged.

        Args:
            job: The job, which is committed.
        """
        self._merged.add(job.job_id())

    def create_table_chain_completed_followup_jobs(
        self, table_chain: Sequence[Any], completed_table_chain_jobs: Sequence[Any] | None = None
    ) -> list[Any]:
        """The jobs that merge what is staged for a table; none where nothing is.

        Args:
            table_chain: The table and those below it.
            completed_table_chain_jobs: Their jobs.
        """
        jobs = {each.job_file_info.job_id() for each in completed_table_chain_jobs or ()}
        is_staged_once = jobs.isdisjoint(self._begun_before)
        self._begun_before.difference_update(jobs)
        if jobs and jobs <= self._merged:
            self._merged.difference_update(jobs)
            return []
        if _has_each_key_once(table_chain[0]):
            table_chain = [{**table, CLAIM: is_staged_once} for table in table_chain]
        super_client: Any = super()
        made: list[Any] = super_client.create_table_chain_completed_followup_jobs(
            table_chain, completed_table_chain_jobs
        )
        return made


def is_merged_directly(schema: Schema, table: TTableSchema, file: str) -> bool:
    """Whether a merge comes to this: the rows of one file take the place of those with their keys.

    Args:
        schema: The schema of the table.
        table: The table with the hints that count for it.
        file: The file with rows of the table, in the folder of its package.
    """
    hints: Any = table
    return (
        is_taken(Leap.DIRECT_MERGES)
        and hints.get("write_disposition") == "merge"
        and hints.get("x-merge-strategy") in (None, "delete-insert")
        and _has_each_key_once(table)
        and not any(hints.get(each) for each in _CONDITIONS)
        and bool(columns_with(table, "primary_key", typed_only=True))
        and not any(columns_with(table, each) for each in _MORE_THAN_KEYS)
        and not child_tables(schema, str(table["name"]))
        and _is_only_file(Path(file))
    )


def _has_each_key_once(table: Any) -> bool:
    """Whether a load has each key of a table once, as we or the user say."""
    return bool(table.get(UNIQUE_KEYS) or table.get(CLAIM))


def _is_only_file(file: Path) -> bool:
    """Whether no other file of its package has rows of the same table."""
    table = file.name.partition(".")[0]
    files = [
        each.name
        for each in file.parents[1].glob("*_jobs/*")
        if each.name.partition(".")[0] == table and each.suffix != ".sql"
    ]
    return files == [file.name]
