"""The stretches of a resource, as values that are kept as JSON and read on any machine."""

from __future__ import annotations

from typing import Any

import msgspec


class WholeStretch(msgspec.Struct, frozen=True, tag="whole", tag_field="kind"):
    """All of a resource, from its first page to its last."""


class PageStretch(msgspec.Struct, frozen=True, tag="pages", tag_field="kind"):
    """Pages that are asked for by offset or page number.

    Its rows begin with the first one in the listing that `begins` has, and end before the first one
    that `ends` has. So it has the same rows, wherever they stand by the time it is read.

    Args:
        start: The number of its first page: of the rows before it, or its own.
        pages: How many pages it had when it was planned.
        size: How many rows a page had.
        above: The keys of the rows right above it, in their order; none where it begins with the
            listing, or where rows do not move.
        begins: The keys of the rows with which it begins, likewise.
        ends: The keys of the rows with which the next one begins; none where it ends with the
            listing, or where rows do not move.
        is_last: Whether the listing ends with it.
    """

    start: int
    pages: int
    size: int
    above: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    is_last: bool = False


class WindowStretch(msgspec.Struct, frozen=True, tag="windows", tag_field="kind"):
    """Windows of the range of an incremental that lie side by side.

    Args:
        low: The place on the scale where the first one begins.
        high: The place where the last one ends.
        within: The two ends of the range that they are parts of.
    """

    low: int
    high: int
    within: tuple[int, int]


class ValueStretch(msgspec.Struct, frozen=True, tag="values", tag_field="kind"):
    """The listings by some values of a parameter.

    Args:
        values: The values.
    """

    values: tuple[Any, ...]


class SeenTop(msgspec.Struct, frozen=True):
    """What the top of a listing showed when its stretches were planned.

    Args:
        key: The newest key, as the API writes it.
        example: Another one, by which keys are written that no row has.
        asked: When the page was asked for, in seconds since 1970.
        read: When it had been read, in seconds since 1970. Where rows tell a time, both moments are
            by the rows' own clock.
        began: When the page was asked for by the planning machine's clock.
        changed: The latest change that its rows told of, in seconds since 1970; None where their
            fields do not tell.
        fields: The names of the fields that the rows had.
        names_text: Whether cursors are texts.
    """

    key: str
    example: str
    asked: float
    read: float
    began: float
    changed: float | None = None
    fields: tuple[str, ...] = ()
    names_text: bool = True


class KeyStretch(msgspec.Struct, frozen=True, tag="keys", tag_field="kind"):
    """The rows of a listing with keys between two others: low < key <= high.

    Args:
        high: The highest key, as the API writes keys; None where it is open upwards.
        low: The key right below the lowest one; None where it is open downwards.
        recent: How many of its newest rows are so near to the present that keys which the listing
            passes over among them may still be of rows.
        seen: The top of the listing when it was planned; None where all of it is one stretch.
    """

    high: str | None = None
    low: str | None = None
    recent: int = 0
    seen: SeenTop | None = None


class ParentStretch(msgspec.Struct, frozen=True, tag="parents", tag_field="kind"):
    """The listings of some rows of the parent.

    Args:
        fields: The names of the fields of a row that its requests hold.
        included: The names of those that go into each of its rows.
        values: For each row of the parent its values, those of `fields` and then of `included`.
    """

    fields: tuple[str, ...]
    included: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]


Stretch = WholeStretch | PageStretch | WindowStretch | ValueStretch | KeyStretch | ParentStretch
"""A bounded part of a resource."""
