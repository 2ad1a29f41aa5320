"""What a load of a dependent resource does about listings that fail, and that failed before."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import msgspec

from headrace.core.failed_requests import Failure
from headrace.dlt_source.failed_requests import FailedRequests, record_of
from headrace.dlt_source.incremental import ParentCursors, SharedCursor
from headrace.dlt_source.incremental.dlt_step import CursorState
from headrace.dlt_source.mirrored_api import ApisOfTenants
from headrace.dlt_source.running_resource import RunningResource
from headrace.reading.asked_rows import ParentRow, ParentValues
from headrace.reading.children import ChildListings, OfTenants
from headrace.reading.side_listings import ListingOutcome, SideListings
from headrace.reading.tenant_rows import tenant_of
from headrace.reading.tenant_sides import TenantSides

Cursors = SharedCursor | ParentCursors

_FIELDS, _INCLUDED, _CURSOR = "fields", "included", "cursor"
# Where the parent's row has gone, so have those that belonged to it.
_GONE = frozenset({404, 410})


class FailedListings:
    """The listings of one load of a dependent resource that fail, and those that failed before.

    Args:
        resource: The running resource, in the thread of dlt.
        listings: The listings.
        adds_rows: Whether rows are added to the table as they are, so that some of a listing that
            failed would come twice.

    Attributes:
        side: What fetches the listings.
    """

    def __init__(
        self, resource: RunningResource, listings: ChildListings, *, adds_rows: bool
    ) -> None:
        self._listings = listings
        self.record: FailedRequests = record_of(resource)
        have_worked, tenants = self.record.have_worked, listings.tenants
        self._left = self.record.of_earlier_syncs
        self.side: SideListings | TenantSides
        self._apis: ApisOfTenants | None = None
        if tenants is None:
            self.side = SideListings(listings, holds_back=adds_rows, has_worked=have_worked)
        else:
            self.side = TenantSides(listings, tenants, holds_back=adds_rows, has_worked=have_worked)
            self._apis = ApisOfTenants.of_running_resource()
            self._leave_other_tenants(tenants)
        self._asked_alone: dict[str, ParentValues] = {}
        self.have_failed = False

    def _leave_other_tenants(self, tenants: OfTenants) -> None:
        """Leaves alone what is on record of tenants that are not asked; off it where they are gone.

        Args:
            tenants: Those that are asked.
        """
        for key in list(self._left):
            if msgspec.json.decode(key).get(tenants.column) not in tenants:
                self._left.discard(key)
                if tenants.are_all:
                    self.record.remove(key)

    @property
    def knows_some(self) -> bool:
        """Whether a listing is on record, so that the rows of the parent are to be looked at."""
        return bool(self._left or self._asked_alone or len(self.record))

    def is_on_record(self, key: str) -> bool:
        """Whether the listing of a row has failed and not worked since.

        Args:
            key: The key of the parent's row.
        """
        return key in self.record

    def is_done(self, key: str, row: ParentRow) -> bool:
        """Notes that the parent brings a row; whether its listing came already, off the record.

        Args:
            key: The key of the parent's row.
            row: The row.
        """
        self._left.discard(key)
        asked = self._asked_alone.get(key)
        return asked is not None and asked == self._listings.values(row)

    def take_left(self, but: Collection[str] = ()) -> list[tuple[str, ParentValues]]:
        """Gives the rows of the parent that are asked for off the record, each once.

        Args:
            but: The keys of rows that the parent brings anyway.
        """
        found = []
        for key in sorted(self._left.difference(but)):
            kept = self.record.needed(key)
            values = ParentValues(kept.get(_FIELDS) or {}, kept.get(_INCLUDED) or {})
            # Another config may need other fields: then the parent has to bring the row.
            if self._listings.are_enough(values):
                found.append((key, values))
                self._asked_alone[key] = values
        self._left.clear()
        return found

    def forget_left(self) -> None:
        """Takes the listings off the record whose rows the parent has no more."""
        for key in self._left:
            self.record.remove(key)
        self._left.clear()

    def start_of(self, key: str) -> CursorState | None:
        """Where a listing that failed before has to begin; None where others begin as well.

        Args:
            key: The key of the parent's row; its listing is on record.
        """
        return cast(CursorState | None, self.record.needed(key).get(_CURSOR))

    def settle(self, outcome: ListingOutcome, cursors: Cursors | None) -> None:
        """Learns how a listing has ended.

        Args:
            outcome: How it has ended.
            cursors: Which part of the listings was asked for; None for all of them.

        Raises:
            HeadraceError: It failed, and cannot be put on record.
        """
        if outcome.error is None:
            self.record.note_that_one_worked()
            if self._apis is not None and self._listings.tenants is not None:
                tenants = self._listings.tenants
                name = tenant_of(outcome.asked, tenants.column)
                self._apis.note(name, tenants.apis.config(name).client.base_url)
            if cursors is not None or len(self.record):
                for row in outcome.asked.rows:
                    key = self._listings.key(row)
                    self.record.remove(key)
                    if cursors is not None:
                        cursors.ended(key)
            return
        for row in outcome.asked.rows:
            self._put_on_record(row, outcome, cursors)

    def _put_on_record(
        self, row: ParentRow | ParentValues, outcome: ListingOutcome, cursors: Cursors | None
    ) -> None:
        assert outcome.error is not None
        values = self._listings.values(row)
        try:
            key = self._listings.key(values)
        except TypeError:
            # A row of a parent of the user's own, with values that JSON does not know.
            raise outcome.error from None
        if key in self._asked_alone and outcome.error.status in _GONE:
            self.record.remove(key)
            return
        self.have_failed = True
        start = self._start_next(key, cursors)
        needed: dict[str, Any] = {_FIELDS: values.fields, _INCLUDED: values.included}
        if start is not None:
            needed[_CURSOR] = start
        failure = Failure(outcome.error, outcome.request, outcome.was_asked, needed)
        self.record.add(key, failure)

    def _start_next(self, key: str, cursors: Cursors | None) -> CursorState | None:
        if cursors is None:
            return None
        kept = self.start_of(key) if self.is_on_record(key) else None
        return kept or cursors.failed(key)

    def refuse_what_never_worked(self) -> None:
        """Ends the load where the config may be to blame for what failed, and nothing ever worked.

        Raises:
            HeadraceError: That is so.
        """
        if not self.side.has_worked and (error := self.side.of_config) is not None:
            raise error
