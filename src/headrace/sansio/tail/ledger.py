"""What is known of a listing between syncs."""

from __future__ import annotations

from dataclasses import dataclass, field

from headrace.sansio.tail.coverage import Coverage
from headrace.sansio.tail.keys import Key, KeyKind


@dataclass(slots=True)
class Walk:
    """One chain of pages under way.

    Args:
        cursor: of its next page.
        low: the last key it has read; None before its first row.
    """

    cursor: str | None = None
    low: Key | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a listing's top had come.

    Args:
        key: the newest listed.
        asked: when the page was asked for, in seconds.
        read: when it had been read; on the rows' own clock where they have one, as is `asked`.
    """

    key: Key
    asked: float
    read: float


@dataclass(frozen=True, slots=True)
class Miss:
    """An open row was not there.

    Args:
        sync: when the sync that noticed began.
        at: when the row was asked for.
    """

    sync: float
    at: float


@dataclass(slots=True)
class SyncProgress:
    """How far one sync has come.

    Args:
        started: when it began; tells syncs apart.
        walk: the listing under way.
        has_top: the listing has been read from the top as far down as it is wanted.
        listed_low: how far down that was until now.
        began: the top as its first page showed it.
        due: keys of rows still to be read in it.
        asked: missing keys that it has asked for alone.
        refused: cursors refused since it last got on.
        needs_look: rows may have moved to the top since that was read.
        looks: how often it has looked at the top again.
        looks_back: it has yet to list again what late rows may have come into.
        has_stopped: its listing showed nothing, so it asks for no more of it.
    """

    started: float
    walk: Walk | None = field(default_factory=Walk)
    has_top: bool = False
    listed_low: Key | None = None
    began: Checkpoint | None = None
    due: set[Key] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    refused: int = 0
    needs_look: bool = False
    looks: int = 0
    looks_back: bool = False
    has_stopped: bool = False


@dataclass(slots=True)
class Ledger:
    """What is known of a listing between syncs, and of the sync under way.

    Args:
        kind: of the keys; None before the first row.
        keys_move: a row that changes gets a new key; None before the first sync.
        coverage: what has been listed.
        backfilled: rows listed from the first top on downwards.
        first_change: the latest change that the first top told of, in seconds since 1970.
        newest: the newest listed keys, to tell a source that was reset.
        open: keys of the rows that can still change.
        hidden: those of them that the listing did not show when it passed them.
        misses: those of them that were not there when last asked for.
        touched: keys of rows that others named, and when those last arrived.
        missing: keys that the listing passed over, and when.
        raw: the keys above as an API writes them, where that is not clear.
        checkpoints: tops of the syncs before, oldest first.
        anchor: the top of the last sync that looked back as far as it should.
        sync: the one under way, or the last.
    """

    kind: KeyKind | None = None
    keys_move: bool | None = None
    coverage: Coverage = field(default_factory=Coverage)
    backfilled: int = 0
    first_change: float | None = None
    newest: list[int] = field(default_factory=list)
    open: set[Key] = field(default_factory=set)
    hidden: set[Key] = field(default_factory=set)
    misses: dict[Key, Miss] = field(default_factory=dict)
    touched: dict[Key, float] = field(default_factory=dict)
    missing: dict[int, float] = field(default_factory=dict)
    raw: dict[Key, str] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    anchor: Checkpoint | None = None
    sync: SyncProgress | None = None
