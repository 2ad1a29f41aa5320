"""Paginators that cannot work, although each of their keys is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonpath_ng import JSONPath

from headrace.config.format.fields import OBJECT
from headrace.config.format.paginators import paginator_kind
from headrace.config.format.places import Path
from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.expression import STOP_CONDITION_NAMES, Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.places import check_body_path, with_value

_ROLES_OF_PARAMS = {"cursor": ("cursor",), "offset": ("offset", "limit"), "page_number": ("page",)}
"""By the type of a paginator: what it sends either as a query parameter or in the body."""
_MAXIMUM = {"offset": "maximum_offset", "page_number": "maximum_page"}
"""By the type of a paginator: the key that ends the listing at a number."""
_OFF = frozenset(["false", "f", "no", "n", "off", "0"])
"""What pydantic takes for false."""


def paginator_faults(paginator: object) -> Iterator[tuple[Path, str]]:
    """What is wrong between the keys of a paginator.

    Args:
        paginator: The paginator as written; it may be wrong in any other way.

    Yields:
        The path below the paginator, and a message.
    """
    if paginator_kind(paginator) == OBJECT:
        return
    kind = paginator.get("type") if isinstance(paginator, dict) else None
    if not (isinstance(paginator, dict) and isinstance(kind, str)):
        return
    for role in _ROLES_OF_PARAMS.get(kind, ()):
        places = (f"{role}_param", f"{role}_body_path")
        if all(paginator.get(place) is not None for place in places):
            yield (places[1],), f"give either `{places[0]}` or `{places[1]}`, not both"
        elif (problem := _path_problem(paginator.get(places[1]))) is not None:
            yield (places[1],), problem
    maximum = _MAXIMUM.get(kind)
    if maximum is None or str(paginator.get("stop_after_empty_page")).lower() not in _OFF:
        return
    ends = [paginator.get(maximum), paginator.get("has_more_path"), paginator.get("total_path", "")]
    if all(end is None for end in ends):
        yield (
            ("stop_after_empty_page",),
            f"without it the listing has no end: give `total_path`, `has_more_path` or `{maximum}`",
        )


def body_faults(paginator: object, body: object) -> Iterator[tuple[Path, str]]:
    """Places in a JSON body at which a paginator cannot write, because something is in the way.

    Args:
        paginator: The paginator as written; it may be wrong in any other way.
        body: The `json` of the endpoint as written.

    Yields:
        The path below the paginator, and a message.
    """
    kind = paginator.get("type") if isinstance(paginator, dict) else None
    if not (isinstance(paginator, dict) and isinstance(kind, str)):
        return
    for role in _ROLES_OF_PARAMS.get(kind, ()):
        path = paginator.get(f"{role}_body_path")
        if isinstance(path, str) and path and _path_problem(path) is None:
            try:
                with_value(_without_placeholders(body), path, 0)
            except ValueError as error:
                yield (f"{role}_body_path",), str(error)


def _path_problem(path: object) -> str | None:
    if not isinstance(path, str) or not path:
        return None
    try:
        check_body_path(path)
    except ValueError as error:
        return str(error)
    return None


def _without_placeholders(body: Any) -> Any:
    """The body with null for each text that is filled in request by request, maybe by an object."""
    if isinstance(body, Mapping):
        return {key: _without_placeholders(value) for key, value in body.items()}
    if isinstance(body, (list, tuple)):
        return [_without_placeholders(value) for value in body]
    return None if isinstance(body, str) and "{" in body else body


def looks_for_rows(condition: object, selector: object) -> bool:
    """Whether a stop condition looks in `response` for the rows, which are not part of it.

    Args:
        condition: The `stop_condition` as written; it may be wrong in any way.
        selector: The `data_selector` as written, which names the place of the rows; it may be
            wrong in any way.

    Returns:
        True if it does. False also where that cannot be known without an answer.
    """
    steps = _steps(selector)
    expression = _expression(condition)
    if steps is None or expression is None:
        return False
    return any(keys[: len(steps)] == steps for keys in expression.lookups("response"))


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
