"""The stretches of a listing: values that can be written as JSON, and read on any machine."""

from __future__ import annotations

import msgspec


class SeenTop(msgspec.Struct, frozen=True):
    """What the top of a listing showed when its stretches were planned.

    Args:
        key: The newest key, as the API writes it.
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
