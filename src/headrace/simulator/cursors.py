"""Cursors: opaque texts to a client, places in a list to the server; some let them expire."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from headrace.simulator.parameters import MAX_LIMIT, BadParameter

# Made once: `json.dumps` with separators makes one for each call.
_JSON = json.JSONEncoder(separators=(",", ":"))
_POSITION = re.compile(r"[0-9]{1,18}")


class Cursors:
    """Makes and reads cursors that are good for ever."""

    def encode(self, place: Mapping[str, Any]) -> str:
        """Make the opaque text that stands for a place in a list."""
        return base64.b64encode(_JSON.encode(place).encode()).decode()

    def decode(self, text: str) -> Mapping[str, Any]:
        """Return the place that a cursor stands for.

        Args:
            text: What the client sent.

        Raises:
            BadParameter: The text is no cursor.
        """
        try:
            place = json.loads(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError) as error:
            raise _bad_cursor() from error
        if not isinstance(place, dict):
            raise _bad_cursor()
        return place


class ExpiringCursors(Cursors):
    """Makes and reads cursors that are good for some time, or until all are recalled.

    Args:
        lifetime_ms: For how many milliseconds a cursor is good; None for any time.
        now_ms: Tells the time, in milliseconds.
    """

    def __init__(self, lifetime_ms: int | None, now_ms: Callable[[], int]) -> None:
        self._lifetime_ms = lifetime_ms
        self._now_ms = now_ms
        self._recalls = 0

    def recall(self) -> None:
        """Take back all cursors that were made until now."""
        self._recalls += 1

    def encode(self, place: Mapping[str, Any]) -> str:
        """Make the opaque text that stands for a place in a list."""
        # Without a reason for more, it reads as the one that was recorded.
        stamped = dict(place)
        if self._recalls:
            stamped["recalls"] = self._recalls
        if self._lifetime_ms is not None:
            stamped["made"] = self._now_ms()
        return super().encode(stamped)

    def decode(self, text: str) -> Mapping[str, Any]:
        """Return the place that a cursor stands for.

        Args:
            text: What the client sent.

        Raises:
            BadParameter: The text is no cursor, or the cursor has expired.
        """
        place = super().decode(text)
        made = place.get("made", self._now_ms())
        if type(made) is not int or place.get("recalls", 0) != self._recalls:
            raise _bad_cursor()
        if self._lifetime_ms is not None and self._now_ms() - made > self._lifetime_ms:
            raise _bad_cursor()
        return place


def last_id(place: Mapping[str, Any]) -> int:
    """Return the id below which a listing of executions goes on.

    Args:
        place: What a cursor stands for.

    Raises:
        BadParameter: The place has no such id.
    """
    text = place.get("lastId")
    if not isinstance(text, str) or not _POSITION.fullmatch(text) or int(text) < 1:
        raise _bad_cursor()
    return int(text)


def offset(place: Mapping[str, Any]) -> int:
    """Return how many rows a listing of workflows skips.

    Args:
        place: What a cursor stands for.

    Raises:
        BadParameter: The place does not say how many.
    """
    rows = place.get("offset")
    if type(rows) is not int or rows < 0:
        raise _bad_cursor()
    return rows


def page_size(place: Mapping[str, Any]) -> int:
    """Return the page size of the listing that goes on here; it outweighs `limit`.

    Args:
        place: What a cursor stands for.

    Raises:
        BadParameter: The place names no page size, or one that is out of bounds.
    """
    rows = place.get("limit")
    if type(rows) is not int or not 1 <= rows <= MAX_LIMIT:
        raise _bad_cursor()
    return rows


def _bad_cursor() -> BadParameter:
    return BadParameter("An invalid cursor was provided")
