"""Ledgers in which each part holds something, one for each kind of key.

    python -m tests.unit.sansio.tail.full_ledgers

writes them in the form that is written now, for the tests of all later versions.
"""

from __future__ import annotations

import json

from headrace.sansio.tail.coverage import Coverage, Span
from headrace.sansio.tail.keys import KeyKind
from headrace.sansio.tail.ledger import Checkpoint, Ledger, Miss, OwnWalk, SyncProgress, Walk
from headrace.sansio.tail.state import to_state
from headrace.sansio.tail.upgrades import VERSION
from tests.support.project import ROOT

SAVED = ROOT / "tests" / "fixtures" / "ledgers"
FIRST_CHANGE = 1_700_000_000.5


def full_ledgers() -> dict[str, Ledger]:
    """Makes the ledgers, by the kind of their keys."""
    return {
        "integer": _full(KeyKind.INTEGER, [90, 80, 70, 60, 50, 40], {77: FIRST_CHANGE, 2**70: 5.0}),
        "time": _full(KeyKind.TIME, [6_000_000, 5_000_000, 4_000_000, 3_000_000, 2_000_000, 7], {}),
        "text": _full(KeyKind.TEXT, ["f9", "e8", "d7", "c6", "b5", "a4"], {}),
    }


def _full(kind: KeyKind, keys: list[int] | list[str], missing: dict[int, float]) -> Ledger:
    a, b, c, d, e, floor = keys
    texts = {c: "1970-01-01T00:00:04Z", d: "1970-01-01 00:00:03"} if kind is KeyKind.TIME else {}
    return Ledger(
        kind=kind,
        keys_move=False,
        coverage=Coverage(
            [Span(a, b, "next", frozenset({1, "x"}), is_firm=False), Span(c, e, None)], False, floor
        ),
        backfilled=12,
        split=c,
        first_change=FIRST_CHANGE,
        newest=[9, 8, 7],
        open={b, c, d},
        hidden={c},
        misses={d: Miss(1.0, 2.0)},
        touched={c: 3.0, e: 3.0},
        missing=missing,
        answered=set(list(missing)[:1]),
        vain=13,
        heeded=14.0,
        unheeded={"hidden": 15.0},
        raw=texts,
        checkpoints=[Checkpoint(a, 4.0, 5.0), Checkpoint(b, 6.0, 7.0)],
        anchor=Checkpoint(c, 8.0, 9.0),
        looked=17.0,
        sync=SyncProgress(
            started=10.0,
            walk=Walk("on", e),
            has_top=True,
            listed_low=c,
            began=Checkpoint(a, 11.0, 12.0),
            top_asked=18.0,
            due={b, e},
            asked=set(missing),
            refused=1,
            needs_look=True,
            looks=2,
            looks_back=True,
            has_stopped=True,
            own_walk=OwnWalk("hidden", "more"),
            knows_hidden=True,
            hidden_asked=16.0,
        ),
    )


if __name__ == "__main__":
    saved = {kind: to_state(ledger) for kind, ledger in full_ledgers().items()}
    SAVED.mkdir(parents=True, exist_ok=True)
    (SAVED / f"{VERSION}.json").write_text(json.dumps(saved, indent=1) + "\n")
