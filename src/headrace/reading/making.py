"""Rows made of parts of the listed ones, or without some fields, while a listing is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from headrace.core.figures import ResourceFigures
from headrace.reading.fetched_page import FetchedPage
from headrace.sansio.decoding import FieldsLeftOut, RowMaker
from headrace.sansio.rows import RejectedRow

_HIDDEN = "(JSON, of which nothing is shown, as `rows` keeps parts of it only)"
_NOTHING_THERE = (
    "`{}`: no listed row has anything at `rows.each.path` (`{}`), so no rows are made. Check "
    "the path, and whether the API has to be asked for these parts by a param"
)


class MakingRows:
    """Makes rows of parts of the listed ones, in one run.

    Args:
        maker: Makes the rows, or leaves fields out of them.
        resource: The name of the resource.
        figures: Where to count what is left out, and to note what is odd.
    """

    def __init__(
        self, maker: RowMaker | FieldsLeftOut, resource: str, figures: ResourceFigures
    ) -> None:
        self._maker = maker
        self._path = maker.path
        self._resource = resource
        self._figures = figures
        self._seen = False

    def kept(self, page: FetchedPage) -> FetchedPage:
        """The page with nothing in its listed rows but what is wanted of them.

        Args:
            page: A page as it came.
        """
        rows, unreadable = self._maker.kept(page.rows)
        unreadable += [self._stripped(each) for each in page.unreadable]
        came = sum(len(memoryview(row)) for row in page.rows)
        size = sum(len(memoryview(row)) for row in rows)
        self._figures.left_out_bytes += max(came - size, 0)
        self._seen |= bool(page.rows)
        return replace(page, rows=rows, unreadable=unreadable, size=size)

    def _stripped(self, rejected: RejectedRow) -> RejectedRow:
        if self._maker.makes_rows:
            # Its reason may show something of it.
            return self._maker.stripped(rejected.row)
        return self._maker.stripped(rejected.row, rejected.reason)

    def made(self, page: FetchedPage) -> FetchedPage:
        """The page with the rows that are made of its listed ones.

        Args:
            page: A page, of which `kept` has left what is wanted.
        """
        if not self._maker.makes_rows:
            return page
        rows, misfits = self._maker.made(page.rows)
        size = max(page.size, sum(len(memoryview(row)) for row in rows))
        return replace(
            page,
            rows=rows,
            unreadable=[*page.unreadable, *misfits],
            size=size,
            listed=len(page.rows) + len(page.unreadable),
        )

    def tell(self) -> None:
        """Notes at the end of a listing that nothing was found of which rows are made."""
        if self._seen and not self._maker.found:
            self._figures.note(_NOTHING_THERE.format(self._resource, self._path))

    def hiding(self, clean: Callable[[str], str]) -> Callable[[str], str]:
        """What cleans the beginning of an answer that an error shows: of JSON nothing is left.

        Args:
            clean: Hides secrets in a text.
        """

        def hide(text: str) -> str:
            return _HIDDEN if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[") else clean(text)

        return hide
