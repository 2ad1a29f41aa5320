"""Where in a request a paginator puts a cursor, a number or a limit."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from headrace.core.exchange import Request


@dataclass(frozen=True, slots=True)
class Place:
    """A query parameter, or a place in the JSON body.

    Args:
        param: The name of the query parameter.
        body_path: A path of keys in the body, joined by dots; where it is given, `param` does not
            count.
    """

    param: str = ""
    body_path: str | None = None

    def put(self, request: Request, value: Any) -> Request:
        """Makes the same request with a value at this place.

        Args:
            request: The request, which stays as it is together with its body.
            value: The value, as JSON.
        """
        if self.body_path:
            return replace(request, json=_with_value(request.json, self.body_path, value))
        return request.with_param(self.param, value)


def _with_value(body: Any, path: str, value: Any) -> dict[str, Any]:
    """A copy of a JSON body with the value at a dotted path, made on the way where missing."""
    changed: dict[str, Any] = copy.deepcopy(body) if isinstance(body, dict) else {}
    *parents, last = path.split(".")
    place = changed
    for step in parents:
        inner = place.get(step)
        if not isinstance(inner, dict):
            inner = place[step] = {}
        place = inner
    place[last] = value
    return changed
