"""Lanes by key, as the planner of a listing that is kept up with takes them."""

from __future__ import annotations

import base64
import binascii
import json

from headrace.config.format.lanes_by_key import KeyLanesConfig
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import clean, one_line
from headrace.sansio.tail.settings import KeyLaneSettings

_PAGES_OF_LANE = 40
_LEAST_PAGES = 8
_USUAL_LIMIT = 250
_LONGEST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class CursorForm:
    """How an API writes its cursors.

    Args:
        template: The text of one, with `{key}` and `{limit}` in it.
        is_base64: Whether that text is sent in base64.
        limit: The number of rows in a page; None where it is not known.
    """

    template: str
    is_base64: bool
    limit: int | None

    def below(self, key: str) -> str:
        """The cursor of the page that begins below a key.

        Args:
            key: The key, as the API writes it.
        """
        limit = "" if self.limit is None else str(self.limit)
        text = self.template.replace("{limit}", limit).replace("{key}", key)
        return base64.b64encode(text.encode()).decode() if self.is_base64 else text

    def readable(self, cursor: str) -> str:
        """A cursor as it may be shown, decoded where that can be done.

        Args:
            cursor: The cursor, as JSON.
        """
        named = json.loads(cursor)
        text = named if isinstance(named, str) else cursor
        if self.is_base64:
            try:
                text = base64.b64decode(text, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError, ValueError):
                text = f"{text} (which is not base64)"
        return one_line(clean(text), _LONGEST_SHOWN)


def key_lane_settings(
    lanes: KeyLanesConfig, concurrency: int, limit: int | None, why_not: str | None = None
) -> KeyLaneSettings:
    """How a first listing is parted into lanes.

    Args:
        lanes: What the config says of lanes.
        concurrency: How many requests may be under way at once.
        limit: The number of rows in a page; None where it is not known.
        why_not: Why it cannot be parted; None where it can.
    """
    page = limit or _USUAL_LIMIT
    rows = lanes.rows or _PAGES_OF_LANE * page
    form = None
    if lanes.cursor is not None:
        form = CursorForm(lanes.cursor, lanes.encoding == "base64", limit)
    return KeyLaneSettings(
        at_once=min(lanes.at_once or concurrency, concurrency),
        cursor_below=None if form is None else form.below,
        readable=str if form is None else form.readable,
        rows=rows,
        least_rows=min(rows, _LEAST_PAGES * page),
        why_not=why_not,
    )
