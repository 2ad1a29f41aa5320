"""Parts what is listed into stretches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import pairwise
from math import ceil
from typing import Any, TypeVar

from headrace.core.quick_dataclasses import dataclass
from headrace.reading.asked_rows import ParentValues
from headrace.reading.stretches.stretch import (
    ParentStretch,
    Stretch,
    ValueStretch,
    WindowStretch,
)
from headrace.reading.windowed_listing import WindowedListing

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class StretchPlan:
    """The stretches of a resource.

    Args:
        stretches: The stretches, in the order of the listing.
        notes: What whoever plans should know: why there is only one, say.
    """

    stretches: Sequence[Stretch]
    notes: Sequence[str] = field(default_factory=list)


def parts(whole: Sequence[Part], wanted: int) -> list[Sequence[Part]]:
    """Parts a sequence into pieces of nearly the same length, none of them empty.

    Args:
        whole: The sequence.
        wanted: How many pieces there are at most.
    """
    count = min(wanted, len(whole))
    bounds = [len(whole) * place // count for place in range(count + 1)] if count else []
    return [whole[low:high] for low, high in pairwise(bounds)]


def windows_parted(listing: WindowedListing, wanted: int) -> list[WindowStretch]:
    """Parts the range of an incremental into stretches that end where windows do.

    Args:
        listing: The range.
        wanted: How many stretches there are at most.
    """
    settings, high = listing.settings, listing.high
    low = settings.scale.floored(listing.low)
    count = ceil((high - low) / settings.step)
    return [
        WindowStretch(
            low + some[0] * settings.step,
            min(low + (some[-1] + 1) * settings.step, high),
            (low, high),
        )
        for some in parts(range(count), wanted)
    ]


def values_parted(values: Sequence[Any], wanted: int) -> list[ValueStretch]:
    """Parts the values of a parameter into stretches.

    Args:
        values: The values.
        wanted: How many stretches there are at most.
    """
    return [ValueStretch(tuple(some)) for some in parts(values, wanted)]


def parents_parted(rows: Sequence[ParentValues], wanted: int) -> list[ParentStretch]:
    """Parts the rows of a parent into stretches.

    Args:
        rows: What is needed of each row.
        wanted: How many stretches there are at most.
    """
    return [
        ParentStretch(
            tuple(some[0].fields),
            tuple(some[0].included),
            tuple((*each.fields.values(), *each.included.values()) for each in some),
        )
        for some in parts(rows, wanted)
    ]


def parents_of(stretch: ParentStretch) -> list[ParentValues]:
    """The rows of the parent that a stretch has.

    Args:
        stretch: The stretch.
    """
    count = len(stretch.fields)
    return [
        ParentValues(
            dict(zip(stretch.fields, values[:count], strict=True)),
            dict(zip(stretch.included, values[count:], strict=True)),
        )
        for values in stretch.values
    ]
