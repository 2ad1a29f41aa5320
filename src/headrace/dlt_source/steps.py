"""The `processing_steps` of a config: the user's functions that filter or change rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlt.extract import DltResource

from headrace.config.format.document import StepKind
from headrace.dlt_source.items import sparing_others

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
        getattr(resource, f"add_{kind}")(sparing_others(function, _AS_IT_IS[kind]))
