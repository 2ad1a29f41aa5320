"""Which rows of a parent a load asks for, in which order, and from where in their listings."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import field
from itertools import chain, count

from headrace.config.built.cursor import CursorConfig
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.failed_listings import Cursors, FailedListings
from headrace.dlt_source.gathering import ListedItem
from headrace.dlt_source.incremental import CursorFilter, RepeatedRange
from headrace.dlt_source.missing_rows import RunningClaim
from headrace.reading.asked_rows import AskedRow, ParentBatch, ParentRow, ParentValues
from headrace.reading.children import ChildListings
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.parent_batches import ParentBatches
from headrace.reading.side_listings import ListingOutcome

AnyParentRow = ParentRow | ParentValues


@dataclass(slots=True)
class AskedParents:
    """Rows of the parent that are asked for, in their order.

    Args:
        listings: The listings to fetch.
        figures: Where to note what is not asked for.
        cursor: The incremental as the config describes it; None without one.
        cursors: Which part of the listings is asked for; None for all of them.
        failed: What is done about listings that fail; None where one that fails ends the load.
        batches: Puts rows together; None where each is asked for by itself.
        places: The places of those that are to come.
        keys: What tells the rows from others, each with its place; for the cursors alone.
        repeated: The cursors of listings that failed before, by the place of the row.
    """

    listings: ChildListings
    figures: ResourceFigures
    cursor: CursorConfig | None
    cursors: Cursors | None
    failed: FailedListings | None
    batches: ParentBatches | None
    places: Iterator[int] = field(default_factory=count)
    keys: deque[tuple[int, str]] = field(default_factory=deque)
    repeated: dict[int, RepeatedRange] = field(default_factory=dict)

    def filter_of(self, place: int) -> CursorFilter | RepeatedRange | None:
        """The filter for what belongs to a row; what is known of those before it is forgotten.

        Args:
            place: The place of the row.
        """
        if self.cursors is None:
            return None
        while self.keys[0][0] < place:
            self.keys.popleft()
        return self.repeated.pop(place, None) or self.cursors.filter_of(self.keys[0][1])

    def of(self, rows: Iterable[AnyParentRow], *, more_follow: bool = False) -> list[AskedRow]:
        """What to ask for some rows.

        Args:
            rows: The rows of the parent.
            more_follow: Whether other rows may come, so that a batch that is not full can wait.
        """
        asked = chain.from_iterable(map(self.add, rows))
        return list(asked if more_follow else chain(asked, self.rest()))

    def add(self, row: AnyParentRow) -> Iterator[AskedRow]:
        """What to ask for, with one row more.

        Args:
            row: The row of the parent.
        """
        knows_some = self.failed is not None and self.failed.knows_some
        key = self.listings.key(row) if self.cursors is not None or knows_some else ""
        has_failed = False
        if self.failed is not None and knows_some:
            if not isinstance(row, ParentValues) and self.failed.is_done(key, row):
                return
            has_failed = self.failed.is_on_record(key)
        if self.batches is None:
            yield self._asked(row, key, has_failed=has_failed)
            return
        values = self.listings.values(row)
        if self.batches.has_no_value(values):
            parent = self.listings.parent.resource
            told = f"`{self.listings.listing.name}`: rows of `{parent}` without a value to ask with"
            self.figures.note(f"{told} were passed over")
        elif self._starts_elsewhere(key, has_failed=has_failed):
            yield self._asked(ParentBatch((values,)), key, has_failed=has_failed)
        else:
            for batch in self.batches.add(values, has_failed=has_failed):
                yield self._asked_batch(batch)

    def rest(self) -> Iterator[AskedRow]:
        """What to ask for the rows that wait for others, as none will come."""
        for batch in self.batches.rest() if self.batches is not None else ():
            yield self._asked_batch(batch)

    def _asked_batch(self, batch: ParentBatch) -> AskedRow:
        key = self.listings.key(batch.rows[0]) if self.cursors is not None else ""
        return self._asked(batch, key, has_failed=batch.has_failed)

    def _starts_elsewhere(self, key: str, *, has_failed: bool) -> bool:
        return (
            has_failed
            and self.cursors is not None
            and self.failed is not None
            and self.failed.start_of(key) is not None
        )

    def _asked(self, row: AnyParentRow | ParentBatch, key: str, *, has_failed: bool) -> AskedRow:
        place = next(self.places)
        cursors = self.cursors
        if cursors is None or self.cursor is None:
            return AskedRow(row, place, has_failed=has_failed)
        self.keys.append((place, key))
        values = cursors.values(key)
        start = self.failed.start_of(key) if self.failed is not None and has_failed else None
        if start is not None and (repeated := cursors.again(start)) is not None:
            self.repeated[place] = repeated
            values = repeated.values
        fill, parts = values.filler(self.cursor), None
        if cursors.windows is not None:
            is_repeated = place in self.repeated
            parts = cursors.windows.of_row(key, values, is_repeated=is_repeated)
        return AskedRow(row, place, fill, has_failed, parts)


def filtered(
    items: Iterator[ListedItem],
    asked: AskedParents,
    figures: ResourceFigures,
    claim: RunningClaim | None = None,
) -> Iterator[FetchedPage]:
    """The pages without the rows that an incremental leaves out; how they ended is noted.

    Args:
        items: The pages of the listings, and behind those of each how it ended.
        asked: The rows of the parent that they belong to.
        figures: Where to count the rows that are left out.
        claim: Learns which listings have failed; None where nobody wants to know.
    """
    windows = None if asked.cursors is None else asked.cursors.windows
    place: int = -1
    passing: CursorFilter | RepeatedRange | None = None
    for item in items:
        if isinstance(item, ListingOutcome):
            if asked.failed is not None:
                asked.failed.settle(item, asked.cursors)
            if claim is not None and item.error is not None:
                claim.partial.add(item.asked.place)
            continue
        page = item if windows is None else windows.rows.page(item, figures)
        if asked.cursors is not None and page.rows and page.place != place:
            place, passing = page.place, asked.filter_of(page.place)
        yield page if passing is None else passing.page(page, figures)
