"""Chooses the scale that windows are measured on, by what a config says of the cursor's values."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from headrace.core.durations import parse_duration
from headrace.core.value_order import Kind, placed
from headrace.sansio.windows.scale import (
    DAY,
    HOUR,
    SECOND,
    Scale,
    ScaleKind,
    units_in_a_second,
)

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:(?P<mark>[T ])(?P<clock>\d{2}:\d{2}(?P<seconds>:\d{2})?)(?P<fraction>\.\d{1,6})?"
    r"(?P<zone>Z|[+-]\d{2}(?P<colon>:?)\d{2})?)?"
)
_COMPACT_DATE = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_DIRECTIVES = re.compile(r"%[-#^_0]?([a-zA-Z%])")
# By a directive of a format: what the smallest part of a time is that it tells.
_PARTS = {
    "f": 1,
    **dict.fromkeys("sSTXcr", SECOND),
    **dict.fromkeys("MR", 60 * SECOND),
    **dict.fromkeys("HIklp", HOUR),
}
_SAMPLE = datetime(2026, 11, 28, 23, 59, 58, 123_456, tzinfo=UTC)


class ScaleFault(ValueError):  # noqa: N818 - becomes a `Fault`
    """A value of the config has no place on a scale; the message says what to write.

    Args:
        key: The key of the incremental that is at fault.
        message: What is wrong, and what to do.
    """

    def __init__(self, key: str, message: str) -> None:
        self.key = key
        self.message = message
        super().__init__(key, message)


def scale_of(initial_value: Any, step: str | int, value_format: str | None) -> Scale:
    """The scale that a config means.

    Args:
        initial_value: The value at which the first window begins.
        step: The step as it was written: a duration, or a number.
        value_format: How requests carry the values; None for the form of `initial_value`.

    Raises:
        ScaleFault: The values do not go together.
    """
    if isinstance(step, int):
        return _scale_of_numbers(initial_value, value_format)
    text = initial_value.isoformat() if isinstance(initial_value, date) else initial_value
    found = placed(text)
    if found is not None and found.kind is Kind.NUMBER:
        scale = _scale_of_epoch(found.key, is_text=isinstance(text, str))
    else:
        scale = _scale_of_texts(text)
    if value_format is None:
        return scale
    return _formatted_scale(scale, value_format)


def step_on(scale: Scale, step: str | int, key: str) -> int:
    """The length of a window.

    Args:
        scale: The scale.
        step: The step as it was written.
        key: The key that it stands under.

    Raises:
        ScaleFault: There is no such window on the scale.
    """
    if isinstance(step, int):
        if scale.kind is not ScaleKind.NUMBERS:
            raise ScaleFault(key, "is a number, and `step` a duration: write one like `1h`")
        return step
    duration = parse_duration(step, "smhdw")
    if duration is None or scale.kind is ScaleKind.NUMBERS:
        raise ScaleFault(key, "is a duration, and `step` a number: write one like `100`")
    length = int(duration.seconds * SECOND)
    if scale.kind is ScaleKind.DATES:
        length, rest = divmod(length, DAY)
        if rest or not length:
            raise ScaleFault(
                key,
                f"is {step}, but requests carry dates, so a window has whole days: write one like "
                "`1d`, or times, as `initial_value: 2026-06-01T00:00:00Z`",
            )
    elif length % scale.unit:
        raise ScaleFault(
            key,
            f"is {step}, which the values cannot tell: their smallest part is "
            f"{timedelta(microseconds=scale.unit)} (hours, minutes, seconds)",
        )
    return length


def _scale_of_numbers(initial_value: Any, value_format: str | None) -> Scale:
    if value_format is not None:
        raise ScaleFault("value_format", "is of times, but `step` is a number: leave it out")
    found = placed(initial_value)
    if found is None or found.kind is not Kind.NUMBER or found.key != int(found.key):
        raise ScaleFault(
            "step",
            "is a number, so `initial_value` has to be a whole number; of times and dates it is a "
            "duration: `1d`, `12h`, `30m`, `10s` or `2w`",
        )
    return Scale(ScaleKind.NUMBERS, is_text=isinstance(initial_value, str))


def _scale_of_epoch(number: Any, *, is_text: bool) -> Scale:
    if _COMPACT_DATE.fullmatch(str(number)):
        raise ScaleFault(
            "initial_value",
            f"is {number}, which may be a date or seconds since 1970: write a date as "
            "`2026-06-01`, and how the API wants it as `value_format: '%Y%m%d'`",
        )
    per_second = units_in_a_second(number)
    return Scale(ScaleKind.TIMES, unit=SECOND // per_second, per_second=per_second, is_text=is_text)


def _scale_of_texts(text: Any) -> Scale:
    read = _ISO.fullmatch(text) if isinstance(text, str) else None
    if read is None:
        raise ScaleFault(
            "initial_value",
            "has to be a date as `2026-06-01`, a time as `2026-06-01T00:00:00Z`, or seconds or "
            "milliseconds since 1970, where `step` is a duration; another form that the API wants "
            "is said by `value_format`",
        )
    if read["mark"] is None:
        return Scale(ScaleKind.DATES)
    fraction, zone = read["fraction"] or "", read["zone"] or ""
    unit = SECOND if read["seconds"] else 60 * SECOND
    spec = "seconds" if read["seconds"] else "minutes"
    if fraction:
        unit, spec = (1_000, "milliseconds") if len(fraction) <= 4 else (1, "microseconds")
    offset = datetime.fromisoformat(text).tzinfo
    fixed = None if offset is None else timezone(offset.utcoffset(None) or timedelta())
    return Scale(ScaleKind.TIMES, unit, fixed, spec, read["mark"], zone)


def _formatted_scale(scale: Scale, value_format: str) -> Scale:
    directives = _DIRECTIVES.findall(value_format)
    if not any(each != "%" for each in directives):
        raise ScaleFault(
            "value_format",
            "has no part of a time in it: write one as `strftime` takes it, `%Y-%m-%d`",
        )
    parts = [_PARTS[each] for each in directives if each in _PARTS]
    kind = ScaleKind.TIMES if parts else ScaleKind.DATES
    unit = max(1, min(parts)) if parts else 1
    is_utc = "s" in directives or (value_format.endswith("Z") and not value_format.endswith("%Z"))
    zone = UTC if is_utc or (scale.per_second and scale.zone is None) else scale.zone
    made = Scale(
        kind,
        unit,
        zone,
        per_second=scale.per_second if kind is ScaleKind.TIMES else 0,
        value_format=value_format,
    )
    _refuse_if_lossy(made)
    return made


def _refuse_if_lossy(scale: Scale) -> None:
    """Refuses a format by which two values would be one, as `%Y-%m` of two days."""
    assert scale.value_format is not None
    sample = scale.floored(
        scale.place_of_time(_SAMPLE.timestamp()) + (scale.kind is ScaleKind.TIMES)
    )
    by_unit = {scale.write(sample + steps * scale.unit) for steps in range(-40, 41)}
    half_a_day = 12 * HOUR if scale.is_of_times else 40
    if len(by_unit) < 81 or scale.write(sample) == scale.write(sample - half_a_day):
        raise ScaleFault(
            "value_format",
            f"`{scale.value_format}` writes different times alike: it needs the year, the month "
            "and the day, and of a time the hour and all parts down to the smallest one",
        )
