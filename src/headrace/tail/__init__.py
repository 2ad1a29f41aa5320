"""Which pages and rows an incremental sync asks for: ledger and planner. Pure: no I/O, no clock."""

from headrace.tail.ledger import Ledger
from headrace.tail.messages import (
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
from headrace.tail.planner import Planner
from headrace.tail.settings import TailSettings
from headrace.tail.state import from_state, to_state

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
