"""Gathers the pages of a resource into batches that are worth typing at once."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import field, replace
from typing import cast

import msgspec

from headrace.core.exchange import ShownRequest
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.page_sources import PageStream
from headrace.dlt_source.running_resource import RunningResource
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import LegEnd
from headrace.sansio.rows import RejectedRow
from headrace.sansio.tail import GoneRow


@dataclass(slots=True)
class Batch:
    """Pages that are typed together: the larger the batch, the less each row costs.

    Args:
        pages: The pages, in the order of the listing.
        rows: The JSON of those rows of all pages that can be read.
        size: The size of the pages in bytes.
        gone: The rows that are known by now to be gone from the API.
    """

    pages: list[FetchedPage] = field(default_factory=list)
    rows: list[msgspec.Raw] = field(default_factory=list)
    size: int = 0
    gone: tuple[GoneRow, ...] = ()

    @property
    def unreadable(self) -> list[RejectedRow]:
        """The rows of all pages that cannot be read."""
        return [row for page in self.pages for row in page.unreadable]

    def add(self, page: FetchedPage) -> None:
        """Puts a page behind the others."""
        self.pages.append(page)
        self.rows.extend(page.rows)
        self.size += page.size

    def pages_without(self, apart: Sequence[RejectedRow]) -> list[FetchedPage]:
        """The pages, without some of their rows.

        Args:
            apart: The rows to leave out.
        """
        if not apart:
            return self.pages
        left_out = {id(each.row) for each in apart}
        return [
            replace(page, rows=[row for row in page.rows if id(row) not in left_out])
            for page in self.pages
        ]

    def requests(self) -> dict[int, ShownRequest]:
        """The request that brought each row, by the id of its object."""
        return {
            id(row): page.request
            for page in self.pages
            for row in (*page.rows, *(each.row for each in page.unreadable))
        }


def batches_of(
    resource: RunningResource, stream: PageStream, *, page_by_page: bool, feeds: bool
) -> Iterator[Batch]:
    """The pages in batches worth typing at once, or one page each.

    Where other resources wait for the rows, the first batch is one page, and the next ones larger
    each.
    """
    largest, most_bytes = resource.settings.batch_rows, resource.settings.batch_bytes
    most_rows = 1 if feeds else largest
    batch = Batch()
    with closing(cast(Generator[FetchedPage | LegEnd], stream.pages)) as pages:
        for page in pages:
            if isinstance(page, LegEnd):
                batch.gone = page.gone
                continue
            batch.add(page)
            _count(resource, page)
            if resource.claim is not None:
                resource.claim.see(page)
            is_full = len(batch.rows) >= most_rows or batch.size >= most_bytes
            if page_by_page or is_full:
                yield batch
                most_rows = min(largest, max(most_rows, 2 * len(batch.rows)))
                batch = Batch()
        if batch.pages or batch.gone:
            yield batch


def _count(resource: RunningResource, page: FetchedPage) -> None:
    rows = len(page.rows) + len(page.unreadable)
    if resource.is_loaded:
        resource.figures.loaded_rows += rows
    else:
        resource.figures.passed_on += rows
