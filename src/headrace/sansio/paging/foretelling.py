"""Tells which request probably follows a page, by a glimpse at what stands around its rows."""

from __future__ import annotations

from typing import Any

import msgspec

# What stands around the rows is short, or is not worth a glimpse.
_LONGEST = 8_192


def around_rows(body: bytes, rows_at: tuple[str, ...]) -> Any:
    """What probably stands around the rows of a page; only the whole page can tell for sure.

    Args:
        body: The page, JSON.
        rows_at: The keys that lead to the rows, from the outermost on.

    Returns:
        The page with null in place of the rows, or in place of what begins with them and goes on
        to the last list; None where it is not to be had in so short a time.
    """
    if not rows_at:
        return None
    begin = body.find(f'"{rows_at[-1]}"'.encode(), 0, _LONGEST)
    end = body.rfind(b"]", max(begin, len(body) - _LONGEST))
    if begin < 0 or end < 0:
        return None
    key = len(rows_at[-1]) + 2
    try:
        return msgspec.json.decode(body[: begin + key] + b":null" + body[end + 1 :])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
