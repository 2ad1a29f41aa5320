"""Which pages and rows an incremental sync asks for: ledger and planner. Pure: no I/O, no clock."""

from headrace.sansio.tail.ledger import Ledger
from headrace.sansio.tail.messages import (
    AnsweredRows,
    CursorRefused,
    FoundRow,
    GoneRow,
    Lesson,
    ListAsk,
    ListedPage,
    RowAsk,
    RowNotThere,
)
from headrace.sansio.tail.planner import Planner
from headrace.sansio.tail.settings import TailSettings
from headrace.sansio.tail.state import from_state, to_state

__all__ = [
    "AnsweredRows",
    "CursorRefused",
    "FoundRow",
    "GoneRow",
    "Ledger",
    "Lesson",
    "ListAsk",
    "ListedPage",
    "Planner",
    "RowAsk",
    "RowNotThere",
    "TailSettings",
    "from_state",
    "to_state",
]
