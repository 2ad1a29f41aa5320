"""dlt's incrementals: the values that they give to requests, and the rows that they let pass.

dlt passes an `Incremental`, bound to the state, to the function of a resource, and puts the same
object as a step into the pipe behind that function. There it would see Arrow tables, whose columns
and values are no longer those of the API, and the state that it keeps would differ from that of
dlt's own source. So a copy of it decides on the rows while they are JSON, as dlt's own source would
show them to it, and the one in the pipe lets all rows pass.
"""

from headrace.dlt_source.incremental.child_windows import ChildWindows, range_of_first_sync
from headrace.dlt_source.incremental.cursor_filter import (
    CursorFilter,
    judge_as_first_sync,
    may_end_early,
    step_of_first_sync,
)
from headrace.dlt_source.incremental.dependent import (
    PER_PARENT,
    ParentCursors,
    RepeatedRange,
    SharedCursor,
)
from headrace.dlt_source.incremental.known_rows import leave_to_merge
from headrace.dlt_source.incremental.ordered_step import compare_in_order, go_on_with
from headrace.dlt_source.incremental.values import CursorValues, RunningCursor, new_incremental
from headrace.dlt_source.incremental.windows import (
    WINDOWS,
    WindowRange,
    WindowRows,
    forget_ended_windows,
    last_day_counted_in,
    may_load_in_parts,
    saved_windows,
    whole_range,
)

__all__ = [
    "PER_PARENT",
    "WINDOWS",
    "ChildWindows",
    "CursorFilter",
    "CursorValues",
    "ParentCursors",
    "RepeatedRange",
    "RunningCursor",
    "SharedCursor",
    "WindowRange",
    "WindowRows",
    "compare_in_order",
    "forget_ended_windows",
    "go_on_with",
    "judge_as_first_sync",
    "last_day_counted_in",
    "leave_to_merge",
    "may_end_early",
    "may_load_in_parts",
    "new_incremental",
    "range_of_first_sync",
    "saved_windows",
    "step_of_first_sync",
    "whole_range",
]
