"""Tells which rows may still change, though they look as if they could not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from headrace.config.built.tail import SettlesAfter
from headrace.core.expressions.row_condition import RowCondition
from headrace.core.json_path import JsonPath
from headrace.sansio.rows.row_facts import RowFacts
from headrace.sansio.tail.keys import instant_of


class LaterSettling:
    """Says of settled rows whether they are old enough for it.

    Args:
        config: Which rows settle after a while.
    """

    def __init__(self, config: SettlesAfter) -> None:
        self._config = config
        self._names = config.when.used_names if config.when is not None else ()
        self._is_meant = RowCondition(config.when).holds_for if config.when is not None else None

    def settled(self, settled: Sequence[bool], facts: RowFacts, now: float) -> list[bool]:
        """Which rows change no more.

        Args:
            settled: Whether each row looks settled.
            facts: The fields of the rows.
            now: The time in seconds since 1970.

        Returns:
            Whether each row is settled: a row without a time that can be read is as it looks.

        Raises:
            ExpressionError: The expression failed on a row.
        """
        oldest = now - self._config.seconds
        bound = datetime.fromtimestamp(max(oldest, 0), UTC).strftime("%Y-%m-%dT%H:%M:%S")
        columns = [facts.column(name) for name in self._names]
        found = list(settled)
        times = values_at(facts, self._config.since)
        for place in [place for place, at in enumerate(times) if not _is_before(at, bound)]:
            instant = instant_of(times[place]) if settled[place] else None
            if instant is not None and instant > oldest and self._is_meant_at(place, columns):
                found[place] = False
        return found

    def _is_meant_at(self, place: int, columns: Sequence[Sequence[Any]]) -> bool:
        if self._is_meant is None:
            return True
        values = (column[place] for column in columns)
        return self._is_meant(dict(zip(self._names, values, strict=True)))


def _is_before(time: Any, bound: str) -> bool:
    """Whether a time is before a bound in UTC, as its text tells where it is one in UTC as well."""
    return type(time) is str and time < bound and time[-1:] == "Z" and time[10:11] == "T"


def first_step(path: JsonPath) -> str:
    """The name of the field of a row that a path of plain names begins with.

    Args:
        path: The path.
    """
    return path.steps[0] if path.steps else ""


def values_at(facts: RowFacts, path: JsonPath) -> list[Any]:
    """The value of each row at a path of plain names; None where a row has none.

    Args:
        facts: The fields of the rows.
        path: The path.
    """
    values = facts.column(first_step(path))
    for step in (path.steps or ())[1:]:
        values = [value.get(step) if isinstance(value, dict) else None for value in values]
    return values
