"""Which steps of a workflow an execution went through, and how long each took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from random import Random

_LONGEST_LEAD_MS = 9
_SHARE_LOOPING = 1 / 8
_SHARE_OF_THE_FIRST = 0.05
_LONG_STEPS = {
    **{"Fetch": 6, "Upsert": 3, "Classify": 4, "Store": 2, "Render": 3, "Send": 5, "Read": 4},
    **{"Update": 3, "Post": 4, "Look": 9, "List": 1, "Copy": 14, "Download": 3, "Transcribe": 12},
    **{"Append": 4, "Query": 9, "Draw": 2},
}
_HOW_THE_LAST_ENDED = {"error": "error", "crashed": "crashed", "waiting": "waiting"}


@dataclass(frozen=True, slots=True)
class Step:
    """One run of one node.

    Args:
        node: The node's name.
        previous: The name of the node before it; None for the first.
        status: How it ended: `success`, `error`, `crashed`, or `waiting`.
        started: When it started, in milliseconds since 1970.
        took: How long it ran, in milliseconds.
    """

    node: str
    previous: str | None
    status: str
    started: int
    took: int


@dataclass(frozen=True, slots=True)
class Times:
    """When an execution started and stopped.

    Args:
        started: In milliseconds since 1970.
        stopped: In milliseconds since 1970; None where it has not.
    """

    started: int
    stopped: int | None

    @property
    def took(self) -> int:
        """How long it ran, in milliseconds; 0 where it goes on."""
        return 0 if self.stopped is None else self.stopped - self.started

    @classmethod
    def of(cls, started: str, stopped: str | None) -> Times:
        """Read them as a row has them."""
        return cls(_milliseconds(started), None if stopped is None else _milliseconds(stopped))


def steps_of(
    status: str, times: Times, nodes: Sequence[str], chance: Random, *, until: str | None = None
) -> list[Step]:
    """Make up the steps; they end when the execution did, where it did not crash.

    Args:
        status: The execution's status.
        times: When it started and stopped.
        nodes: The names of the workflow's nodes, in their order.
        chance: What decides.
        until: The name of the last one, where that is known.
    """
    names = list(nodes[: nodes.index(until) + 1]) if until else _names(status, nodes, chance)
    # How long a run took that crashed, nobody has written down: a restart changes only its row.
    ended = status not in ("running", "new", "crashed") and times.stopped is not None
    whole = times.took if ended else 0
    lead = min(whole, chance.randint(0, _LONGEST_LEAD_MS))
    parts = [_effort(name) * (0.5 + chance.random()) for name in names]
    # What begins a workflow only hands on what came.
    parts[0] *= _SHARE_OF_THE_FIRST
    ends = [lead + round((whole - lead) * each / sum(parts)) for each in accumulate(parts)]
    begins = [lead, *ends[:-1]]
    last = len(names) - 1
    return [
        Step(
            node=name,
            previous=_previous(names, place),
            status=_HOW_THE_LAST_ENDED.get(status, "success") if place == last else "success",
            started=times.started + begins[place],
            took=ends[place] - begins[place],
        )
        for place, name in enumerate(names)
    ]


def _effort(step: str) -> int:
    """How long a step takes, relative to others: those that ask another service take longer."""
    return _LONG_STEPS.get(step.partition(" ")[0], 1)


def _names(status: str, nodes: Sequence[str], chance: Random) -> list[str]:
    if status in ("running", "new"):
        return list(nodes[:1])
    if status != "success":
        return list(nodes[: chance.randint(2, len(nodes))])
    if chance.random() < _SHARE_LOOPING:
        return [nodes[0], nodes[1], *nodes[1:]]
    return list(nodes)


def _previous(names: Sequence[str], place: int) -> str | None:
    before = [each for each in names[:place] if each != names[place]]
    return before[-1] if before else None


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)
