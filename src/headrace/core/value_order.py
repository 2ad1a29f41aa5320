"""The order of the values that an incremental goes on from: numbers, instants, or texts.

JSON has no times, and many an API writes its numbers as texts. As texts `"10"` comes before `"9"`,
`10:00:00.500Z` before `10:00:00Z`, and `10:30+02:00` behind `09:15Z`: an incremental that compares
them so takes new rows for old ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_tz
from enum import StrEnum
from typing import Any, NamedTuple

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
# ISO 8601, with a space in place of the T, other marks between the parts of a date, or none, any
# fraction, AM and PM, `UTC` for the Z, and Java's name of a zone behind an offset. To 24:00 and
# second 60.
_ISO = re.compile(
    r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})"
    r"(?:[Tt ]([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9]+))?)?)?"
    r"(?: ?(?P<half>[AaPp])[Mm])?)?"
    r" ?(?P<zone>[Zz]|UTC|GMT|([-+])([0-9]{2}):?([0-9]{2})?)?(?:\[[^\]]*\])?"
)
_YEAR_OR_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = "[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
# As in mails and HTTP headers (RFC 5322), and as `ctime` of C writes them.
_WITH_NAMES = re.compile(
    rf"(?:[A-Z][a-z]+, ?)?[0-9]{{1,2}}[ -]{_MONTH}[ -][0-9]{{4}} {_CLOCK}"
    r"(?: (?:[-+][0-9]{4}|[A-Z]+))?"
    rf"|[A-Z][a-z]{{2}} {_MONTH} +[0-9]{{1,2}} {_CLOCK}(?: (?:[-+][0-9]{{4}}|[A-Z]+))? [0-9]{{4}}"
)
_IN_FULL = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    "|Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_DAY_OR_MONTH = "(?:0?[1-9]|[12][0-9]|3[01])"
# Dates of which only their writer knows what is a day and what a month, or with a name of a month;
# numbers with commas, which stand before a fraction here and between thousands there.
_UNCLEAR = re.compile(
    rf"{_DAY_OR_MONTH}([-/.]){_DAY_OR_MONTH}\1(?:[0-9]{{4}}|(?<=/)[0-9]{{2}})(?:[ T,].*)?"
    rf"|(?:[A-Z][a-z]+,? )?(?:{_DAY_OR_MONTH}[- ])?{_IN_FULL}[-., ]+[0-9].*"
    r"|-?[0-9]+(?:,[0-9]+)+(?:\.[0-9]+)?"
)
_DIGITS_OR_NOT = re.compile(r"[0-9]+|[^0-9]+")
# What is of one length is written to be compared as it stands: ULIDs, hashes. A few may be so by
# chance.
_SHORT = 8
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_SECONDS = len("2026-08-10T10:00:00")
_MICROSECONDS = len("2026-08-10T10:00:00.000000")
_FIRST_DAY = datetime(1, 1, 1, tzinfo=UTC)
_SECONDS_OF_DAY = 24 * 60 * 60
_FRACTIONS = re.compile(r"(?:(?:\.[0-9]+)?\n)*(?:\.[0-9]+)?")
# Python makes no integer of more than 4,300.
_MOST_DIGITS = 4_000


class Kind(StrEnum):
    """What a value is taken for."""

    NUMBER = "a number"
    TIME = "a time"
    TEXT = "a text"


class Placed(NamedTuple):
    """A value with its place in the order.

    Args:
        raw: The value as it came.
        kind: What it is taken for.
        key: Its place among the values of its kind; an instant has its seconds, and the digits of
            the fraction of the last one.
    """

    raw: Any
    kind: Kind
    key: Any


def placed(value: Any) -> Placed | None:
    """Finds the place of a value; None where it has none, as a list or a date like `3/4/2026`.

    A time without an offset counts as UTC, as it does in tables, and a date as its midnight.

    Args:
        value: The value as it came.
    """
    if isinstance(value, str):
        return _placed_text(value)
    if isinstance(value, date):
        return Placed(value, Kind.TIME, _instant_of(value))
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and value == value:
        return Placed(value, Kind.NUMBER, value)
    return None


def compare(one: Placed, other: Placed) -> int | None:
    """Compares two values.

    Args:
        one: The one value.
        other: The other value.

    Returns:
        Less than 0 where the one comes first, 0 where they are equal, more than 0 where the other
        comes first; None where they have no order.
    """
    if one.kind is other.kind:
        a, b = one.key, other.key
    elif Kind.TIME in (one.kind, other.kind):
        a, b = _instant_in(one), _instant_in(other)
    else:
        # Ids such as `9` and `10a` are texts, and so are both.
        a, b = (each.raw if isinstance(each.raw, str) else None for each in (one, other))
    return None if a is None or b is None else bool(a > b) - bool(a < b)


def count_otherwise(one: Placed, other: Placed) -> bool:
    """Whether two values that are compared as texts count the other way round, as `A-9` and `A-10`.

    Args:
        one: The one value.
        other: The other value.
    """
    a, b = one.raw, other.raw
    if one.kind is other.kind is not Kind.TEXT or (len(a) == len(b) and len(a) >= _SHORT):
        return False
    pairs = zip(_DIGITS_OR_NOT.findall(a), _DIGITS_OR_NOT.findall(b), strict=False)
    for x, y in pairs:
        if x != y:
            if not (x.isdigit() and y.isdigit()):
                return False
            first, second = x.lstrip("0"), y.lstrip("0")
            counted = (len(first), first) > (len(second), second)
            return first != second and counted is not bool(a > b)
    return False


def sortable(texts: Sequence[str]) -> Sequence[Any] | None:
    """Finds values in whose order the texts are, where all are written alike.

    That takes a small part of the time that reading each of them takes.

    Args:
        texts: The texts, at least one.

    Returns:
        A value for each text; None where the texts have to be read.
    """
    first = placed(texts[0])
    if first is None:
        return None
    if first.kind is Kind.TEXT:
        return texts if len(texts[0]) >= _SHORT and len(set(map(len, texts))) == 1 else None
    if first.kind is Kind.NUMBER:
        digits = "".join(texts)
        is_whole = digits.isascii() and digits.isdigit() and max(map(len, texts)) < _MOST_DIGITS
        return list(map(int, texts)) if is_whole else None
    return _sortable_times(texts)


def _sortable_times(texts: Sequence[str]) -> Sequence[str] | None:
    read = _ISO.fullmatch(texts[0])
    if read is None or read["half"]:
        return None
    zone = texts[0][read.start("zone") :] if read["zone"] else ""
    # Digits of a time may differ, those of its offset may not.
    if zone[1:] and not all(text.endswith(zone) for text in texts):
        return None
    if _are_alike(texts):
        return texts
    # Many servers leave out the zeros at the end of a fraction, and all of it where it is zero.
    bare = [text.removesuffix(zone) for text in texts]
    fractions = "\n".join([text[_SECONDS:] for text in bare])
    if len(bare[0]) < _SECONDS or not _FRACTIONS.fullmatch(fractions):
        return None
    if not _are_alike([text[:_SECONDS] for text in bare]):
        return None
    return [text.rstrip("0.:") for text in bare]


def _are_alike(texts: Sequence[str]) -> bool:
    """Whether texts have digits in the same places, and the same characters in all others."""
    joined = "\n".join(texts)
    if not joined.isascii():
        return False
    shape = texts[0].encode().translate(_ZEROS)
    return joined.encode().translate(_ZEROS) == b"\n".join([shape] * len(texts))


def _instant_in(value: Placed) -> Any:
    """The instant of a time, or that at which the year or month begins that a text names."""
    if value.kind is Kind.TIME:
        return value.key
    named = _YEAR_OR_MONTH.fullmatch(value.raw) if isinstance(value.raw, str) else None
    return _read_iso(f"{named[1]}-{named[2] or '01'}-01") if named else None


def _placed_text(text: str) -> Placed | None:
    if _NUMBER.fullmatch(text):
        return Placed(text, Kind.NUMBER, Decimal(text))
    key = _read_iso(text) if text[:4].isdigit() and len(text) > 4 else None
    if key is None and _WITH_NAMES.fullmatch(text):
        key = _read_with_names(text)
    if key is not None:
        return Placed(text, Kind.TIME, key)
    return None if _UNCLEAR.fullmatch(text) else Placed(text, Kind.TEXT, text)


_Instant = tuple[int, str]


def _read_iso(text: str) -> _Instant | None:
    # Python reads most of them in a tenth of the time, but drops what is below a microsecond.
    if text[4] == "-" and (len(text) <= _MICROSECONDS or text[_MICROSECONDS] in "Z+-"):
        try:
            return _instant_of(datetime.fromisoformat(text))
        except ValueError:
            pass
    read = _ISO.fullmatch(text)
    if read is None:
        return None
    year, _, month, day, hour, minute, second, fraction, half, _, sign, *offset = read.groups()
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half in "Pp" else 0)
    clock = (hours, int(minute or 0), int(second or 0))
    if clock > (24, 0, 0) or clock[1] > 59 or clock[2] > 60:
        return None
    try:
        days = date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        return None
    ahead = 0
    if sign:
        ahead = (int(offset[0]) * 60 + int(offset[1] or 0)) * (-60 if sign == "-" else 60)
    return _instant(days, *clock, ahead, fraction or "")


def _read_with_names(text: str) -> _Instant | None:
    read = parsedate_tz(text)
    if read is None:
        return None
    try:
        days = date(*read[:3]).toordinal()
    except ValueError:
        return None
    return _instant(days, *read[3:6], read[9] or 0, "")


def _instant_of(value: date) -> _Instant:
    if not isinstance(value, datetime):
        return _instant(value.toordinal(), 0, 0, 0, 0, "")
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    since = aware - _FIRST_DAY
    fraction = f"{since.microseconds:06}".rstrip("0") if since.microseconds else ""
    return (since.days + 1) * _SECONDS_OF_DAY + since.seconds, fraction


def _instant(days: int, hour: int, minute: int, second: int, ahead: int, fraction: str) -> _Instant:
    # Digits behind the point have the order of their texts, however many there are.
    return ((days * 24 + hour) * 60 + minute) * 60 + second - ahead, fraction.rstrip("0")
