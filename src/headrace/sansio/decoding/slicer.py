"""What every format of answers is for those who read a listing: something that cuts pages."""

from __future__ import annotations

from typing import Protocol

from headrace.sansio.rows import SlicedPage


class Slicer(Protocol):
    """Cuts the pages of one pass through a listing into their rows, as JSON, and the rest."""

    @property
    def rows_at(self) -> tuple[str, ...]:
        """The keys that lead to the rows, from the outermost on, as far as they are known."""
        ...

    @property
    def guess(self) -> str | None:
        """What the answers are written in, as a sentence; None where that was not guessed."""
        ...

    def slice(self, body: bytes, content_type: str = ...) -> SlicedPage:
        """Cuts one page.

        Args:
            body: The body of the answer, decompressed.
            content_type: The value of its `Content-Type` header.

        Raises:
            IncompletePage: The body ends too early.
            PageError: The body is not what the config describes.
        """
        ...
