"""Reconciles a table with what its API lists now, without loading anything into it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.utils import normalize_table_identifiers
from dlt.extract import DltSource
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

from headrace.exceptions import ConfigError, Fault
from headrace.figures import Figures
from headrace.reconciliation import Comparison, Key, Reason, Reconciliation
from headrace.scratch_listing import ScratchListing
from headrace.stored_dataset import StoredDataset

# Gives the reason why a row may be as it is, None where it may not: (resource, key) -> reason.
Excuse = Callable[[str, Key], str | None]


@dataclass(frozen=True, slots=True)
class TableVerification:
    """How one table stands to its listing.

    Args:
        resources: that fill it; one as a rule.
        table: its name.
        key: the columns of the primary key.
        comparison: row by row.
        quarantined: rows of the listing that cannot be loaded, and so are in no table.
        discarded: rows of the listing that the schema contract or a processing step keeps out.
        one_row_a_key: whether the table is to have no key twice, as it is merged.
    """

    resources: tuple[str, ...]
    table: str
    key: tuple[str, ...]
    comparison: Comparison
    quarantined: int
    discarded: int
    one_row_a_key: bool

    @property
    def ok(self) -> bool:
        """Whether the table holds what the listing shows, each row once."""
        found = self.comparison
        repeated = len(found.repeated) if self.one_row_a_key else 0
        return not (len(found.missing) or len(found.differing) or repeated)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What a verification found.

    Args:
        pipeline_name: of the pipeline whose tables they are.
        destination: dlt's name of the destination.
        location: where that is, without its password.
        dataset_name: the dataset with the tables.
        tables: those compared, in the order of the source.
        figures: counts of the listing by resource.
        seconds: that it took.
    """

    pipeline_name: str
    destination: str
    location: str
    dataset_name: str
    tables: tuple[TableVerification, ...]
    figures: Figures
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether all tables hold what the listings show."""
        return all(table.ok for table in self.tables)


def verify(
    pipeline: dlt.Pipeline,
    source: DltSource,
    *,
    figures: Figures | None = None,
    may_differ: Excuse | None = None,
    may_be_missing: Excuse | None = None,
    examples: int = 20,
) -> VerificationReport:
    """Lists everything once and compares it with the tables that were loaded from it.

    The rows are typed as a sync would type them and kept in a temporary folder. Nothing is loaded
    into the destination, and the pipeline's folder and state stay as they are. Child tables are
    not compared.

    Args:
        pipeline: that has loaded the tables.
        source: as `rest_api_source` makes it; its selected resources are verified.
        figures: to count the listing on, for whoever wants to watch; on a new one when None.
        may_differ: called as `(resource, key)` for each row that differs; the reason it gives
            makes it no fault, None leaves it one. The key is a tuple where it has several columns.
        may_be_missing: the same for each row that the table misses.
        examples: how many differing rows of a table to give field by field.

    Returns:
        What is missing, what differs, and what only the table has.

    Raises:
        ConfigError: a resource has no primary key.
        SyncError: nothing has been loaded yet, or the destination cannot be read.
        HeadraceError: the API stopped the listing.
    """
    started = time.monotonic()
    figures = figures or Figures()
    _targets(source, source.schema)
    stored = StoredDataset(pipeline, source.schema.name)
    with ScratchListing(pipeline, stored) as scratch:
        schema = scratch.list_all(source, figures)
        tables = []
        for target in _targets(source, schema):
            sides = scratch.bring_together(target.table, target.key)
            comparison = Reconciliation(scratch.connection, sides).compare(
                target.excuse(may_differ), target.excuse(may_be_missing), examples
            )
            tables.append(target.verified(comparison, figures))
    return VerificationReport(
        pipeline_name=pipeline.pipeline_name,
        destination=stored.destination,
        location=stored.location,
        dataset_name=pipeline.dataset_name or "",
        tables=tuple(tables),
        figures=figures,
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True, slots=True)
class _Target:
    """A table to verify, and the resources that fill it."""

    table: str
    resources: tuple[str, ...]
    key: tuple[str, ...]
    merged: bool

    def excuse(self, excuse: Excuse | None) -> Reason | None:
        if excuse is None:
            return None

        def reason_of(key: Key) -> str | None:
            reasons = (excuse(resource, key) for resource in self.resources)
            return next((reason for reason in reasons if reason is not None), None)

        return reason_of

    def verified(self, comparison: Comparison, figures: Figures) -> TableVerification:
        counts = [figures.of(name) for name in self.resources]
        return TableVerification(
            resources=self.resources,
            table=self.table,
            key=self.key,
            comparison=comparison,
            quarantined=sum(each.quarantined for each in counts),
            discarded=sum(each.discarded for each in counts),
            one_row_a_key=self.merged,
        )


def _targets(source: DltSource, schema: Schema) -> list[_Target]:
    """The tables that the selected resources fill.

    Raises:
        ConfigError: a resource has no primary key, or none that is known before it has rows.
    """
    found: dict[str, _Target] = {}
    faults = []
    for name, resource in source.resources.selected.items():
        try:
            hinted = normalize_table_identifiers(resource.compute_table_schema(), schema.naming)
        except DataItemRequiredForDynamicTableHints:
            faults.append(_fault(name, "its table or its keys depend on the rows"))
            continue
        key = tuple(n for n, column in hinted["columns"].items() if column.get("primary_key"))
        if not key:
            faults.append(_fault(name, "it has no `primary_key` to find a row again by"))
            continue
        table = hinted["name"] or ""
        others = found[table].resources if table in found else ()
        merged = hinted.get("write_disposition") == "merge"
        found[table] = _Target(table, (*others, name), key, merged)
    if faults:
        raise ConfigError(faults)
    return list(found.values())


def _fault(resource: str, why: str) -> Fault:
    advice = "Give it one, or verify the others with --resource NAME."
    return Fault(f"resources.{resource}", f"cannot be verified: {why}. {advice}")
