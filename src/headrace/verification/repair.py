"""Loads what tables lack out of the listing that was compared, without listing it again."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import dlt
import duckdb
import pyarrow as pa
from dlt.extract import DltSource

from headrace.core.figures import Figures
from headrace.destination.dataset import StoredDataset
from headrace.destination.dlt_clients import (
    KeptFile,
    make_table,
    new_job_client,
    takes_statements,
)
from headrace.destination.dlt_schema import has_rows, tables_below
from headrace.destination.long_texts import make_room_for_long_texts
from headrace.destination.merging import merge_whole_or_not_at_all
from headrace.destination.tables import FilledTable
from headrace.dlt_source.current_sync import RunningSync
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import LegEnd, Legs, LegSettings
from headrace.sansio.tail import Ledger
from headrace.syncing.failures import explained_failures
from headrace.syncing.setting_aside import load_what_is_taken
from headrace.verification.comparison import TableComparison
from headrace.verification.expected_changes import as_texts, is_among
from headrace.verification.reconciliation import ROW_ID, Reconciliation
from headrace.verification.scratch.database import quoted
from headrace.verification.scratch.listing import ScratchListing
from headrace.verification.scratch.raw_rows import RawRows
from headrace.verification.sides import Sides

_OF_PYTHON = (
    "the rows of `{}` are made in Python, so were not kept: headrace run CONFIG loads them."
)
_UNTRACED = (
    "the rows of `{}` pass through functions of yours, so that it is not known which of them are "
    "in the table: to load all of them would add those again. With `write_disposition: merge` each "
    "is loaded over itself: then headrace run CONFIG --list-anew loads what the table lacks."
)


@dataclass(frozen=True, slots=True)
class TableRepair:
    """What a repair did to a table.

    Args:
        refusal: Why the table was left as it was, and what to do instead; None where it was
            repaired.
        left: How the rows that were missing, differed or were there twice compare after the
            repair; None where the table was left as it was.
        unfollowed: How many of the loaded rows can still change, though the next syncs will not
            look at them.
    """

    refusal: str | None
    left: TableComparison | None = None
    unfollowed: int = 0


@dataclass(frozen=True, slots=True)
class FaultyTable:
    """A table that differs from its listing.

    Args:
        table: The table, and the resources that fill it.
        sides: The two tables that were compared.
        ledgers: The ledgers before the repair, by the name of the resource, of the table's
            resources that are kept up with.
    """

    table: FilledTable
    sides: Sides
    ledgers: Mapping[str, Ledger]


def repair_tables(
    pipeline: dlt.Pipeline,
    source: DltSource,
    scratch: ScratchListing,
    faulty: Sequence[FaultyTable],
    legs: LegSettings,
    figures: Figures,
) -> dict[str, TableRepair]:
    """Loads the rows that are missing or differ, as a sync would load them.

    What is known of the listings stays as it is, so the next sync looks at the same rows as it
    would have done without the repair.

    Args:
        pipeline: The pipeline of the tables. The caller has locked it, and no load is left behind.
        source: The source that was listed.
        scratch: The listing, with its raw rows, and with the keys of the rows at fault saved.
        faulty: The tables to repair.
        legs: How much is loaded at once, in bytes and seconds.
        figures: Where to count what is loaded.

    Returns:
        What was done, by the name of the table.

    Raises:
        SyncError: The pipeline or its destination failed.
    """
    repairs = {each.table.name: _refusal(each.table, scratch.raw_rows) for each in faulty}
    open_to_repair = [each for each in faulty if repairs[each.table.name] is None]
    if not open_to_repair:
        return {name: TableRepair(refusal) for name, refusal in repairs.items()}
    wanted = {
        resource: f"SELECT {ROW_ID} FROM {scratch.faulty(each.table.name)}"
        for each in open_to_repair
        for resource in each.table.resources
    }
    running = Legs(legs)
    whole = frozenset(
        name for each in faulty if each.table.merged_with for name in each.table.resources
    )
    kept_rows = _KeptRows(scratch.raw_rows, scratch.connection, wanted, whole, running)
    with explained_failures(pipeline), closing(KeptFile(pipeline)) as kept:
        make_room_for_long_texts(pipeline)
        merge_whole_or_not_at_all(pipeline)
        _make_missing_tables(pipeline, source.schema.name, open_to_repair)
        sync = RunningSync(figures, running, kept_rows=kept_rows)
        load_what_is_taken(pipeline, source.with_resources(*wanted), sync, kept)
    stored = StoredDataset(pipeline, source.schema.name)
    done = {each.table.name: _compare_again(each, scratch, stored) for each in open_to_repair}
    return {name: done.get(name) or TableRepair(refusal) for name, refusal in repairs.items()}


def _make_missing_tables(
    pipeline: dlt.Pipeline, schema_name: str, faulty: Sequence[FaultyTable]
) -> None:
    """Makes tables that were dropped: dlt takes those that its schema knows for there."""
    schema = StoredDataset(pipeline, schema_name).schema
    names = [
        name
        for each in faulty
        if each.table.name in schema.tables
        for name in tables_below(schema, each.table.name)
        if has_rows(schema.tables[name])
    ]
    with new_job_client(pipeline, schema) as client:
        if takes_statements(client):
            for name in names:
                make_table(client, name)


def _refusal(table: FilledTable, rows: RawRows) -> str | None:
    if table.needs_all_rows is not None:
        return table.needs_all_rows
    for resource in table.resources:
        if not rows.has(resource):
            return _OF_PYTHON.format(resource)
        if not (table.is_merged or rows.are_traced(resource)):
            return _UNTRACED.format(resource)
    return None


def _compare_again(
    faulty: FaultyTable, scratch: ScratchListing, stored: StoredDataset
) -> TableRepair:
    """Compares what was faulty once more."""
    name, connection = faulty.table.name, scratch.connection
    again = scratch.bring_together_again(name, faulty.sides, stored)
    left = Reconciliation(connection, again, has_long_rows=scratch.memory.has_long_rows).compare()
    unfollowed = sum(
        _count_unfollowed(connection, scratch.faulty(name), faulty.table.key, before, now)
        for resource, before in faulty.ledgers.items()
        if (now := scratch.ledgers.get(resource)) is not None
    )
    return TableRepair(None, left, unfollowed)


def _count_unfollowed(
    connection: duckdb.DuckDBPyConnection,
    faulty: str,
    key: tuple[str, ...],
    before: Ledger,
    now: Ledger,
) -> int:
    """Counts the rows that are open in the listing, while the pipeline believes them settled."""
    unknown = now.open - before.open
    if not unknown or now.kind is None:
        return 0
    connection.register("expected_keys", pa.table({"key": as_texts(unknown)}))
    is_unknown = is_among(now.kind, quoted(key[0]))
    (found,) = connection.execute(f"SELECT count(*) FROM {faulty} WHERE {is_unknown}").fetchall()
    connection.unregister("expected_keys")
    return int(found[0])


class _KeptRows:
    """Gives raw rows of an earlier listing in place of a new listing.

    Args:
        rows: The raw rows of all resources.
        connection: The connection to the scratch database, which has the ids.
        wanted: For each resource, by its name, a query for the ids of the rows to load.
        whole: The names of the resources whose rows go into one leg, as a merge deletes more of
            them than come again.
        legs: The legs of the sync that loads them.
    """

    def __init__(
        self,
        rows: RawRows,
        connection: duckdb.DuckDBPyConnection,
        wanted: Mapping[str, str],
        whole: frozenset[str],
        legs: Legs,
    ) -> None:
        self._rows = rows
        self._connection = connection
        self._wanted = wanted
        self._whole = whole
        self._legs = legs

    def has_unique_keys(self, resource: str) -> bool:
        """Says whether no key of a resource comes twice.

        Args:
            resource: The name of the resource.
        """
        return self._rows.are_traced(resource) or resource in self._rows.tails

    def pages(self, resource: str) -> Iterator[FetchedPage | LegEnd]:
        """Gives the rows of a resource for one leg.

        Args:
            resource: The name of the resource.
        """
        return self._legs.items(resource, partial(self._in_legs, resource))

    def for_legs(self, legs: Legs) -> _KeptRows:
        """The same rows, for another sync.

        Args:
            legs: The legs of that sync.
        """
        return _KeptRows(self._rows, self._connection, self._wanted, self._whole, legs)

    def _in_legs(self, resource: str) -> Generator[FetchedPage | LegEnd]:
        size, began = 0, time.monotonic()
        for page in self._rows.rows_of(resource, self._connection, self._wanted[resource]):
            is_over = self._legs.is_over(size, time.monotonic() - began)
            if is_over and resource not in self._whole:
                yield LegEnd({}, (), is_last=False)
                size, began = 0, time.monotonic()
            yield page
            size += page.size
        yield LegEnd({}, (), is_last=True)
