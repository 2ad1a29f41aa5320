"""What passes between a planner and the one who makes its requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ListAsk:
    """Ask for one page of the listing.

    Args:
        cursor: to go on from; None for the top.
        below: rows with this key or a higher one are not wanted of the page; None wants all.
    """

    cursor: str | None
    below: int | str | None = None


@dataclass(frozen=True, slots=True)
class RowAsk:
    """Ask for one row by its own path.

    Args:
        identity: what its path names it by.
        key: its key as a value that orders (times in microseconds since 1970).
    """

    identity: int | str
    key: int | str


Ask = ListAsk | RowAsk


@dataclass(frozen=True, slots=True)
class AnsweredRows:
    """What a planner needs to know of the rows of an answer, in their order.

    Args:
        keys: as they came.
        identities: the primary key of each row; None where that is the key.
        settled: for each row whether it changes no more; None takes all as settled.
        touches: the index of a row and the key of an older one that it names.
        instants: the time of each row, in seconds since 1970; None when no field tells it.
        touched_at: for each of `touches` when the row that names changed last; None when its
            fields do not tell.
        last_change: the latest change that the rows tell of, in seconds since 1970.
    """

    keys: Sequence[Any]
    identities: Sequence[Any] | None = None
    settled: Sequence[bool] | None = None
    touches: Sequence[tuple[int, Any]] = ()
    instants: Sequence[float] | None = None
    touched_at: Sequence[float | None] = ()
    last_change: float | None = None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of the listing.

    Args:
        rows: of the page.
        cursor: of the next page; None at the end of the listing.
    """

    rows: AnsweredRows
    cursor: str | None


@dataclass(frozen=True, slots=True)
class CursorRefused:
    """The server no longer takes the cursor."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """The row that was asked for.

    Args:
        rows: with that row alone.
    """

    rows: AnsweredRows


@dataclass(frozen=True, slots=True)
class RowNotThere:
    """There is no such row."""


Answer = ListedPage | CursorRefused | FoundRow | RowNotThere


@dataclass(frozen=True, slots=True)
class GoneRow:
    """An open row that is not there any more.

    Args:
        identity: of the row.
        since: when it was first missed, in seconds since 1970.
    """

    identity: int | str
    since: float


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an answer taught.

    Args:
        load: indexes of the answer's rows to load, ascending.
        gone: open rows that are now known to be gone.
        warnings: what the user should hear of.
    """

    load: Sequence[int] = ()
    gone: tuple[GoneRow, ...] = ()
    warnings: tuple[str, ...] = ()
