"""Reconciles tables with what their API lists now, and loads the difference if that is wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

import dlt
from dlt.common.schema import Schema
from dlt.extract import DltSource

from headrace.core.figures import Figures
from headrace.destination.dataset import StoredDataset
from headrace.destination.tables import FilledTable, filled_tables
from headrace.dlt_source.saved_state import saved_ledgers
from headrace.reading.keep_up.legs import LegSettings
from headrace.sansio.tail import Ledger
from headrace.syncing.lock import held
from headrace.syncing.sync import failures_told, finish_pending
from headrace.verification.comparison import Awaited, Comparison, Key, Reason, Reconciliation, Sides
from headrace.verification.expected_changes import ExpectedChanges
from headrace.verification.repair import FaultyTable
from headrace.verification.repair import repair as load_difference
from headrace.verification.report import TableVerification, VerificationReport
from headrace.verification.scratch.listing import ScratchListing

# Gives the reason why a row may be as it is, None where it may not: (resource, key) -> reason.
Excuse = Callable[[str, Key], str | None]

_DEFAULT_LEGS = LegSettings()


def verify(
    pipeline: dlt.Pipeline,
    source: DltSource,
    *,
    repair: bool = False,
    figures: Figures | None = None,
    may_differ: Excuse | None = None,
    may_be_missing: Excuse | None = None,
    examples: int = 20,
    legs: LegSettings = _DEFAULT_LEGS,
) -> VerificationReport:
    """Lists everything once and compares it with the tables that were loaded from it.

    The rows are typed as a sync would type them and kept in a temporary folder. Child tables are
    not compared. Where a listing is kept up with (`row_order: desc`), rows that the next sync is
    to bring are no fault: new ones, and those that could still change.

    Without `repair`, nothing is loaded, and the pipeline's folder and state stay as they are.
    With it, the pipeline is held as by a sync, a load that an earlier run left behind is finished
    first, and the rows that are missing, differ, or are there twice are loaded from the listing
    as a sync would load them. What is known of the listings stays as it is.

    Args:
        pipeline: that has loaded the tables.
        source: as `rest_api_source` makes it; its selected resources are verified.
        repair: load what the tables lack.
        figures: to count the listing on, for whoever wants to watch; on a new one when None.
        may_differ: called as `(resource, key)` for each row that differs; the reason it gives
            makes it no fault, None leaves it one. The key is a tuple where it has several columns.
        may_be_missing: the same for each row that the table misses.
        examples: how many differing rows of a table to give field by field.
        legs: how much a repair loads at once.

    Returns:
        What is missing, what differs, and what only the table has; and what a repair left of it.

    Raises:
        ConfigError: a resource has no primary key.
        SyncError: nothing has been loaded yet, the destination cannot be read, a repair failed,
            or a sync is under way that a repair would have to wait for.
        HeadraceError: the API stopped the listing.
    """
    started = time.monotonic()
    figures = figures or Figures()
    filled_tables(source, source.schema)
    with ExitStack() as opened:
        # From before the listing on: what a sync loads meanwhile would be newer than that.
        resumed = _take_hold(pipeline, opened) if repair else False
        stored = StoredDataset(pipeline, source.schema.name)
        ledgers = saved_ledgers(stored.state(pipeline.pipeline_name))
        scratch = opened.enter_context(ScratchListing(pipeline, stored, keeps_rows=repair))
        schema = scratch.list_all(source, figures)
        comparing = _Comparing(scratch, schema, ledgers, may_differ, may_be_missing, examples)
        compared = [comparing.compare(table) for table in filled_tables(source, schema)]
        tables = [each.verified(figures) for each in compared]
        repaired = None
        faulty = [each for each, table in zip(compared, tables, strict=True) if not table.ok]
        if repair and faulty:
            repaired = Figures()
            done = load_difference(
                pipeline, source, scratch, [each.faulty for each in faulty], legs, repaired
            )
            tables = [replace(each, repair=done.get(each.table)) for each in tables]
    return VerificationReport(
        pipeline_name=pipeline.pipeline_name,
        destination=stored.destination,
        location=stored.location,
        dataset_name=pipeline.dataset_name or "",
        tables=tuple(tables),
        figures=figures,
        seconds=time.monotonic() - started,
        resumed=resumed,
        repaired=repaired,
    )


def _take_hold(pipeline: dlt.Pipeline, opened: ExitStack) -> bool:
    """Holds the pipeline until the end, and finishes what an earlier run left behind."""
    opened.enter_context(held(pipeline))
    with failures_told(pipeline):
        return finish_pending(pipeline)


@dataclass(frozen=True, slots=True)
class _Compared:
    """A table that was compared."""

    table: FilledTable
    sides: Sides
    ledgers: Mapping[str, Ledger]
    comparison: Comparison

    @property
    def faulty(self) -> FaultyTable:
        return FaultyTable(self.table, self.sides, self.ledgers)

    def verified(self, figures: Figures) -> TableVerification:
        counts = [figures.of(name) for name in self.table.resources]
        return TableVerification(
            resources=self.table.resources,
            table=self.table.name,
            key=self.table.key,
            comparison=self.comparison,
            quarantined=sum(each.quarantined for each in counts),
            discarded=sum(each.discarded for each in counts),
            one_row_a_key=self.table.is_merged,
        )


@dataclass(frozen=True, slots=True)
class _Comparing:
    """Compares tables with a listing."""

    scratch: ScratchListing
    schema: Schema
    ledgers: Mapping[str, Ledger]
    may_differ: Excuse | None
    may_be_missing: Excuse | None
    examples: int

    def compare(self, table: FilledTable) -> _Compared:
        """Compares one table, and saves the keys of the rows that are at fault."""
        scratch, name = self.scratch, table.name
        ledgers = {each: self.ledgers[each] for each in table.resources if each in self.ledgers}
        sides = scratch.bring_together(name, table.key)
        reconciliation = Reconciliation(scratch.connection, sides)
        comparison = reconciliation.compare(
            self.examples,
            awaited=self._awaited(table, ledgers, sides, reconciliation.listed_columns),
            may_differ=_reason(self.may_differ, table),
            may_be_missing=_reason(self.may_be_missing, table),
        )
        if scratch.keeps_rows:
            row_id = self.schema.naming.normalize_identifier("_dlt_id")
            repeated = comparison.repeated if table.is_merged else None
            reconciliation.save_faulty(scratch.faulty(name), row_id, repeated)
        return _Compared(table, sides, ledgers, comparison)

    def _awaited(
        self,
        table: FilledTable,
        ledgers: Mapping[str, Ledger],
        sides: Sides,
        columns: frozenset[str],
    ) -> Iterator[Awaited]:
        """Rows that the next sync is to bring, where it is known which resource brings them."""
        if len(table.resources) > 1:
            return
        for resource, ledger in ledgers.items():
            tail = self.scratch.kept.tails.get(resource)
            if tail is not None:
                changes = ExpectedChanges(tail, ledger, self.schema.naming, columns)
                yield from changes.rows(sides.listed)


def _reason(excuse: Excuse | None, table: FilledTable) -> Reason | None:
    if excuse is None:
        return None

    def reason_of(key: Key) -> str | None:
        reasons = (excuse(resource, key) for resource in table.resources)
        return next((reason for reason in reasons if reason is not None), None)

    return reason_of
