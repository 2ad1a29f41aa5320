"""Picks what in a report is worth a look first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from headrace.core.quick_dataclasses import dataclass
from headrace.reports.html.figures import Counts, Workflow

_ENOUGH_RUNS = 50
_MORE_FAILURES, _FAILURES_FACTOR = 0.02, 1.3
# In standard errors: chance alone exceeds this in about one workflow of a thousand.
_NO_CHANCE = 3.0
_SLOWER_FACTOR = 1.4
_STUCK_SECONDS = 86_400.0
_OF_EACH_KIND = 2


@dataclass(frozen=True, slots=True)
class Highlight:
    """Something that stands out.

    Args:
        kind: `failing`, `slower` or `stuck`.
        place: The index of the workflow in the report.
        now: For `failing` the failure rate, from 0 to 1; for `slower` the p95 in seconds; for
            `stuck` the age in seconds of the oldest execution that has not ended.
        before: For `failing` and `slower` the same in the period before; for `stuck` how many
            executions have not ended.
        worst: The index of the bucket in which it was worst; None where there is none.
    """

    kind: str
    place: int
    now: float
    before: float
    worst: int | None = None


def find_highlights(workflows: Sequence[Workflow]) -> list[Highlight]:
    """Finds what stands out among workflows: the two most important findings of each kind.

    Args:
        workflows: The workflows of the report.
    """
    failing, slower, stuck = [], [], []
    for place, workflow in enumerate(workflows):
        figures = workflow.figures
        now, before = figures.now, figures.before
        if min(now.ended, before.ended) >= _ENOUGH_RUNS:
            if (highlight := _failing(place, workflow)) is not None:
                # How many executions failed that would not have failed at the rate of before.
                weight = (highlight.now - highlight.before) * now.ended
                failing.append((weight, highlight))
            if now.p95 and before.p95 and now.p95 >= _SLOWER_FACTOR * before.p95:
                worst = _worst(figures.series, lambda each: each.p95)
                found = Highlight("slower", place, now.p95, before.p95, worst)
                slower.append((now.p95 / before.p95, found))
        oldest = figures.open[0].seconds if figures.open else 0.0
        if oldest is not None and oldest >= _STUCK_SECONDS:
            count = float(figures.open_count)
            stuck.append((oldest, Highlight("stuck", place, oldest, count)))
    return [
        highlight
        for kind in (failing, slower, stuck)
        for _, highlight in sorted(kind, key=lambda each: -each[0])[:_OF_EACH_KIND]
    ]


def _failing(place: int, workflow: Workflow) -> Highlight | None:
    figures = workflow.figures
    now, before = figures.now.failure_rate or 0.0, figures.before.failure_rate or 0.0
    if now - before < _MORE_FAILURES or now < _FAILURES_FACTOR * before:
        return None
    if now - before < _NO_CHANCE * _standard_error(figures.now, figures.before):
        return None
    worst = _worst(figures.series, lambda each: float(each.failed))
    return Highlight("failing", place, now, before, worst)


def _standard_error(one: Counts, other: Counts) -> float:
    """The standard error of the difference of two failure rates, if both were in truth equal."""
    rate = (one.failed + other.failed) / (one.ended + other.ended)
    return math.sqrt(rate * (1 - rate) * (1 / one.ended + 1 / other.ended))


def _worst(series: Sequence[Counts], of: Callable[[Counts], float | None]) -> int | None:
    values = [of(each) or 0.0 for each in series]
    return max(range(len(values)), key=values.__getitem__) if any(values) else None
