"""What a resource does while dlt runs it: it lists pages and hands their rows over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from headrace.config.built.missing_rows import MissingRows
from headrace.config.built.tail import TailConfig
from headrace.config.built.token import TokenConfig
from headrace.core.events import log_resource_begins
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.earlier_load import EarlierLoad
from headrace.dlt_source.failed_requests import FailedRequests, record_of
from headrace.dlt_source.handover import hand_over
from headrace.dlt_source.incremental import RunningCursor
from headrace.dlt_source.items import EndOfRows, ParentRows
from headrace.dlt_source.missing_rows import RunningClaim
from headrace.dlt_source.page_sources import (
    PageStream,
    all_pages,
    kept_pages,
    no_pages,
    range_pages,
    tail_pages,
    token_pages,
)
from headrace.dlt_source.running_resource import ExtractionSettings, RunningResource
from headrace.dlt_source.tenant_pages import tenant_pages
from headrace.dlt_source.window_pages import window_pages
from headrace.http.lanes import Lanes
from headrace.reading.lanes.values import ValueListing
from headrace.reading.listing import Listing
from headrace.reading.tenant_tails import TenantTails
from headrace.reading.token_listing import TokenPlace


@dataclass(frozen=True, slots=True)
class Extraction:
    """The function of a resource that depends on no other.

    Args:
        listing: The resource's listing.
        lanes: What to fetch with.
        settings: How to hand the rows over.
        tail: How the listing is kept up with; None to list all of it each time.
        dependents: The names of the resources of ours that depend on it.
        missing_rows: What becomes of rows that the API has no more; None where they stay.
        token: The token of the API that it goes on from; None where there is none.
        token_place: Where its pages name the token, and how it is sent.
        by_values: Its listing by the values of a parameter; None where it is one listing.
        tenants: Its listings for each tenant; None where the config has none.
    """

    listing: Listing
    lanes: Lanes
    settings: ExtractionSettings
    tail: TailConfig | None = None
    dependents: frozenset[str] = frozenset()
    missing_rows: MissingRows | None = None
    token: TokenConfig | None = None
    token_place: TokenPlace | None = None
    by_values: ValueListing | None = None
    tenants: TenantTails | None = None

    def items(self, cursor: RunningCursor | None = None) -> Iterator[Any]:
        """Lists, types, and yields what dlt loads.

        In a pipeline run it yields Arrow tables, and lists of dicts for rows that need dlt's own
        normalizer. Outside of a run, and where functions of the user wait for dicts (`add_map`,
        transformers, a pydantic model as `columns`), it yields lists of dicts, as dlt's source
        does.

        Args:
            cursor: The incremental that says which part of the listing is wanted; None for all.

        Raises:
            PipeException: A row has no place in the order of the cursor.
            HeadraceError: The listing failed, or a row cannot be loaded.
        """
        resource = RunningResource.now(self.listing, self.settings, self.tail, self.dependents)
        if (
            resource.load_id is not None
            and self.listing.name not in resource.sync.figures.resources
        ):
            log_resource_begins(self.listing.name)
        if not resource.sync.asks and resource.dependents:
            # Their rows were kept as well, and come without those of the parent.
            yield ParentRows(())
        record = self._record(resource)
        resource = self._with_claim(resource)
        yield from hand_over(resource, self._pages(resource, cursor, record))
        if (earlier := EarlierLoad.of(resource)) is not None:
            earlier.note_loaded()
        if record is not None:
            yield from record.changes()
        if resource.claim is not None and resource.load_id is not None:
            resource.claim.make(resource.load_id, resource.figures)
        if resource.dependents and not resource.wants_dicts and resource.sync.asks:
            lists_all = self.tail is None and cursor is None and self.token is None
            is_whole = lists_all and self.settings.limit_rows is None
            # Of one that is passed over nobody knows which rows it has.
            is_whole = is_whole and not resource.figures.skipped
            end = resource.claim.end if resource.claim is not None and is_whole else None
            yield EndOfRows(is_whole=is_whole, end=end)

    def _with_claim(self, resource: RunningResource) -> RunningResource:
        """The resource, and what learns whether all its rows come where that is wanted."""
        before = resource.begin_load()
        lists_all = self.tail is None and self.token is None
        is_whole = lists_all and self.listing.accounting.proves_whole
        if not is_whole or resource.load_id is None or not resource.sync.asks:
            return resource
        claim = RunningClaim.of_running_resource(resource, self.missing_rows, before)
        return replace(resource, claim=claim)

    def _record(self, resource: RunningResource) -> FailedRequests | None:
        """The record of requests for single rows; None where none are made.

        Outside of a run, with a limit, and where the rows are for others only, all of the listing
        is read: what is known of it is kept for a run alone.
        """
        is_tail = self.tail is not None and self.settings.limit_rows is None
        is_kept = resource.sync.kept_rows is not None
        return record_of(resource) if is_tail and resource.is_loaded and not is_kept else None

    def _pages(
        self,
        resource: RunningResource,
        cursor: RunningCursor | None,
        record: FailedRequests | None,
    ) -> PageStream:
        """Chooses where the pages of this run come from.

        Kept rows are there in a repair: the sync loads what an earlier listing brought.
        """
        if resource.sync.kept_rows is not None:
            if cursor is not None:
                # What is loaded again is not new: the state of the incremental stays as it is.
                cursor.injected.advance(None)
            return kept_pages(resource)
        earlier = EarlierLoad.of(resource)
        if earlier is not None and not earlier.is_wanted(cursor):
            return PageStream(no_pages())
        if self.tail is not None and record is not None:
            if self.tenants is not None:
                return tenant_pages(resource, self.lanes, self.tail, record, self.tenants)
            notes_gone = self.missing_rows is not None
            return tail_pages(resource, self.lanes, self.tail, record, notes_gone=notes_gone)
        if cursor is not None and cursor.config.windows is not None:
            return window_pages(resource, self.lanes, cursor, cursor.config.windows)
        if cursor is not None:
            return range_pages(resource, self.lanes, cursor)
        if self.token is not None and self.token_place is not None:
            return token_pages(resource, self.lanes, self.token, self.token_place)
        whole = self.by_values if self.tenants is None else self.tenants.whole()
        return all_pages(resource, self.lanes, whole)
