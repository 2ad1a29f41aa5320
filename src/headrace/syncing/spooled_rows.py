"""Raw rows of one leg in a temporary file, to be loaded in parts."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO

import msgspec

from headrace.config.built.tail import TailConfig
from headrace.core.exchange import ShownRequest
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import LegEnd, Legs
from headrace.sansio.rows import BatchIds


class SpooledRows:
    """Keeps the rows that a sync hands over; it is the witness of that sync.

    A row is known by its place among all rows, from 0.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115
        self._ends = array("Q", [0])
        self._pages: list[tuple[int, str, ShownRequest]] = []

    def close(self) -> None:
        """Deletes the file."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def meet(self, resource: str, tail: TailConfig | None) -> None:
        """Nothing need be known of a resource before its rows."""

    def see(self, resource: str, pages: Sequence[FetchedPage], ids: BatchIds | None) -> None:
        """Keeps the rows of some pages.

        Args:
            resource: The name of their resource.
            pages: The pages, in the order of the listing.
            ids: The ids that their rows get in the table.
        """
        for page in pages:
            self._pages.append((len(self), resource, page.request))
            for row in page.rows:
                self._ends.append(self._ends[-1] + self._file.write(bytes(row)))

    def begin_again(self) -> None:
        """Forgets all rows, as they come once more."""
        self._file.truncate(0)
        self._file.seek(0)
        del self._ends[1:]
        self._pages.clear()

    def of_resource(self, place: int) -> str:
        """The name of the resource that a row belongs to.

        Args:
            place: The place of the row.
        """
        return next(name for start, name, _ in reversed(self._pages) if start <= place)

    def row(self, place: int) -> msgspec.Raw:
        """The JSON of a row.

        Args:
            place: The place of the row.
        """
        start, end = self._ends[place], self._ends[place + 1]
        self._file.seek(start)
        return msgspec.Raw(self._file.read(end - start))

    @property
    def resources(self) -> set[str]:
        """The names of the resources that have rows."""
        return {name for _, name, _ in self._pages}

    def pages_of(self, resource: str, places: Collection[int]) -> Iterator[FetchedPage]:
        """Some of the rows of a resource, in pages.

        Args:
            resource: The name of the resource.
            places: The places of the rows that are wanted, of any resource.
        """
        bounds = [start for start, _, _ in self._pages[1:]] + [len(self)]
        for (start, name, request), end in zip(self._pages, bounds, strict=True):
            if name != resource:
                continue
            rows = [self.row(each) for each in range(start, end) if each in places]
            if rows:
                yield FetchedPage(rows, sum(len(bytes(row)) for row in rows), request)


@dataclass(frozen=True, slots=True)
class SomeRows:
    """Gives some of the spooled rows in place of a listing.

    Args:
        spool: The spooled rows.
        places: The places of the rows to give.
    """

    spool: SpooledRows
    places: frozenset[int]

    def pages(self, resource: str) -> Iterator[FetchedPage | LegEnd]:
        """The rows of a resource.

        Args:
            resource: The name of the resource.
        """
        yield from self.spool.pages_of(resource, self.places)

    def has_unique_keys(self, resource: str) -> bool:
        """Nothing is known of the keys.

        Args:
            resource: The name of the resource.
        """
        return False

    def for_legs(self, legs: Legs) -> SomeRows:
        """The same rows: they are of one leg, whatever the sync."""
        return self
