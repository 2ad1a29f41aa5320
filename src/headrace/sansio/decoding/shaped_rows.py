"""What the slicers of rows that are no objects have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from headrace.sansio.decoding.slicer import Slicer
from headrace.sansio.rows import SlicedPage


class ShapedRowsSlicer(ABC):
    """Makes objects of what another slicer finds.

    Args:
        slicer: Cuts the pages into what rows are made of.
    """

    def __init__(self, slicer: Slicer) -> None:
        self._slicer = slicer

    @property
    def rows_at(self) -> tuple[str, ...]:
        """The keys that lead to the rows, from the outermost on, as far as they are known."""
        return self._slicer.rows_at

    @property
    def guess(self) -> str | None:
        """What the answers are written in, as a sentence; None where that was not guessed."""
        return self._slicer.guess

    def slice(self, body: bytes, content_type: str = "application/json") -> SlicedPage:
        """Cuts one page.

        Args:
            body: The body of the answer, decompressed.
            content_type: The value of its `Content-Type` header.

        Raises:
            IncompletePage: As from the slicer below.
            PageError: As from the slicer below; or nothing in the page has the shape.
        """
        return self._shaped(self._slicer.slice(body, content_type))

    @abstractmethod
    def _shaped(self, page: SlicedPage) -> SlicedPage:
        """The page with rows that are objects.

        Args:
            page: The page as the slicer below has cut it.

        Raises:
            PageError: Nothing in the page has the shape.
        """
