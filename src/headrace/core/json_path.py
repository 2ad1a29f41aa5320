"""JSONPath as dlt understands it; plain paths such as `result.items` are followed key by key.

A plain path is looked up in each page of a listing, and `jsonpath_ng` takes many times as long as a
few dictionary accesses.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonpath_ng import Child, Fields, JSONPath, Root, Wildcard
from jsonpath_ng.ext.parser import parse


class JsonPath:
    """A compiled JSONPath.

    Attributes:
        text: The path as it was written.
        steps: The keys of a path that goes through keys alone; None for any other path.
        spread: Whether such a path ends in `[*]` or `*`, so that it leads to each item.

    Args:
        path: The path as text, or compiled; dlt compiles with `jsonpath_ng.ext` too.

    Raises:
        ValueError: The text is no JSONPath.
    """

    def __init__(self, path: str | JSONPath) -> None:
        self.text = str(path)
        self._compiled = path if isinstance(path, JSONPath) else _parse(path)
        self.steps, self.spread = _plain_steps(self._compiled)

    def find(self, document: Any) -> list[Any]:
        """All values that the path leads to, in the order of the document."""
        if self.steps is None or self.spread:
            return [match.value for match in self._compiled.find(document)]
        for step in self.steps:
            if not isinstance(document, dict) or step not in document:
                return []
            document = document[step]
        return [document]

    def first(self, document: Any) -> Any:
        """The first value that the path leads to, or None where there is none."""
        found = self.find(document)
        return found[0] if found else None

    def __str__(self) -> str:
        return self.text


# Each pass through a listing looks up the same few.
@lru_cache(maxsize=256)
def _parse(text: str) -> JSONPath:
    try:
        return parse(text)
    except Exception as error:  # jsonpath_ng raises bare Exception for syntax errors
        raise ValueError(f"`{text}` is not a JSONPath: {error}") from None


def _plain_steps(path: JSONPath) -> tuple[tuple[str, ...] | None, bool]:
    """The keys of a path that goes through keys alone, and whether it ends in `[*]` or `*`."""
    if isinstance(path, Root):
        return (), False
    if isinstance(path, Wildcard):
        return (), True
    if isinstance(path, Fields):
        return (path.fields, False) if _is_single_key(path) else (None, False)
    if not isinstance(path, Child):
        return None, False
    steps, spread = _plain_steps(path.left)
    if steps is None or spread:
        return None, False
    if isinstance(path.right, Wildcard):
        return steps, True
    if isinstance(path.right, Fields) and _is_single_key(path.right):
        return (*steps, *path.right.fields), False
    return None, False


def _is_single_key(path: Fields) -> bool:
    return len(path.fields) == 1 and path.fields[0] != "*"
