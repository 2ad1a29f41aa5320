"""Where in a request a paginator puts a cursor, a number or a limit."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import lru_cache
from typing import Any

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a boolean"}


@dataclass(frozen=True, slots=True)
class Place:
    """A query parameter, or a place in the JSON body.

    Args:
        param: The name of the query parameter.
        body_path: A path of keys and places in lists to a place in the body; where it is given,
            `param` does not count.
        key: The key of the paginator that names the path, for messages.
    """

    param: str = ""
    body_path: str | None = None
    key: str = "cursor_body_path"

    def value_in(self, request: Request) -> Any:
        """What a request has at this place; None where it has nothing there.

        Args:
            request: The request.
        """
        if not self.body_path:
            return request.params.get(self.param)
        place: Any = request.json
        for step in self.body_path.split("."):
            place = place.get(step) if isinstance(place, dict) else None
        return place

    def put(self, request: Request, value: Any) -> Request:
        """Makes the same request with a value at this place.

        Args:
            request: The request, which stays as it is together with its body.
            value: The value, as JSON.

        Raises:
            PageError: The body has something else in the way.
        """
        if not self.body_path:
            return request.with_param(self.param, value)
        try:
            return replace(request, json=with_value(request.json, self.body_path, value))
        except ValueError as error:
            raise PageError(f"`paginator.{self.key}` {error}") from None


def check_body_path(path: str) -> None:
    """Sees that a path leads to one place in a JSON body.

    Args:
        path: The path as written.

    Raises:
        ValueError: It does not; the message goes on from the name of its key.
    """
    _steps(path)


def with_value(body: Any, path: str, value: Any) -> Any:
    """A copy of a JSON body with a value at a path.

    Objects and lists that the path leads through are made where nothing is, or null; a list may so
    become longer by one item.

    Args:
        body: The body, which stays as it is.
        path: The path of keys and places in lists, as `filters[0].value`. A key of the body that
            has the path as its name is meant before all.
        value: The value, as JSON.

    Raises:
        ValueError: Something else is in the way; the message goes on from the name of the path's
            key.
    """
    is_name = isinstance(body, dict) and path in body
    steps: tuple[str | int, ...] = (path,) if is_name else _steps(path)
    # The holder lets the body itself be made or replaced like anything in it.
    holder: dict[str, Any] = {"": copy.deepcopy(body)}
    inner: Any = holder
    at: Any = ""
    for number, step in enumerate(steps):
        if _get(inner, at) is None:
            _set(inner, at, {} if isinstance(step, str) else [])
        found = _get(inner, at)
        problem = _problem(found, step)
        if problem:
            above = _shown(steps[:number])
            where = f"at `{above}` in" if above else "as"
            raise ValueError(
                f"is `{path}`, which cannot be written: {where} the `json` of the request there is "
                f"{problem}. Name another place, or mend `endpoint.json`."
            )
        inner, at = found, step
    _set(inner, at, value)
    return holder[""]


@lru_cache(maxsize=64)
def _steps(path: str) -> tuple[str | int, ...]:
    try:
        steps = JsonPath(path).place
    except ValueError:
        steps = None
    if not steps:
        raise ValueError(
            f"is `{path}`, which leads to no single place in a JSON body; write keys and places in "
            "lists, as `page.after` or `filters[0].value`"
        )
    return steps


def _problem(found: Any, step: str | int) -> str | None:
    """What stands in the way where a key or a place in a list is to be; None where nothing does."""
    if isinstance(step, str):
        return None if isinstance(found, dict) else f"{_kind(found)}, which has no key `{step}`"
    if not isinstance(found, list):
        return f"{_kind(found)}, which has no place `[{step}]`"
    if -len(found) <= step <= len(found):
        return None
    return f"a list of {len(found)}, which has no place `[{step}]`"


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number")


def _get(inner: Any, at: Any) -> Any:
    if isinstance(inner, dict):
        return inner.get(at)
    return inner[at] if at < len(inner) else None


def _set(inner: Any, at: Any, value: Any) -> None:
    if isinstance(inner, list) and at == len(inner):
        inner.append(value)
    else:
        inner[at] = value


def _shown(steps: tuple[str | int, ...]) -> str:
    text = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
    return text.removeprefix(".")
