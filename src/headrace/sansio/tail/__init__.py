"""The tail: keeps an exact mirror of a listing that is newest first and has no "updated since".

The ledger says what is known of the listing between syncs. The planner says which pages and rows a
sync asks for, and learns from the answers; whoever makes the requests passes the time in.

What it promises: once a sync has ended without an error, the table holds every row that existed
when the sync began and whose key lies between the oldest and the newest key that the listing has
shown, in the version of some moment during the sync or later. No row is there twice.

The promise rests on what the config says of the API: `settled_when` is true only of rows that
change no more, except through `touches`; the listing is complete but for rows that it hides for a
while; and the key of a deleted row is never given to another row.
"""

from headrace.sansio.tail.ledger import Ledger
from headrace.sansio.tail.messages import (
    AnsweredRows,
    CursorRefused,
    FoundRow,
    GoneRow,
    Lesson,
    ListAsk,
    ListedPage,
    OwnListAsk,
    OwnListRefused,
    RowAsk,
    RowFailed,
    RowNotThere,
)
from headrace.sansio.tail.planner import Planner
from headrace.sansio.tail.settings import TailSettings
from headrace.sansio.tail.state import SavedLedger, from_state, to_state

__all__ = [
    "AnsweredRows",
    "CursorRefused",
    "FoundRow",
    "GoneRow",
    "Ledger",
    "Lesson",
    "ListAsk",
    "ListedPage",
    "OwnListAsk",
    "OwnListRefused",
    "Planner",
    "RowAsk",
    "RowFailed",
    "RowNotThere",
    "SavedLedger",
    "TailSettings",
    "from_state",
    "to_state",
]
