"""The scale that windows are measured on: values of a cursor as whole numbers, and back.

A place on the scale is a day, a microsecond, or a number, by the kind of the scale. So windows can
be counted, halved and compared without a word about how the API writes its values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.core.value_order import Kind, Placed, placed

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What `placed` counts its seconds from is the beginning of the day before the first one.
_EPOCH_SECONDS = date(1970, 1, 1).toordinal() * 24 * 3_600
# Seconds of the year 5138, milliseconds of 1973.
_FEWEST_MILLISECONDS = 100_000_000_000
_WITH_ZONE = re.compile(r".*[\d ](?:Z|UTC|GMT|[+-]\d{2}:?\d{2})(?:\[[^\]]*\])?", re.I)


class ScaleKind(StrEnum):
    """What a place on a scale is: a day, a microsecond, or a number."""

    DATES = "dates"
    TIMES = "times"
    NUMBERS = "numbers"


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of a cursor are read and written.

    Args:
        kind: What a place on the scale is.
        unit: What all ends of windows are multiples of: the smallest step that can be written.
        zone: The zone that times are written in; None for times without one.
        spec: How times are written, as `datetime.isoformat` calls it: `minutes`, `seconds`, ...
        mark: What stands between a date and a time.
        suffix: What stands behind a time: `Z`, an offset, or nothing.
        per_second: For times that are numbers, how many of them a second has; 0 for texts.
        is_text: Whether numbers are written as texts.
        value_format: What values are written with in place of all that, as `strftime` takes it.
    """

    kind: ScaleKind
    unit: int = 1
    zone: timezone | None = None
    spec: str = "seconds"
    mark: str = "T"
    suffix: str = ""
    per_second: int = 0
    is_text: bool = False
    value_format: str | None = None

    @property
    def is_of_times(self) -> bool:
        """Whether values flow: between any two of them may be another one."""
        return self.kind is ScaleKind.TIMES

    @property
    def is_aware(self) -> bool:
        """Whether its values name an instant, wherever they are read."""
        return self.kind is ScaleKind.TIMES and (self.zone is not None or self.per_second > 0)

    def read(self, value: Any) -> int | None:
        """The place of a value, rounded down; None where it has none on this scale.

        Of a time that may be read in two ways, in its own zone or in UTC, it is the earlier one.

        Args:
            value: The value, as a row or the config has it.
        """
        read = self._read(value, min)
        return None if read is None else read // (DAY if self.kind is ScaleKind.DATES else 1)

    def read_end(self, value: Any, *, is_counted: bool) -> int | None:
        """The place behind the last one of a range; None where its end has none on this scale.

        Of a time that may be read in two ways it is the later one.

        Args:
            value: The value at the end of the range.
            is_counted: Whether the range has all of the day, or the number, that it falls on.
        """
        read = self._read(value, max)
        if read is None:
            return None
        unit = DAY if self.kind is ScaleKind.DATES else 1
        return read // unit + 1 if is_counted else -(-read // unit)

    def _read(self, value: Any, choose: Callable[[int, int], int]) -> int | None:
        """A whole number, or an instant, also of a day."""
        found = placed(value)
        if found is None:
            return None
        if self.kind is ScaleKind.NUMBERS:
            if found.kind is not Kind.NUMBER:
                return None
            return choose(int(found.key // 1), int(-(-found.key // 1)))
        if found.kind is Kind.NUMBER:
            return _from_epoch(found.key)
        if found.kind is not Kind.TIME:
            return None
        instant = _microseconds(found)
        return instant if self.is_aware else choose(instant, instant + _offset_of(value))

    def floored(self, place: int) -> int:
        """The last place, not behind this one, that can be written.

        Args:
            place: A place on the scale.
        """
        return place - place % self.unit

    def write(self, place: int) -> Any:
        """The value at a place, as requests carry it.

        Args:
            place: A place on the scale, a multiple of `unit`.
        """
        if self.kind is ScaleKind.NUMBERS:
            return str(place) if self.is_text else place
        instant = place * DAY if self.kind is ScaleKind.DATES else place
        if self.value_format is not None:
            return self._formatted(instant)
        if self.per_second:
            number = instant * self.per_second // SECOND
            return str(number) if self.is_text else number
        moment = _moment(instant).astimezone(self.zone or UTC).replace(tzinfo=None)
        if self.kind is ScaleKind.DATES:
            return moment.date().isoformat()
        return moment.isoformat(self.mark, self.spec) + self.suffix

    def _formatted(self, instant: int) -> str:
        moment = _moment(instant)
        if self.kind is ScaleKind.DATES or self.zone is None:
            # A day begins with the midnight of its own zone.
            local = moment.replace(tzinfo=self.zone)
        else:
            local = moment.astimezone(self.zone)
        # Python leaves `%s` to the system, which takes the time for one of its own zone.
        plain = re.sub(r"(?<!%)((?:%%)*)%s", rf"\g<1>{instant // SECOND}", self.value_format or "")
        return local.strftime(plain)

    def shown(self, place: int) -> str:
        """The value at a place, for people and for the state: not in the API's own format.

        Args:
            place: A place on the scale.
        """
        if self.kind is ScaleKind.NUMBERS:
            return str(place)
        if self.kind is ScaleKind.DATES:
            return _moment(place * DAY).date().isoformat()
        return _moment(place).replace(tzinfo=None).isoformat() + ("Z" if self.is_aware else "")

    def comparable(self, place: int) -> Placed:
        """The value at a place in the order of values, to compare rows with.

        Args:
            place: A place on the scale.
        """
        if self.kind is ScaleKind.NUMBERS:
            return Placed(place, Kind.NUMBER, place)
        instant = place * DAY if self.kind is ScaleKind.DATES else place
        if self.per_second:
            number = Decimal(instant) * self.per_second / SECOND
            return Placed(number, Kind.NUMBER, number)
        seconds, fraction = divmod(instant, SECOND)
        digits = f"{fraction:06}".rstrip("0") if fraction else ""
        return Placed(self.shown(place), Kind.TIME, (seconds + _EPOCH_SECONDS, digits))

    def is_written_alike(self, value: Any) -> bool:
        """Whether a row's value can be held against the ends of a window without a doubt.

        A day has no end that is known where the zone of the API is not: against days, days alone.

        Args:
            value: The value of the row.
        """
        if not isinstance(value, str) or self.kind is ScaleKind.NUMBERS or self.per_second:
            return True
        if self.kind is ScaleKind.DATES:
            return len(value) <= len("2026-08-10")
        return has_zone(value) == self.is_aware

    def place_of_time(self, seconds: float) -> int:
        """The place of a moment.

        Args:
            seconds: The moment, in seconds since 1970.
        """
        instant = int(seconds * SECOND)
        return instant // DAY if self.kind is ScaleKind.DATES else instant

    def distance(self, seconds: float) -> int:
        """How far apart two places are.

        Args:
            seconds: Their distance in seconds; for numbers, their distance.
        """
        if self.kind is ScaleKind.NUMBERS:
            return int(seconds)
        return int(seconds * SECOND) // (DAY if self.kind is ScaleKind.DATES else 1)

    def lag(self, lag: float) -> int:
        """How far a `lag` goes back, as dlt counts it.

        Args:
            lag: Days of dates, seconds of times, or a number in the unit of the values.
        """
        if self.kind is not ScaleKind.TIMES:
            return int(-(-lag // 1))
        return int(lag * SECOND / (self.per_second or 1))


def has_zone(text: str) -> bool:
    """Whether the text of a time names its zone.

    Args:
        text: The text.
    """
    return len(text) > len("2026-08-10") and _WITH_ZONE.fullmatch(text) is not None


def units_in_a_second(number: Any) -> int:
    """How many of its units a second has: whether it counts seconds or milliseconds since 1970.

    Args:
        number: The number of a time.
    """
    return 1_000 if abs(number) >= _FEWEST_MILLISECONDS else 1


def _moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _microseconds(value: Placed) -> int:
    seconds, fraction = value.key
    return (int(seconds) - _EPOCH_SECONDS) * SECOND + int(f"{fraction:0<6.6}")


def _from_epoch(number: Any) -> int:
    return int(Decimal(str(number)) * SECOND / units_in_a_second(number) // 1)


def _offset_of(value: Any) -> int:
    """How far the zone that a time is written in is ahead of UTC; 0 where that is not known."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return 0
    offset = moment.utcoffset() if isinstance(moment, datetime) else None
    return 0 if offset is None else offset // timedelta(microseconds=1)
