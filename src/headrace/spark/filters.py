"""Filters that Spark offers, as the bounds of columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyspark.sql.datasource import (
    DataSourceReader,
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    LessThan,
    LessThanOrEqual,
)

from headrace.backfill.narrowing import Bounds


class OfferedFilters:
    """Takes the filters that Spark offers, and leaves all of them to it as well.

    They only narrow what the API is asked for: a row more than is wanted Spark leaves out, so that
    nothing they do here can change the result.

    Spark refuses a reader that overrides `pushFilters` while its setting
    `spark.sql.python.filterPushdown.enabled` is off, and tells that by `__func__`. This is what a
    reader has in its place, whatever the setting.
    """

    __func__ = staticmethod(DataSourceReader.pushFilters)

    def __init__(self) -> None:
        self.bounds: dict[str, Bounds] = {}

    def __call__(self, filters: Sequence[Filter]) -> Sequence[Filter]:
        """Notes the bounds of columns, and hands all filters back."""
        for each in filters:
            low, high = _ends(each)
            path: tuple[str, ...] = getattr(each, "attribute", ())
            if len(path) == 1 and (low is not None or high is not None):
                known = self.bounds.get(path[0], Bounds())
                narrower = _one(max, known.low, low), _one(min, known.high, high)
                self.bounds[path[0]] = Bounds(*narrower)
        return filters


def _ends(each: Filter) -> tuple[Any, Any]:
    """The lowest and the highest value that a filter lets through; None for no such end."""
    low = high = None
    match each:
        case EqualTo():
            low = high = each.value
        case GreaterThan() | GreaterThanOrEqual():
            low = each.value
        case LessThan() | LessThanOrEqual():
            high = each.value
        case In() if each.value and all(map(_is_comparable, each.value)):
            low, high = min(each.value), max(each.value)
    return (low if _is_comparable(low) else None), (high if _is_comparable(high) else None)


def _is_comparable(value: Any) -> bool:
    """Whether a value is a whole number, or a time with a zone."""
    if isinstance(value, datetime):
        return value.tzinfo is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _one(choose: Any, known: Any, other: Any) -> Any:
    if known is None or other is None:
        return other if known is None else known
    return choose(known, other) if type(known) is type(other) else known
