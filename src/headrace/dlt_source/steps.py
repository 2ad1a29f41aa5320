"""The functions of a config over the rows of a resource."""

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
    """Has dlt call functions with each row, one after the other.

    Args:
        resource: whose rows they are for.
        steps: the functions, each with what it does.
    """
    for kind, function in steps:
        getattr(resource, f"add_{kind}")(_sparing_others(kind, function))


def _sparing_others(kind: StepKind, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; what the resource says in other tables than its own is not for it."""

    # dlt looks at the parameters to see whether it wants more than the row.
    @wraps(function)
    def step(row: Any, *meta: Any) -> Any:
        if isinstance(row, RowBeside):
            return _AS_IT_IS[kind](row)
        return function(row, *meta)

    return step
