"""One page of a listing, as it goes on to whoever types its rows."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import msgspec

from headrace.core.exchange import ShownRequest
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.listing_ends import ListingEnd
from headrace.sansio.rows import RejectedRow
from headrace.sansio.windows import Window


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The rows of one page, still JSON.

    Args:
        rows: The JSON of each row that can be read.
        size: The size of the whole page in bytes, after decompression, or that of its rows as
            JSON where that is larger.
        request: The request that brought it, fit to be shown.
        is_last: Whether the listing ends with it.
        unreadable: The rows that cannot be read, each with the reason.
        guess: How the listing goes on, where that was guessed from this page.
        place: The place of its listing among several, from 0.
        total: The number of all rows, as the API tells it; None where it does not.
        written: What the answers are written in, as a sentence, where that was guessed.
        end: How the listing has ended with it; None where more may follow.
        window: The window that it is part of, where the listing is asked for in windows.
        listed: How many rows it had in the listing, where its rows were made of parts of these.
        catches_up: Whether it comes behind the listing, with what has changed meanwhile.
        token: What it names for the next sync to send; None where it names nothing.
    """

    rows: list[msgspec.Raw] = field(repr=False)
    size: int
    request: ShownRequest = field(repr=False)
    is_last: bool = False
    unreadable: list[RejectedRow] = field(default_factory=list, repr=False)
    guess: str | None = None
    place: int = 0
    total: int | None = None
    written: str | None = None
    end: ListingEnd | None = None
    window: Window | None = None
    token: Any = field(default=None, repr=False)
    listed: int | None = None
    catches_up: bool = False

    @property
    def count(self) -> int:
        """How many rows the page had in the listing."""
        made = len(self.rows) + len(self.unreadable)
        return made if self.listed is None else self.listed
