"""The `processing_steps` of a config: the user's functions that filter or change rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from dlt.extract import DltResource

from headrace.config.format.document import StepKind
from headrace.dlt_source.items import RowBeside

_AS_IT_IS: dict[StepKind, Callable[[Any], Any]] = {
    "filter": lambda row: True,
    "map": lambda row: row,
    "yield_map": lambda row: iter([row]),
}


def add_steps(resource: DltResource, steps: Sequence[tuple[StepKind, Callable[..., Any]]]) -> None:
    """Has dlt call functions with each row of a resource, one after the other.

    Args:
        resource: The resource whose rows the functions get.
        steps: The functions in their order, each with its kind (`filter`, `map` or `yield_map`).
    """
    for kind, function in steps:
        getattr(resource, f"add_{kind}")(_sparing_others(kind, function))


def _sparing_others(kind: StepKind, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but rows that the resource yields for other tables pass it by unchanged."""

    # dlt reads the function's signature to see whether it wants the item's metadata too; `wraps`
    # shows it that of the user's function.
    @wraps(function)
    def step(row: Any, *meta: Any) -> Any:
        if isinstance(row, RowBeside):
            return _AS_IT_IS[kind](row)
        return function(row, *meta)

    return step
