"""Turns the ledger into a dict for dlt's state, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from headrace.core.exceptions import StateError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail.coverage import Coverage, Span
from headrace.sansio.tail.keys import Key, KeyKind
from headrace.sansio.tail.ledger import Checkpoint, Ledger, Miss, OwnWalk, SyncProgress, Walk
from headrace.sansio.tail.packing import (
    pack_integers,
    pack_subset,
    pack_texts,
    unpack_integers,
    unpack_subset,
    unpack_texts,
)
from headrace.sansio.tail.upgrades import VERSION, upgraded

# What a broken state is wrong with, whichever part of it is looked at.
_BROKEN = (LookupError, TypeError, ValueError, AttributeError, OverflowError)
# The parts of a state that say which rows are looked at again, and how far down rows are wanted.
_FOLLOWED = (
    "kind",
    "keys_move",
    "floor",
    "open",
    "hidden",
    "misses",
    "touched",
    "missing",
    "raw",
    "checkpoints",
    "anchor",
)


@dataclass(frozen=True, slots=True)
class SavedLedger:
    """A ledger as it was read from a saved state.

    Args:
        ledger: The ledger; of a state that cannot be read, what is left of it, by which the listing
            is read from its top again.
        fault: Why the state cannot be read; None where it was.
    """

    ledger: Ledger
    fault: str | None = None


def _any(cursor: str) -> bool:
    return True


def to_state(ledger: Ledger, may_keep: Callable[[str], bool] = _any) -> dict[str, Any]:
    """Writes a ledger as values that JSON knows.

    It stays under 1 MiB at 100,000 open integer keys: keys are packed as the steps between them.

    Args:
        ledger: The ledger, at any moment between two answers.
        may_keep: Says whether a cursor may be saved, as it holds no secret. Where it may not, the
            next sync goes on as if the server had refused the cursor.
    """

    def kept(cursor: str | None) -> str | None:
        return cursor if cursor is None or may_keep(cursor) else None

    coverage = ledger.coverage
    open_keys = _sorted(ledger.open)
    state: dict[str, Any] = {
        "version": VERSION,
        "kind": None if ledger.kind is None else ledger.kind.value,
        "keys_move": ledger.keys_move,
        "spans": [
            [_key(s.high), _key(s.low), kept(s.cursor), sorted(s.edge, key=repr), s.is_firm]
            for s in coverage.spans
        ],
        "has_ended": coverage.has_ended,
        "floor": _key(coverage.floor),
        "backfilled": ledger.backfilled,
        "split": _key(ledger.split),
        "first_change": ledger.first_change,
        "newest": [_key(key) for key in ledger.newest],
        "open": _pack(open_keys),
        "hidden": pack_subset(open_keys, ledger.hidden),
        "misses": [[_key(key), miss.sync, miss.at] for key, miss in ledger.misses.items()],
        "touched": _pack_times(ledger.touched),
        "missing": _pack_times(ledger.missing),
        "answered": pack_integers(sorted(ledger.answered & ledger.missing.keys())),
        "vain": ledger.vain,
        "heeded": ledger.heeded,
        "unheeded": dict(ledger.unheeded),
        "checkpoints": [_checkpoint(point) for point in ledger.checkpoints],
        "anchor": _checkpoint(ledger.anchor),
        "looked": ledger.looked,
        "sync": _sync(ledger, open_keys, may_keep),
    }
    followed = ledger.open | ledger.touched.keys()
    state["raw"] = [[key, raw] for key, raw in ledger.raw.items() if key in followed]
    return state


def from_state(state: Any) -> SavedLedger:
    """Reads the ledger that a state holds, whichever version wrote it.

    Args:
        state: What `to_state` of this or an earlier version made; None gives an empty ledger.

    Raises:
        StateError: The state was made by a later version.
    """
    if state is None:
        return SavedLedger(Ledger())
    version = state.get("version") if isinstance(state, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise StateError(
            f"what is known of the listing was saved in the format {version}, but this headrace "
            f"reads formats up to {VERSION}: install the later headrace that saved it. Nothing was "
            "changed. To go on with this one instead: headrace run CONFIG --list-anew, which lists "
            "everything again and keeps all rows of the table."
        )
    try:
        return SavedLedger(_read(upgraded(state)))
    except _BROKEN as error:
        return SavedLedger(_left_of(state), f"{type(error).__name__}: {error}")


def _left_of(state: Any) -> Ledger:
    """A ledger by which a listing is read from its top again, with the rows that were followed."""
    try:
        followed = {name: state[name] for name in _FOLLOWED if name in state}
        ledger = _read({**to_state(Ledger()), **followed})
    except _BROKEN:
        return Ledger()
    return Ledger() if ledger.kind is None else ledger


def _read(state: dict[str, Any]) -> Ledger:
    kind = None if state["kind"] is None else KeyKind(state["kind"])
    spans = [
        Span(_own(high, kind), _own(low, kind), cursor, frozenset(edge), bool(is_firm))
        for high, low, cursor, edge, is_firm in state["spans"]
    ]
    floor = None if state["floor"] is None else _own(state["floor"], kind)
    open_keys = _unpack(state["open"])
    ledger = Ledger(
        kind=kind,
        keys_move=state["keys_move"],
        coverage=Coverage(spans, bool(state["has_ended"]), floor),
        backfilled=int(state["backfilled"]),
        split=_own_or_none(state["split"], kind),
        first_change=state["first_change"],
        newest=[int(key) for key in state["newest"]],
        open=set(open_keys),
        hidden=unpack_subset(open_keys, state["hidden"]),
        misses={_own(key, kind): Miss(float(sync), float(at)) for key, sync, at in state["misses"]},
        touched=_unpack_times(state["touched"]),
        missing={int(key): time for key, time in _unpack_times(state["missing"]).items()},
        answered=set(unpack_integers(state["answered"])),
        vain=int(state["vain"]),
        heeded=state["heeded"],
        unheeded={of: float(at) for of, at in state["unheeded"].items()},
        raw={_own(key, kind): str(raw) for key, raw in state["raw"]},
        checkpoints=[_own_checkpoint(point, kind) for point in state["checkpoints"]],
        anchor=None if state["anchor"] is None else _own_checkpoint(state["anchor"], kind),
        looked=state["looked"],
    )
    if state["sync"] is not None:
        ledger.sync = _own_sync(state["sync"], ledger, open_keys)
    return ledger


def _sync(
    ledger: Ledger, open_keys: list[Key], may_keep: Callable[[str], bool]
) -> dict[str, Any] | None:
    sync = ledger.sync
    if sync is None:
        return None
    walk, own = sync.walk, sync.own_walk
    if walk is not None and walk.cursor is not None and not may_keep(walk.cursor):
        walk = None
    if walk is not None and walk.by_key:
        # It begins at the top again, and comes back to where it was.
        walk = None
    if own is not None and own.cursor is not None and not may_keep(own.cursor):
        own = OwnWalk(own.of)
    return {
        "started": sync.started,
        "walk": None if walk is None else [walk.cursor, _key(walk.low)],
        "has_top": sync.has_top,
        "listed_low": _key(sync.listed_low),
        "began": _checkpoint(sync.began),
        "top_asked": sync.top_asked,
        "due": pack_subset(open_keys, sync.due),
        "due_besides": _pack(_sorted(sync.due - ledger.open)),
        "asked": pack_integers(sorted(sync.asked)),
        "refused": sync.refused,
        "needs_look": sync.needs_look,
        "looks": sync.looks,
        "looks_back": sync.looks_back,
        "has_stopped": sync.has_stopped,
        "own_walk": None if own is None else [own.of, own.cursor],
        "knows_hidden": sync.knows_hidden,
        "hidden_asked": sync.hidden_asked,
    }


def _own_sync(state: dict[str, Any], ledger: Ledger, open_keys: list[Key]) -> SyncProgress:
    kind, walk, began = ledger.kind, state["walk"], state["began"]
    own = state["own_walk"]
    low = state["listed_low"]
    return SyncProgress(
        started=float(state["started"]),
        walk=None if walk is None else Walk(walk[0], _own_or_none(walk[1], kind)),
        has_top=bool(state["has_top"]),
        listed_low=_own_or_none(low, kind),
        began=None if began is None else _own_checkpoint(began, kind),
        top_asked=state["top_asked"],
        due=unpack_subset(open_keys, state["due"]) | set(_unpack(state["due_besides"])),
        asked=set(unpack_integers(state["asked"])),
        refused=int(state["refused"]),
        needs_look=bool(state["needs_look"]),
        looks=int(state["looks"]),
        looks_back=bool(state["looks_back"]),
        has_stopped=bool(state["has_stopped"]),
        own_walk=None if own is None else OwnWalk(own[0], own[1]),
        knows_hidden=bool(state["knows_hidden"]),
        hidden_asked=state["hidden_asked"],
    )


def _pack(keys: list[Any]) -> str | list[str | int]:
    """Packs ascending keys: numbers into a text of their steps, others into a list."""
    return pack_texts(keys) if keys and isinstance(keys[0], str) else pack_integers(keys)


def _unpack(packed: str | list[str | int]) -> list[Any]:
    return unpack_integers(packed) if isinstance(packed, str) else unpack_texts(packed)


def _pack_times(times: dict[Any, float]) -> list[list[Any]]:
    """Packs keys by the time that they share."""
    groups: dict[float, list[Key]] = {}
    for key, time in times.items():
        groups.setdefault(time, []).append(key)
    return [[time, _pack(_sorted(keys))] for time, keys in groups.items()]


def _unpack_times(packed: list[list[Any]]) -> dict[Key, float]:
    return {key: float(time) for time, keys in packed for key in _unpack(keys)}


def _checkpoint(point: Checkpoint | None) -> list[Any] | None:
    return None if point is None else [_key(point.key), point.asked, point.read]


def _own_checkpoint(state: list[Any], kind: KeyKind | None) -> Checkpoint:
    key, asked, read = state
    return Checkpoint(_own(key, kind), float(asked), float(read))


def _key(key: Key | None) -> Key | None:
    """A key as any JSON reader knows it: numbers beyond 64 bits as text."""
    return str(key) if isinstance(key, int) and abs(key) >= 2**63 else key


def _own(key: Any, kind: KeyKind | None) -> Key:
    if kind is KeyKind.TEXT:
        return str(key)
    return int(key)


def _own_or_none(key: Any, kind: KeyKind | None) -> Key | None:
    return None if key is None else _own(key, kind)


def _sorted(keys: Iterable[Any]) -> list[Any]:
    return sorted(keys)
