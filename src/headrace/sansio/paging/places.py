"""Where in a request a paginator puts what it has to say."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from headrace.core.exchange import Request


@dataclass(frozen=True, slots=True)
class Place:
    """A query parameter, or else a place in the JSON body.

    Args:
        param: name of the query parameter.
        body_path: dotted path in the body; goes before `param`.
    """

    param: str = ""
    body_path: str | None = None

    def put(self, request: Request, value: Any) -> Request:
        """The same request with a value at this place.

        Args:
            request: stays as it is, its body too.
            value: as JSON.
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
