"""Keys as values that can be ordered: whole numbers, times, or text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from operator import ge, gt
from typing import Any, TypeAlias

from headrace.core.exceptions import PageError
from headrace.core.secrets.redaction import one_line

# A whole number, microseconds since 1970, or text as it came; one listing never mixes them. The
# union of the two would not let them be compared.
Key: TypeAlias = Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class KeyKind(StrEnum):
    """How the keys of a listing are ordered."""

    INTEGER = "integer"
    TIME = "time"
    TEXT = "text"


def kind_of(raw: Sequence[Any]) -> KeyKind:
    """The narrowest kind that all keys of a page fit.

    Args:
        raw: The keys as they came.

    Raises:
        PageError: A key is null, or is no value that can be ordered.
    """
    for kind in KeyKind:
        if _read(raw, kind) is not None:
            return kind
    raise PageError(
        f"the listing's key should be a whole number, an ISO time or text in each row, but "
        f"{_first_odd(raw)}. Check `incremental.cursor_path`."
    )


def read_keys(raw: Sequence[Any], kind: KeyKind) -> list[Any]:
    """Reads the keys of a page as values that can be ordered.

    Args:
        raw: The keys as they came.
        kind: The kind of the listing's keys.

    Raises:
        PageError: A key is not of the kind.
    """
    keys = _read(raw, kind)
    if keys is None:
        raise PageError(
            f"the listing's keys were {_NAMES[kind]} before, but now "
            f"{_first_odd(raw, kind)}. If the API has changed, have everything listed again, which "
            "keeps all rows of the table: headrace run CONFIG --list-anew."
        )
    return keys


def read_key(raw: Any, kind: KeyKind) -> Key | None:
    """Reads one key as a value that can be ordered; None where it is not of the kind."""
    keys = _read([raw], kind)
    return keys[0] if keys else None


def instant_of(text: Any) -> float | None:
    """Reads an ISO time as seconds since 1970; None for anything else."""
    time = _time_of(text) if type(text) is str else None
    return None if time is None else time.timestamp()


def raw_of(key: Key, kind: KeyKind) -> Key:
    """Writes a key as an API would write it."""
    if kind is KeyKind.TIME and isinstance(key, int):
        return (_EPOCH + timedelta(microseconds=key)).isoformat().replace("+00:00", "Z")
    return key


def just_above(key: Key) -> Key:
    """The lowest key above another one."""
    return key + 1 if isinstance(key, int) else key + "\0"


def position(key: Key) -> int:
    """A whole number that grows with the key, for estimates of how far keys are apart."""
    if isinstance(key, int):
        return key
    return int.from_bytes(key.encode("utf-8", "replace")[:20].ljust(20, b"\0"))


def first_disorder(keys: Sequence[Any], *, strict: bool) -> int | None:
    """The index of the first key that is out of the order newest first; None where none is.

    Args:
        keys: The keys of a page.
        strict: Whether equal keys are out of order too.
    """
    in_order: Callable[[Any, Any], bool] = gt if strict else ge
    if all(map(in_order, keys, islice(keys, 1, None))):
        return None
    return next(i for i in range(1, len(keys)) if not in_order(keys[i - 1], keys[i]))


def first_at_most(keys: Sequence[Any], bound: Key, start: int, end: int) -> int:
    """The first index from `start` to `end` of a key that is the bound or below it.

    Args:
        keys: The keys, newest first.
        bound: The bound.
        start: The first index to look at.
        end: The index after the last one; given back where no key is so low.
    """
    while start < end:
        middle = (start + end) // 2
        if keys[middle] <= bound:
            end = middle
        else:
            start = middle + 1
    return start


def first_below(keys: Sequence[Any], bound: Key, start: int, end: int) -> int:
    """The first index from `start` to `end` of a key below the bound.

    Args:
        keys: The keys, newest first.
        bound: The bound.
        start: The first index to look at.
        end: The index after the last one; given back where no key is so low.
    """
    while start < end:
        middle = (start + end) // 2
        if keys[middle] < bound:
            end = middle
        else:
            start = middle + 1
    return start


_NAMES = {
    KeyKind.INTEGER: "whole numbers",
    KeyKind.TIME: "ISO times",
    KeyKind.TEXT: "text",
}


def _read(raw: Sequence[Any], kind: KeyKind) -> list[Any] | None:
    types = set(map(type, raw))
    if kind is KeyKind.INTEGER:
        return _integers(raw, types)
    if types - {str}:
        return None
    return _times(raw) if kind is KeyKind.TIME else list(raw)


def _integers(raw: Sequence[Any], types: set[type]) -> list[int] | None:
    if types <= {int}:
        return list(raw)
    if types - {int, str}:
        return None
    try:
        numbers = list(map(int, raw))
    except ValueError:
        return None
    # `007` and `1_0` would not be found under the number that int() makes of them.
    return numbers if list(map(str, numbers)) == list(map(str, raw)) else None


def _times(raw: Sequence[str]) -> list[int] | None:
    times = list(map(_time_of, raw))
    return None if None in times else [(time - _EPOCH) // _MICROSECOND for time in times if time]


def _time_of(text: str) -> datetime | None:
    """The time of a text that begins with a date as people write it, and not with one of a week."""
    if text[4:5] != "-" or text[7:8] != "-":
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _first_odd(raw: Sequence[Any], kind: KeyKind | None = None) -> str:
    for index, value in enumerate(raw):
        kinds = KeyKind if kind is None else (kind,)
        if all(_read([value], each) is None for each in kinds):
            shown = "null" if value is None else f"`{one_line(str(value), 60)}`"
            return f"row {index} has {shown}"
    return "a page mixes numbers and text"
