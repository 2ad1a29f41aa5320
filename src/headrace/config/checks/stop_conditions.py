"""Stop conditions that look for the rows where they are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonpath_ng import JSONPath

from headrace.config.checks.showing import Path, at
from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.expression import STOP_CONDITION_NAMES, Expression
from headrace.core.json_path import JsonPath


def looks_for_rows(condition: object, selector: object) -> bool:
    """Whether a condition looks into `response` for what the selector has taken out of it.

    Args:
        condition: the `stop_condition` as written; may be wrong in any way.
        selector: the `data_selector` as written; may be wrong in any way.

    Returns:
        True if it does; false also where that cannot be known beforehand.
    """
    steps = _steps(selector)
    expression = _expression(condition)
    if steps is None or expression is None:
        return False
    return any(keys[: len(steps)] == steps for keys in expression.lookups("response"))


def place_of_paginator(document: Mapping[str, Any], index: int) -> Path | None:
    """Where the paginator of a resource is written.

    Args:
        document: the config; may be wrong in any way.
        index: of the resource.

    Returns:
        The path to the first that counts: the resource's, the defaults', the client's.
    """
    places: tuple[Path, ...] = (
        ("resources", index, "endpoint"),
        ("resource_defaults", "endpoint"),
        ("client",),
    )
    for place in places:
        here = at(document, place)
        if isinstance(here, dict) and here.get("paginator") is not None:
            return (*place, "paginator")
    return None


def _steps(selector: object) -> tuple[str, ...] | None:
    if not isinstance(selector, (str, JSONPath)):
        return None
    try:
        return JsonPath(selector).steps
    except ValueError:
        return None


def _expression(condition: object) -> Expression | None:
    if isinstance(condition, Expression):
        return condition
    if not isinstance(condition, str):
        return None
    try:
        return Expression(condition, STOP_CONDITION_NAMES)
    except ExpressionError:
        return None
