"""The claim of a load that it has brought all rows which the API has.

Only a listing that was read whole makes it. It is kept in the state of the resource, which is
committed with the rows: whoever finds it there finds the rows as well, and no load that failed
leaves one. The next load of the resource puts its own in its place, or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, field, fields
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import dlt
import msgspec
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

from headrace.config.built.missing_rows import MissingRows
from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.dlt_pipe import (
    capabilities_of_running_load,
    others_are_spared,
    yields_are_counted,
)
from headrace.dlt_source.listed_keys import ListedKeys
from headrace.dlt_source.missing_rows_state import (
    AllRowsClaim,
    keep_claim,
    keep_latest,
    note_listed_parents,
)
from headrace.dlt_source.table import ResourceTable
from headrace.dlt_source.table_columns import TableColumns
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing_ends import ListingEnd

if TYPE_CHECKING:
    from headrace.dlt_source.running_resource import RunningResource

GONE_COLUMN = "_headrace_gone"
"""The column of a table with the time at which a row was found missing."""
MARK: TColumnSchema = {"data_type": "timestamp", "nullable": True}
"""dlt's hints of that column."""
_HINT = "x-headrace-missing-rows"

_UNKNOWN = "`{name}`: no row is taken for gone by this load, since {why}"
_LIMIT = "only some of the rows were asked for"
_FUNCTIONS = (
    "functions that the resource was given (`add_map`, `add_filter`, a transformer, a model) may "
    "leave rows out or change their keys; a `filter` among the `processing_steps` may be there"
)
_DYNAMIC = "its table or its keys depend on the rows"
_NO_KEY = "a row was listed whose key cannot be read"
_NO_KEYS = (
    "several pages came, and whether a row came twice cannot be seen: `primary_key` has to name "
    "fields of the rows as the API spells them, for a parent too; or say `confirm: false`"
)
_NO_PARENT_KEY = "a row of its parent cannot be read, so that nothing was asked for by it"
_FAILED = "what belongs to a row of its parent could not be listed"
_PARTS = (
    "its parent brings a part of its rows, and of what belongs to one of them a listing of several "
    "pages does not say enough; say `confirm: false` if it does"
)
_PARENT_FUNCTIONS = (
    "functions that its parent was given (`add_map`, `add_filter`, a transformer) may leave rows "
    "of it out, and what belongs to those"
)


def add_missing_rows(resource: DltResource, wanted: MissingRows | None) -> None:
    """Notes at a resource what becomes of its missing rows, for the sync that loads it.

    Args:
        resource: The resource.
        wanted: What the config says; None where they stay.
    """
    if wanted is None:
        return
    resource.apply_hints(additional_table_hints={_HINT: asdict(wanted)})
    if wanted.action == "mark":
        resource.apply_hints(columns={GONE_COLUMN: MARK})


def missing_rows_of(table: Mapping[str, Any]) -> MissingRows | None:
    """What becomes of the missing rows of a resource; None where they stay.

    Args:
        table: The table as the resource declares it.
    """
    written = table.get(_HINT)
    return MissingRows(**_known(MissingRows, written)) if written else None


@dataclass(slots=True)
class RunningClaim:
    """What is known so far of the claim that the running load may make.

    Args:
        listing: What tells the listing from others.
        wanted: What becomes of rows that are missing; None where the claim is only for resources
            that depend on this one.
        before: The claim of the load before.
        keys: Makes the keys of rows that are listed and not loaded; None where it cannot.
        ends: How the listings have ended, with those that they depend on: how many in each way.
        why_not: Why no claim can be made; None while one can.
        whole: The places of the rows of the parent whose listings have come whole.
        partial: The places of those of which that is not known.
        has_parents: Whether it is known of rows of the parent that all which belongs to them came.
        asks_none: Whether nothing was asked for, as no row of the parent has changed.
    """

    listing: str
    wanted: MissingRows | None = None
    before: AllRowsClaim | None = None
    keys: ListedKeys | None = None
    ends: Counter[ListingEnd] = field(default_factory=Counter)
    why_not: str | None = None
    whole: set[int] = field(default_factory=set)
    partial: set[int] = field(default_factory=set)
    has_parents: bool = False
    asks_none: bool = False

    @classmethod
    def of_running_resource(
        cls,
        running: RunningResource,
        missing_rows: MissingRows | None,
        before: AllRowsClaim | None,
    ) -> RunningClaim:
        """The claim of the resource whose function is running now.

        Args:
            running: The resource, in a pipeline run.
            missing_rows: What becomes of rows that are missing; None where they stay.
            before: The claim of the load before; None where it made none.
        """
        wanted = missing_rows if running.is_loaded else None
        claim = cls(_mark_of(running.listing.request), wanted, before)
        if running.settings.limit_rows is not None or yields_are_counted():
            claim.why_not = _LIMIT
        if wanted is None:
            return claim
        if claim.why_not is None and not others_are_spared(running.dependents):
            claim.why_not = _FUNCTIONS
        try:
            claim.keys = ListedKeys(
                TableColumns(
                    dlt.current.source_schema(),
                    dlt.current.resource(),
                    capabilities_of_running_load(),
                )
            )
        except DataItemRequiredForDynamicTableHints:
            claim.why_not = _DYNAMIC
        return claim

    @property
    def end(self) -> ListingEnd:
        """How all the listings have ended together."""
        why = self.why_not or next(filter(None, (each.why_partial for each in self.ends)), None)
        distinct = [each.is_one_page or each.are_distinct for each in self.ends]
        are_distinct = None if None in distinct else all(distinct)
        is_one_page = self.ends.total() == 1 and all(each.is_one_page for each in self.ends)
        why = why if self.ends else why or _FAILED
        return ListingEnd(why, is_one_page, are_distinct, is_skipped=self._is_skipped)

    @property
    def _is_skipped(self) -> bool:
        """Whether the API does not have a listing here, which has been told by itself."""
        return any(each.is_skipped for each in self.ends)

    def see(self, page: FetchedPage) -> None:
        """Learns of a page.

        Args:
            page: The page, which may be the last one of a listing.
        """
        if page.unreadable:
            self.why_not = self.why_not or _NO_KEY
        if page.end is not None:
            self.ends[page.end] += 1
            confirms = self.wanted is not None and self.wanted.confirm
            is_certain = page.end.is_one_page or not confirms
            is_whole = page.end.why_partial is None and is_certain
            (self.whole if is_whole else self.partial).add(page.place)

    def not_loaded(
        self, rows: Sequence[msgspec.Raw], table: ResourceTable | None = None
    ) -> Iterator[Any]:
        """Learns of rows that are listed, and may not get into their table.

        Args:
            rows: The JSON of each row.
            table: The table as rows get there that are typed here; None where dlt types them.

        Yields:
            What dlt has to load for that.
        """
        if not rows or self.why_not is not None or self.keys is None:
            return
        item = self.keys.of_rows(rows, table)
        if item is None:
            self.why_not = _NO_KEY
        else:
            yield item

    def asked_for(self, parents: Sequence[str], *, is_all: bool) -> Iterator[Any]:
        """Learns which rows of a parent are asked for what belongs to them.

        Args:
            parents: What tells them from others.
            is_all: Whether there are no more among those that came.

        Yields:
            What dlt has to load for that.
        """
        if not is_all:
            self.why_not = self.why_not or _NO_PARENT_KEY
        if parents and self.why_not is None and self.keys is not None:
            yield self.keys.of_parents(parents)

    def listed(self, parents: Mapping[int, Mapping[str, Mapping[str, Any]]]) -> Iterator[Any]:
        """Learns that rows of a parent were asked for, and all listings have ended.

        Args:
            parents: By the place, what tells the rows from others, with the fields of them that are
                part of the keys.

        Yields:
            What dlt has to load for that.
        """
        ended = (self.whole - self.partial).intersection(parents)
        self.whole.difference_update(parents)
        self.partial.difference_update(parents)
        whole = {key: of for place in ended for key, of in parents[place].items()}
        if whole and self.why_not is None and self.keys is not None:
            self.has_parents = True
            yield self.keys.of_whole_listings(whole)

    def end_parent(self, end: ListingEnd | None, *, have_failed: bool) -> None:
        """Learns how the listing of a parent has ended.

        Args:
            end: How it has ended; None where that is not known.
            have_failed: Whether a listing of what belongs to one of its rows has failed.
        """
        self.has_parents = self.has_parents and self.why_not is None
        if end is not None:
            self.ends[end] += 1
        elif not have_failed:
            self.asks_none = not self.ends
            self.why_not = self.end.why_partial or _PARTS
        if have_failed:
            self.why_not = self.why_not or _FAILED

    def give_up(self, figures: ResourceFigures) -> None:
        """Says that no claim is made, as others see to it which rows of the parent come.

        Args:
            figures: Where to say it.
        """
        if self.wanted is not None:
            figures.note(_UNKNOWN.format(name=figures.resource, why=_PARENT_FUNCTIONS))

    def make(self, load_id: str, figures: ResourceFigures) -> None:
        """Makes the claim, at the end of the load, or says why it is not made.

        Args:
            load_id: The id of the load.
            figures: Where to say it.
        """
        if self.wanted is None:
            return
        state, before = dlt.current.resource_state(), self.before
        until = keep_latest(state, load_id)
        end, why = self.end, self.end.why_partial
        if why is None and self.wanted.confirm and end.are_distinct is None:
            why = _NO_KEYS
        if why is not None:
            if self.has_parents:
                note_listed_parents(state, load_id)
            elif why != _LIMIT and not self.asks_none and not self._is_skipped:
                figures.note(_UNKNOWN.format(name=figures.resource, why=why))
            return
        if before is not None and not before.may_be_confirmed_by(load_id, self.listing):
            before = None
        claim = AllRowsClaim(
            load_id=load_id,
            until=until,
            is_one_page=end.is_one_page,
            are_distinct=bool(end.are_distinct),
            listing=self.listing,
            confirms=None if before is None else before.load_id,
            confirms_until=None if before is None else before.until,
        )
        keep_claim(state, claim)


def _known(kind: Any, saved: Mapping[str, Any]) -> dict[str, Any]:
    """What is saved, without what only later versions know."""
    return {each.name: saved[each.name] for each in fields(kind) if each.name in saved}


def _mark_of(request: Request) -> str:
    asked = (request.method, request.path, request.params, request.json, request.data)
    return blake2b(repr(asked).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
