"""What is known of a listing between syncs."""

from __future__ import annotations

from dataclasses import field, replace

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail.coverage import Coverage
from headrace.sansio.tail.keys import Key, KeyKind
from headrace.sansio.tail.messages import OwnListing


@dataclass(slots=True)
class Walk:
    """One chain of pages under way.

    Args:
        cursor: The cursor of its next page; None for the top of the listing.
        low: The last key that it has read; None before its first row.
        is_start: Whether `low` is only where it is to begin, and no row of it has come.
        by_key: Whether its pages are asked for by the key that their rows are below.
    """

    cursor: str | None = None
    low: Key | None = None
    is_start: bool = False
    by_key: bool = False


@dataclass(frozen=True, slots=True)
class OwnWalk:
    """The chain of pages of one kind of rows under way.

    Args:
        of: Which rows it lists.
        cursor: The cursor of its next page; None for the first.
    """

    of: OwnListing
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the top of a listing had come.

    Args:
        key: The newest key that was listed.
        asked: When the page was asked for, in seconds since 1970.
        read: When it had been read, in seconds since 1970. Where rows tell a time, both moments are
            by the rows' own clock.
    """

    key: Key
    asked: float
    read: float


@dataclass(frozen=True, slots=True)
class Miss:
    """An open row was not there when it was asked for.

    Args:
        sync: When the sync began that noticed it, in seconds since 1970.
        at: When the row was asked for, in seconds since 1970.
    """

    sync: float
    at: float


@dataclass(slots=True)
class SyncProgress:
    """How far one sync has come.

    Args:
        started: When it began, in seconds since 1970; it tells one sync from another.
        walk: The chain of pages under way; None where no listing goes on.
        has_top: Whether the listing has been read from the top as far down as it is wanted.
        listed_low: The lowest key that was listed on the way there.
        began: The top of the listing as its first page showed it.
        top_asked: When that page was asked for, in seconds since 1970 by the caller's clock.
        due: The keys of rows that are still to be read in it.
        asked: The missing keys that it has asked for alone.
        refused: How many cursors the server refused since the last new row.
        needs_look: Whether rows may have moved to the top since the top was read.
        looks: How often it has looked at the top again.
        looks_back: Whether it still has to list again where late rows may have appeared.
        has_stopped: Whether its listing showed nothing, so that no more of it is asked for.
        own_walk: The chain of pages of one kind of rows under way; None where there is none.
        knows_hidden: Whether the listing of hidden rows has been read to its end.
        hidden_asked: When its first page was asked for, in seconds since 1970.
    """

    started: float
    walk: Walk | None = field(default_factory=Walk)
    has_top: bool = False
    listed_low: Key | None = None
    began: Checkpoint | None = None
    top_asked: float | None = None
    due: set[Key] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    refused: int = 0
    needs_look: bool = False
    looks: int = 0
    looks_back: bool = False
    has_stopped: bool = False
    own_walk: OwnWalk | None = None
    knows_hidden: bool = False
    hidden_asked: float | None = None


@dataclass(slots=True)
class Ledger:
    """What is known of a listing between syncs, and of the sync under way.

    Args:
        kind: The kind of the keys; None before the first row.
        keys_move: Whether a row that changes gets a new key; None before the first sync.
        coverage: Which stretches of the listing have been read.
        backfilled: How many rows were listed from the first top on downwards.
        split: The key below which that listing was parted into lanes; None where it was not, or all
            of it has been read.
        first_change: The latest change that the first top told of, in seconds since 1970.
        newest: The newest listed keys, which tell that a source was reset.
        open: The keys of the rows that can still change.
        hidden: Those of the open keys that the listing did not show when it passed them.
        misses: Those of the open keys whose row was not there when it was last asked for.
        touched: The keys of rows that other rows named, each with the time when the last naming row
            arrived, in seconds since 1970.
        missing: The keys that the listing passed over, each with the time when it did so, in
            seconds since 1970.
        answered: Those of them that were asked for alone, and had no row.
        vain: How many keys one after the other were asked for and had no row, though the listing of
            hidden rows did not have them either; below 0 after one that had.
        heeded: When the sync began since which each has read the listing of hidden rows, in seconds
            since 1970; None where the last one has not.
        unheeded: When the API last took no notice that it was asked for one kind of rows, in
            seconds since 1970.
        raw: The keys above as the API writes them, where it could write them in several ways.
        checkpoints: The tops of earlier syncs, oldest first.
        anchor: The top of the last sync that looked back as far as it should.
        looked: When that top was asked for, in seconds since 1970 by the caller's clock.
        sync: The sync under way, or the last one.
    """

    kind: KeyKind | None = None
    keys_move: bool | None = None
    coverage: Coverage = field(default_factory=Coverage)
    backfilled: int = 0
    split: Key | None = None
    first_change: float | None = None
    newest: list[int] = field(default_factory=list)
    open: set[Key] = field(default_factory=set)
    hidden: set[Key] = field(default_factory=set)
    misses: dict[Key, Miss] = field(default_factory=dict)
    touched: dict[Key, float] = field(default_factory=dict)
    missing: dict[int, float] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    vain: int = 0
    heeded: float | None = None
    unheeded: dict[OwnListing, float] = field(default_factory=dict)
    raw: dict[Key, str] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    anchor: Checkpoint | None = None
    looked: float | None = None
    sync: SyncProgress | None = None

    def anew(self, *, keeps_bound: bool) -> Ledger:
        """Gives the ledger by which the whole listing is read again, from its top.

        The rows that can still change, also those that the listing hides, are followed on, and late
        rows are found from where they would have been.

        Args:
            keeps_bound: Whether rows are still not wanted that lie below the bound of the first
                sync.
        """
        return replace(
            self,
            coverage=Coverage(floor=self.coverage.floor if keeps_bound else None),
            backfilled=0,
            split=None,
            first_change=None,
            newest=[],
            sync=None,
        )

    def forget_keys(self) -> None:
        """Forgets all that is known by keys, as the listing has other keys now."""
        self.kind, self.coverage.floor = None, None
        for known in (self.open, self.hidden, self.misses, self.touched, self.missing, self.raw):
            known.clear()
        self.answered.clear()
        self.checkpoints, self.anchor, self.looked = [], None, None
        if self.sync is not None:
            self.sync.due.clear()
