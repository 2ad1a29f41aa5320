"""Moments in the life of a sync at which to kill it."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill.

    Args:
        event: `request`, when it has arrived and is not answered yet; or one of
            `kill_switch.STAGES`, when the change in the pipeline's folder is about to be made.
        number: which of these events, from 1.
        delay: seconds to let pass after it.
        new_machine: whether the pipeline's folder is lost as well.
    """

    event: str
    number: int = 1
    delay: float = 0.0
    new_machine: bool = False


def moments(count: int, *, requests: int, changes: int, seed: int) -> list[Moment]:
    """The moments that matter most, then drawn ones.

    Args:
        count: how many.
        requests: that a whole run makes, about.
        changes: in the pipeline's folder that a whole run makes, about.
        seed: the same one draws the same moments.
    """
    chosen = [
        Moment("request", requests // 2),
        Moment("job started", delay=0.01),
        Moment("job committed", 2, new_machine=True),
        Moment("extracted", 2),
        Moment("package completed"),
        Moment("loaded"),
        Moment("extracted"),
        Moment("normalized", new_machine=True),
    ]
    draw = random.Random(seed)
    while len(chosen) < count:
        event, last = draw.choice([("request", requests), *3 * [("change", changes)]])
        delay = draw.choice([0.0, round(draw.uniform(0, 0.05), 3)])
        chosen.append(Moment(event, draw.randint(1, last), delay, draw.random() < 1 / 3))
    return chosen[:count]
