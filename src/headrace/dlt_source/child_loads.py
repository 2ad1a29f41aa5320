"""What the calls of a dependent resource within one load have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from itertools import count
from typing import Any

import dlt

from headrace.config.built.missing_rows import MissingRows
from headrace.core.events import log_resource_begins
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.failed_listings import FailedListings
from headrace.dlt_source.handover import new_row_ids
from headrace.dlt_source.missing_rows import RunningClaim
from headrace.dlt_source.running_resource import RunningResource
from headrace.dlt_source.tenants import moved_tenants
from headrace.reading.children import ChildListings
from headrace.reading.parent_batches import ParentBatches
from headrace.sansio.rows import RowIds

# How many loads are remembered: two pipelines may run one resource at the same time.
_MOST_LOADS = 8


@dataclass(slots=True)
class ChildLoad:
    """What the calls within one load have in common.

    Args:
        ids: The ids for the rows; by their order the last version of a key is known.
        rows_left: The number of rows that are still to be loaded; None for any number.
        kept_rows_are_loaded: Whether the rows that were kept have been loaded.
        failed: What is done about listings that fail; None where one that fails ends the load.
        batches: Puts rows of the parent together; None where each is asked for by itself.
        claim: Learns whether the load has all rows; None where nobody wants to know.
        under_way: How many items of a parent of ours are not done with.
        places: The places of the rows of the parent that are to come, each once in the load.
    """

    ids: RowIds = field(default_factory=new_row_ids)
    rows_left: int | None = None
    kept_rows_are_loaded: bool = False
    failed: FailedListings | None = None
    batches: ParentBatches | None = None
    claim: RunningClaim | None = None
    under_way: int = 0
    places: Iterator[int] = field(default_factory=count)


class ChildLoads:
    """The loads of a dependent resource that are under way.

    Args:
        listings: The listings that each of them fetches.
        limit_rows: How many rows each loads at most; None for any number.
        missing_rows: What becomes of rows that the API has no more; None where they stay.
    """

    def __init__(
        self,
        listings: ChildListings,
        *,
        limit_rows: int | None,
        missing_rows: MissingRows | None,
    ) -> None:
        self._listings = listings
        self._limit_rows = limit_rows
        self._missing_rows = missing_rows
        self._loads: dict[str | None, ChildLoad] = {}

    def of(self, resource: RunningResource) -> ChildLoad:
        """The load that a running resource is part of; a new one outside of a pipeline run.

        Args:
            resource: The running resource.
        """
        load_id = resource.load_id
        if load_id is None:
            return self._new()
        if load_id not in self._loads:
            while len(self._loads) >= _MOST_LOADS:
                self._loads.pop(next(iter(self._loads)))
            self._loads[load_id] = self._begun(resource)
        return self._loads[load_id]

    def _new(self) -> ChildLoad:
        parent = self._listings.parent
        batches = None if parent.batching is None else ParentBatches(parent)
        return ChildLoad(rows_left=self._limit_rows, batches=batches)

    def _begun(self, resource: RunningResource) -> ChildLoad:
        log_resource_begins(self._listings.listing.name)
        if self._listings.single_pages is not None:
            self._listings.single_pages.clear()
        if self._listings.tenants is not None:
            self._listings.tenants.refuse(moved_tenants(self._listings.tenants.apis))
        load, before = self._new(), resource.begin_load()
        if resource.may_miss_requests:
            load.failed = FailedListings(resource, self._listings, adds_rows=_adds_rows())
        if self._listings.listing.accounting.proves_whole and resource.sync.asks:
            load.claim = RunningClaim.of_running_resource(resource, self._missing_rows, before)
        return load


def _adds_rows() -> bool:
    """Whether the running resource adds its rows to the table, whichever are there."""
    disposition: Any = dlt.current.resource().write_disposition
    if isinstance(disposition, Mapping):
        disposition = disposition.get("disposition")
    return disposition not in ("merge", "replace")
