"""Which pages and rows an incremental sync asks for: ledger and planner. Pure: no I/O, no clock."""

from headrace.sansio.tail.ledger import Ledger
from headrace.sansio.tail.messages import (
    CursorRefused,
    Found,
    Gone,
    Lesson,
    ListAsk,
    NotThere,
    Page,
    RowAsk,
    Rows,
)
from headrace.sansio.tail.planner import Planner
from headrace.sansio.tail.settings import TailSettings
from headrace.sansio.tail.state import from_state, to_state

__all__ = [
    "CursorRefused",
    "Found",
    "Gone",
    "Ledger",
    "Lesson",
    "ListAsk",
    "NotThere",
    "Page",
    "Planner",
    "RowAsk",
    "Rows",
    "TailSettings",
    "from_state",
    "to_state",
]
