"""dlt's incrementals: what requests hold of them, and which rows of a page they let through.

dlt hands a resource its `Incremental` through an argument of the function, bound to the state, and
puts it into the pipe behind the function. There it would find Arrow tables, with values and columns
that are not the API's any more; and its state would not be that of dlt's own source. So a twin of
it decides on the rows while they are JSON, and the one in the pipe lets all pass.
"""

from headrace.dlt_source.incremental.cursor_filter import CursorFilter, may_end_early
from headrace.dlt_source.incremental.dependent import PER_PARENT, ParentCursors, SharedCursor
from headrace.dlt_source.incremental.values import CursorValues, RunningCursor, new_incremental

__all__ = [
    "PER_PARENT",
    "CursorFilter",
    "CursorValues",
    "ParentCursors",
    "RunningCursor",
    "SharedCursor",
    "may_end_early",
    "new_incremental",
]
