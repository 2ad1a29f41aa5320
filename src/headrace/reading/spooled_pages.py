"""Pages that wait until all of a listing have come: in memory, and on disk where they are many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

import msgspec

from headrace.reading.fetched_page import FetchedPage

_MOST_IN_MEMORY = 2 * 1024 * 1024


class SpooledPages:
    """Pages in the order in which they come; their rows lie in a file of nobody else's."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_MOST_IN_MEMORY)  # noqa: SIM115 - closed by `clear`
        self._pages: list[tuple[FetchedPage, list[int]]] = []

    def add(self, page: FetchedPage) -> None:
        """Adds a page behind the others.

        Args:
            page: The page.
        """
        rows = [bytes(row) for row in page.rows]
        self._file.writelines(rows)
        self._pages.append((replace(page, rows=[]), list(map(len, rows))))

    @property
    def rows(self) -> int:
        """How many rows the pages have, with those that cannot be read."""
        return sum(len(sizes) + len(page.unreadable) for page, sizes in self._pages)

    def pages(self) -> Iterator[FetchedPage]:
        """The pages, in their order."""
        self._file.seek(0)
        for page, sizes in self._pages:
            yield replace(page, rows=[msgspec.Raw(self._file.read(size)) for size in sizes])

    def clear(self) -> None:
        """Forgets the pages."""
        self._file.close()
        self._file = SpooledTemporaryFile(_MOST_IN_MEMORY)  # noqa: SIM115 - closed by `__exit__`
        self._pages.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
