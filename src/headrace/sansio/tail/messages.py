"""What passes between the planner and the one who makes its requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListAsk:
    """Ask for one page of the listing.

    Args:
        cursor: The cursor to go on from; None asks for the top of the listing.
        below: Asks for the rows below this key instead, written as the API writes keys.
    """

    cursor: str | None
    below: str | None = None


@dataclass(frozen=True, slots=True)
class RowAsk:
    """Ask for one row by its own path.

    Args:
        identity: What the row's own path names it by.
        key: The key of the row as a value that can be ordered: a whole number, a time in
            microseconds since 1970, or text.
    """

    identity: int | str
    key: int | str


OwnListing = Literal["hidden", "open"]
"""A listing of rows of one kind: those that the plain one hides, or those that can still change."""


@dataclass(frozen=True, slots=True)
class OwnListAsk:
    """Ask for one page of the rows of one kind.

    Args:
        of: Which rows it lists.
        cursor: The cursor to go on from; None asks for the first page.
    """

    of: OwnListing
    cursor: str | None


Ask = ListAsk | RowAsk | OwnListAsk


@dataclass(frozen=True, slots=True)
class AnsweredRows:
    """What a planner needs to know of the rows of an answer, in their order.

    Args:
        keys: The key of each row, as it came.
        identities: The primary key of each row; None where that is the key.
        settled: Whether each row changes no more; None takes all rows as settled.
        touches: Pairs of the index of a row and the key of an older row that it names.
        read_instants: Reads the time of each row, in seconds since 1970; None where no field tells
            it. Few pages are asked for theirs, and to read times takes long.
        touched_at: For each of `touches` when the naming row changed last, in seconds since 1970;
            None where its fields do not tell.
        last_change: The latest change that the rows tell of, in seconds since 1970.
    """

    keys: Sequence[Any]
    identities: Sequence[Any] | None = None
    settled: Sequence[bool] | None = None
    touches: Sequence[tuple[int, Any]] = ()
    read_instants: Callable[[], Sequence[float] | None] | None = None
    touched_at: Sequence[float | None] = ()
    last_change: float | None = None

    @property
    def instants(self) -> Sequence[float] | None:
        """The time of each row, in seconds since 1970; None where no field tells it."""
        return None if self.read_instants is None else self.read_instants()


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of the listing.

    Args:
        rows: What is to be known of the rows of the page.
        cursor: The cursor of the next page; None at the end of the listing.
    """

    rows: AnsweredRows
    cursor: str | None


@dataclass(frozen=True, slots=True)
class CursorRefused:
    """The server no longer takes the cursor that it was asked with."""


@dataclass(frozen=True, slots=True)
class OwnListRefused:
    """The server does not list the rows of one kind.

    Args:
        status: The status of its answer.
    """

    status: int


@dataclass(frozen=True, slots=True)
class FoundRow:
    """The row that was asked for.

    Args:
        rows: What is to be known of that one row.
    """

    rows: AnsweredRows


@dataclass(frozen=True, slots=True)
class RowNotThere:
    """The server says that there is no such row."""


@dataclass(frozen=True, slots=True)
class RowFailed:
    """The request for a row failed, which says nothing of the row."""


Answer = ListedPage | CursorRefused | OwnListRefused | FoundRow | RowNotThere | RowFailed


@dataclass(frozen=True, slots=True)
class GoneRow:
    """An open row that is not there any more.

    Args:
        identity: What the row's own path names it by.
        since: When it was first missed, in seconds since 1970.
    """

    identity: int | str
    since: float


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the planner has learned from an answer.

    Args:
        load: The indexes of the answer's rows to load, ascending.
        gone: The open rows that are now known to be gone.
        warnings: What the user should be told.
    """

    load: Sequence[int] = ()
    gone: tuple[GoneRow, ...] = ()
    warnings: tuple[str, ...] = ()
