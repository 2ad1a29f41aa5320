"""Durations as people write and read them: `5m`, `4 minutes`."""

from __future__ import annotations

import re

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.quick_dataclasses import dataclass

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]?)")
_SPOKEN_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration, with the unit that it was written in.

    Args:
        count: How many of the unit; more than 0.
        unit: `s`, `m`, `h`, `d` or `w`: seconds, minutes, hours, days or weeks.
    """

    count: float
    unit: str

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return self.count * _SECONDS[self.unit]


def parse_duration(text: str, units: str = "smhd") -> Duration | None:
    """Reads a duration such as `90`, `30s`, `1.5h` or `8w`.

    Args:
        text: A number and the letter of its unit. A number alone counts seconds, where seconds are
            among the units.
        units: The letters of the units that are allowed.

    Returns:
        The duration, or None where the text is none, or is 0.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        return None
    unit = written[2] or "s"
    duration = Duration(float(written[1]), unit)
    return duration if unit in units and duration.count > 0 else None


def seconds_in(text: str) -> float:
    """Reads a duration that somebody has set.

    Args:
        text: A number and `s`, `m`, `h` or `d`, as `5m`; a number alone counts seconds.

    Returns:
        The duration in seconds, more than 0.

    Raises:
        ConfigError: The text is no duration.
    """
    duration = parse_duration(text)
    if duration is None:
        raise ConfigError([Fault("", f"`{text}` is no span of time; write 30s, 5m, 2h or 1d")])
    return duration.seconds


def format_duration(seconds: float) -> str:
    """Writes a duration in its largest unit, rounded down, as `4 minutes`.

    Args:
        seconds: The duration in seconds, at least 0.
    """
    unit, size = next((each for each in _SPOKEN_UNITS if seconds >= each[1]), _SPOKEN_UNITS[-1])
    count = int(seconds // size)
    return f"{count:,} {unit}" + "s" * (count != 1)
