"""Compares one table after the other with its listing, and says which rows are at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dlt.common.schema import Schema

from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.tables import FilledTable
from headrace.sansio.tail import Ledger
from headrace.verification.comparison import Key, TableComparison
from headrace.verification.expected_changes import ExpectedChanges
from headrace.verification.reconciliation import ExpectedDifference, ReasonOf, Reconciliation
from headrace.verification.repair import FaultyTable
from headrace.verification.results import TableVerification
from headrace.verification.scratch.listing import ScratchListing
from headrace.verification.sides import Sides

# Called as `(resource, key)`: the reason why a row may be as it is, None where there is none.
Excuse = Callable[[str, Key], str | None]


@dataclass(frozen=True, slots=True)
class ComparedTable:
    """A table that was compared with its listing.

    Args:
        table: The table, and the resources that fill it.
        sides: The two tables that were compared.
        ledgers: What is known of the listings that are kept up with, by the name of the resource.
        comparison: How the two sides differ.
    """

    table: FilledTable
    sides: Sides
    ledgers: Mapping[str, Ledger]
    comparison: TableComparison

    @property
    def to_repair(self) -> FaultyTable:
        """The table as the repair takes it."""
        return FaultyTable(self.table, self.sides, self.ledgers)

    def result(self, figures: Figures) -> TableVerification:
        """How the table stands to its listing, for the report.

        Args:
            figures: What was counted while the resources were listed.
        """
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
class TableComparer:
    """Compares tables with a listing.

    Args:
        scratch: The listing, with a database to compare in.
        schema: The schema of the tables, with the new columns of the listing.
        ledgers: What the last sync left of the listings that are kept up with, by the name of the
            resource.
        may_differ: Gives the reason why a row may differ; None where no row may.
        may_be_missing: Gives the reason why a row may be missing; None where no row may.
        examples: How many differing rows of a table to show field by field.
    """

    scratch: ScratchListing
    schema: Schema
    ledgers: Mapping[str, Ledger]
    may_differ: Excuse | None
    may_be_missing: Excuse | None
    examples: int

    def compare(self, table: FilledTable) -> ComparedTable:
        """Compares one table, and saves the keys of the rows that are at fault.

        Args:
            table: The table, and the resources that fill it.

        Raises:
            SyncError: The destination cannot be read.
        """
        scratch, name = self.scratch, table.name
        ledgers = {each: self.ledgers[each] for each in table.resources if each in self.ledgers}
        sides = scratch.bring_together(name, table.key)
        reconciliation = Reconciliation(
            scratch.connection, sides, has_long_rows=scratch.memory.has_long_rows
        )

        def compared() -> TableComparison:
            return reconciliation.compare(
                self.examples,
                expected=self._expected(table, ledgers, sides, reconciliation.listed_columns),
                may_differ=_reason_of(self.may_differ, table),
                may_be_missing=_reason_of(self.may_be_missing, table),
            )

        comparison = scratch.memory.with_enough(compared)
        if scratch.keeps_rows:
            row_id = self.schema.naming.normalize_identifier("_dlt_id")
            repeated = comparison.repeated if table.is_merged else None
            reconciliation.save_faulty(scratch.faulty(name), row_id, repeated, table.merged_with)
        return ComparedTable(table, sides, ledgers, comparison)

    def _expected(
        self,
        table: FilledTable,
        ledgers: Mapping[str, Ledger],
        sides: Sides,
        columns: frozenset[str],
    ) -> Iterator[ExpectedDifference]:
        """Rows that the next sync is to bring, where it is known which resource brings them."""
        if len(table.resources) > 1:
            return
        for resource, ledger in ledgers.items():
            tail = self.scratch.raw_rows.tails.get(resource)
            if tail is not None:
                changes = ExpectedChanges(tail, ledger, self.schema.naming, columns)
                yield from changes.differences(sides.listed)


def _reason_of(excuse: Excuse | None, table: FilledTable) -> ReasonOf | None:
    """The first reason that one of the table's resources gives for a key."""
    if excuse is None:
        return None

    def reason_of(key: Key) -> str | None:
        reasons = (excuse(resource, key) for resource in table.resources)
        return next((reason for reason in reasons if reason is not None), None)

    return reason_of
