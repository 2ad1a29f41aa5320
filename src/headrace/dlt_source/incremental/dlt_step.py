"""The door to dlt's incremental as a step of a pipe, which works here without dlt's pipe.

What dlt documents is the argument of a resource: its settings and its values. That it can be
called with rows, bound to a pipe of ours, and have its state elsewhere, rests on this, by version
1.31:

- `bind` takes the name of the resource from the pipe, reads the state by `get_state`, and sets
  the values with which the load begins. Of the pipe it keeps, and the step uses, `has_parent`
  and `close()` alone: `close` once no later row can be in the range.
- A call with a list of rows gives the same objects back, without those outside of the range, and
  writes the newest value into the dict that `get_state` gave.
- `dict(incremental)` gives the settings that are fields of its configuration; `last_value_func`
  and `primary_key` are none of them.
- `incremental[datetime](...)` keeps its type in `__orig_class__`, which decides in what type its
  values are given.
- `set_deduplication_key` with `from_hints` says what tells rows at the newest value apart, as the
  `primary_key` of a resource does: not where the user gave the incremental a key of its own, and
  until dlt binds the incremental the next time. With an empty key no hashes of rows are kept, and
  those of an earlier load count no more.

At an upgrade of dlt check those sentences; `tests/stories/incremental` and the comparisons of
incremental loads (`scripts/compare`) fail where one is no longer true.
"""

from __future__ import annotations

from typing import Any, cast

from dlt.extract.incremental import Incremental, IncrementalColumnState

from headrace.core.quick_dataclasses import dataclass

CursorState = IncrementalColumnState
"""What dlt keeps of a cursor between two loads, as a dict in the state of the pipeline."""


@dataclass(slots=True)
class PipeOfStep:
    """Stands for the pipe to which dlt binds an incremental.

    Args:
        name: The name of the resource.
        has_parent: Whether the resource depends on another one. If so, all its listings are read
            to their end.
        is_closed: Whether the incremental has said that no later row can be in the range.
    """

    name: str
    has_parent: bool
    is_closed: bool = False

    def close(self) -> None:
        """Notes that no more rows are wanted."""
        self.is_closed = True


def bound_to_own_pipe(incremental: Incremental[Any], *, has_parent: bool) -> PipeOfStep:
    """Make an incremental ready to be called with rows, outside of a pipe of dlt's.

    Args:
        incremental: The incremental, which must know the name of its resource. From now on its
            values are those of this load.
        has_parent: Whether its resource depends on another one.

    Returns:
        What it is bound to now, which tells when no more rows are wanted.
    """
    pipe = PipeOfStep(incremental.resource_name or "", has_parent)
    incremental.bind(cast(Any, pipe))
    return pipe


def keep_no_hashes(incremental: Incremental[Any]) -> None:
    """Have an incremental neither keep nor look at hashes of the rows at the newest cursor value.

    Args:
        incremental: The incremental. One that the user gave a key of its own is left as it is.
    """
    incremental.set_deduplication_key((), from_hints=True)


def keep_hashes(incremental: Incremental[Any]) -> None:
    """Take back what an earlier run of the same resource may have set by `keep_no_hashes`.

    Args:
        incremental: The incremental.
    """
    if incremental.primary_key == ():
        incremental.set_deduplication_key(None, from_hints=True)


class StateElsewhere(Incremental[Any]):
    """An incremental whose state is not where dlt keeps that of the resource."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.kept: CursorState = {
            "initial_value": self.initial_value,
            "last_value": self.initial_value,
            "unique_hashes": [],
            "start_value": self.initial_value,
        }

    @classmethod
    def like(cls, other: Incremental[Any], state: CursorState | None = None) -> StateElsewhere:
        """Make one with the settings of another.

        Args:
            other: The incremental to take the settings from.
            state: The state to go on from, which is changed in place; None means a first sync.
        """
        made = cls(
            **dict(other),
            last_value_func=other.last_value_func,
            primary_key=other.primary_key,
        )
        made.resource_name = other.resource_name
        if hasattr(other, "__orig_class__"):
            made.__orig_class__ = other.__orig_class__
        if state is not None:
            made.kept = state
        return made

    def get_state(self) -> CursorState:
        """The state, which a range with an end has none of."""
        return super().get_state() if self.end_value is not None else self.kept
