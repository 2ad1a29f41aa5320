"""Writes keys that no row has as an API writes those of its rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.sansio.tail.keys import Key, KeyKind, read_key

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?P<between>[T ])\d\d:\d\d:\d\d"
    r"(?:\.(?P<fraction>\d{1,6}))?(?P<zone>Z|\+00:00|)"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text_like(key: Key, example: Any, kind: KeyKind) -> str | None:
    """Writes a key as an API writes another one.

    Args:
        key: The key; a time is cut to the precision of the other one.
        example: The other key, as it came.
        kind: The kind of the listing's keys.

    Returns:
        None where it cannot be told how the API would write it.
    """
    if kind is KeyKind.INTEGER:
        return str(key)
    form = _TIME.fullmatch(example) if kind is KeyKind.TIME and isinstance(example, str) else None
    if form is None:
        return None
    digits = len(form["fraction"] or "")
    time = _EPOCH + timedelta(microseconds=key)
    fraction = f".{time.microsecond:06d}"[: digits + 1] if digits else ""
    return f"{time:%Y-%m-%d}{form['between']}{time:%H:%M:%S}{fraction}{form['zone']}"


def text_at_least(key: Key, example: Any, kind: KeyKind) -> str | None:
    """Writes the lowest key that is not below another one, and that an API can write.

    Args:
        key: The key that it is not to be below.
        example: A key as it came, whose precision it has.
        kind: The kind of the listing's keys.

    Returns:
        None where it cannot be told how the API would write it.
    """
    text = text_like(key, example, kind)
    form = _TIME.fullmatch(example) if kind is KeyKind.TIME and isinstance(example, str) else None
    if text is None or form is None or read_key(text, kind) == key:
        return text
    return text_like(key + 10 ** (6 - len(form["fraction"] or "")), example, kind)


def is_like(example: Any, kind: KeyKind) -> bool:
    """Whether a key that came is written again just as it came.

    Args:
        example: The key, as it came.
        kind: The kind of the listing's keys.
    """
    key = read_key(example, kind)
    return key is not None and text_like(key, example, kind) == str(example)
