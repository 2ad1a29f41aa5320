"""JSONPath as dlt understands it; plain paths such as `result.items` are followed key by key.

A plain path is looked up in each page of a listing, and `jsonpath_ng` takes many times as long as a
few dictionary accesses.

Beyond dlt, a path may be the name of a key: `@odata.nextLink` means the key of that name where a
document has one, and else the key `nextLink` below `@odata`. What the grammar of JSONPath does not
take, as `$count` or `dc:date`, is a name as well.
"""

from __future__ import annotations

import re
from functools import lru_cache, reduce
from typing import Any

from jsonpath_ng import Child, Fields, Index, JSONPath, Root, Wildcard
from jsonpath_ng.ext.parser import parse

# Names of keys, as far as they cannot be meant for JSONPath, and places in lists behind them. The
# grammar also takes no name that is one of its words, as `where`.
_NAMES = r"(?=[^.[]*\w)[^\[\]()*'\"`<=>.]+(?:\[-?\d+\])*"
_PATH_OF_NAMES = re.compile(rf"{_NAMES}(?:\.{_NAMES})*")
_STEP = re.compile(r"\[(-?\d+)\]|([^.\[]+)")


class JsonPath:
    """A compiled JSONPath.

    Attributes:
        text: The path as it was written.
        steps: The keys of a path that goes through keys alone; None for any other path.
        spread: Whether such a path ends in `[*]` or `*`, so that it leads to each item.
        name: The text, where a document may have a key of that name although the path takes it
            apart; else None.

    Args:
        path: The path as text, or compiled; dlt compiles with `jsonpath_ng.ext` too.

    Raises:
        ValueError: The text is neither a JSONPath nor the name of a key.
    """

    def __init__(self, path: str | JSONPath) -> None:
        self.text = str(path)
        self._compiled = path if isinstance(path, JSONPath) else _parse(path)
        self.steps, self.spread = _plain_steps(self._compiled)
        may_be_name = self.steps is None or (len(self.steps) > 1 and path == ".".join(self.steps))
        self.name = path if isinstance(path, str) and may_be_name else None

    def find(self, document: Any) -> list[Any]:
        """All values that the path leads to, in the order of the document."""
        if self.name is not None and isinstance(document, dict) and self.name in document:
            return [document[self.name]]
        if self.steps is None or self.spread:
            return [match.value for match in self._compiled.find(document)]
        inner = document
        for step in self.steps:
            if not isinstance(inner, dict) or step not in inner:
                return [] if self.name is None else self._find_by_names(document)
            inner = inner[step]
        return [inner]

    def items_below(self, document: Any) -> int | None:
        """The length of the list out of which the path takes or picks items.

        Args:
            document: The JSON that the path is looked up in.

        Returns:
            None where there is no list where its first step that is no key begins.
        """
        for step in _beginning(self._compiled):
            document = document.get(step) if isinstance(document, dict) else None
        return len(document) if isinstance(document, list) else None

    def first(self, document: Any) -> Any:
        """The first value that the path leads to, or None where there is none."""
        found = self.find(document)
        return found[0] if found else None

    def steps_in(self, document: Any) -> tuple[str, ...] | None:
        """The keys by which a path of keys leads to its value, with those that have dots in them.

        Args:
            document: The document to follow the path in.

        Returns:
            The keys; None where the path leads to nothing, or is no path of keys.
        """
        if self.steps is None:
            return None
        if self.name is None:
            return self.steps if _leads_on(document, self.steps) else None
        if _leads_on(document, (self.name,)):
            return (self.name,)
        return self.steps if _leads_on(document, self.steps) else _by_names(document, self.steps)

    @property
    def place(self) -> tuple[str | int, ...] | None:
        """The keys and places in lists of a path that leads to one place; None for any other."""
        return _place_of(self._compiled)

    @property
    def lists(self) -> frozenset[tuple[str, ...]]:
        """The keys that lead to each list which the path goes into, as far as keys lead there."""
        found = set()
        above: tuple[str, ...] = ()
        for step in reversed(_spine(self._compiled)):
            if isinstance(step, Fields):
                if not _is_single_key(step):
                    break
                above = (*above, *step.fields)
            elif not isinstance(step, Root) and above:
                found.add(above)
        return frozenset(found)

    @property
    def quoted(self) -> str:
        """The path as a text that dlt can read: as it was written, or with its names in quotes."""
        try:
            parse(self.text)
        except Exception:  # as above, of no class of its own
            steps = self.place or ()
            shown = (f"[{step}]" if isinstance(step, int) else f".'{step}'" for step in steps)
            return "".join(shown).removeprefix(".")
        return self.text

    def _find_by_names(self, document: Any) -> list[Any]:
        steps = self.steps_in(document)
        return [] if steps is None else [reduce(lambda inner, step: inner[step], steps, document)]

    def __str__(self) -> str:
        return self.text


def compiled(path: str | JSONPath | JsonPath) -> JsonPath:
    """A path that is compiled, unless it is that already.

    Args:
        path: The path.

    Raises:
        ValueError: The text is neither a JSONPath nor the name of a key.
    """
    return path if isinstance(path, JsonPath) else JsonPath(path)


class KeyedPath(JsonPath):
    """A path to objects of rows, or past their keys to the rows: then each stays with its key.

    `data` and `data.*` lead to the same object of rows; of `$[*].*[*]` each value comes as an
    object of its own, `{key: value}`, with the key that the last star over an object stands for.
    """

    def __init__(self, path: str | JSONPath) -> None:
        super().__init__(path)
        self.spread = False

    def find(self, document: Any) -> list[Any]:
        """All values that the path leads to, each below its key where a star passes one."""
        if self.steps is not None:
            return super().find(document)
        stars = [isinstance(step, Wildcard) for step in _spine(self._compiled)]
        return [
            match.value if key is None else {key: match.value}
            for match in self._compiled.find(document)
            for key in (_key_passed(match, stars),)
        ]


def _spine(path: JSONPath) -> list[JSONPath]:
    """The steps of a path, from the last one to the first."""
    steps = []
    while isinstance(path, Child):
        steps.append(path.right)
        path = path.left
    return [*steps, path]


def _key_passed(match: Any, stars: list[bool]) -> str | None:
    """The key over which the last star of a path, over an object, has led to a value."""
    for is_star in stars:
        if match is None:
            return None
        if is_star and isinstance(match.path, Fields):
            return str(match.path.fields[0])
        match = match.context
    return None


def _leads_on(document: Any, steps: tuple[str, ...]) -> bool:
    for step in steps:
        if not isinstance(document, dict) or step not in document:
            return False
        document = document[step]
    return True


def _by_names(document: Any, steps: tuple[str, ...]) -> tuple[str, ...] | None:
    """The same steps with some put together to names of keys that are there; the longest first."""
    if not steps:
        return ()
    for end in range(len(steps), 0, -1):
        name = ".".join(steps[:end])
        if isinstance(document, dict) and name in document:
            below = _by_names(document[name], steps[end:])
            if below is not None:
                return (name, *below)
    return None


# Each pass through a listing looks up the same few.
@lru_cache(maxsize=256)
def _parse(text: str) -> JSONPath:
    try:
        return parse(text)
    except Exception as error:  # jsonpath_ng raises bare Exception for syntax errors
        if not _PATH_OF_NAMES.fullmatch(text):
            raise ValueError(f"`{text}` is not a JSONPath: {error}") from None
    steps = [Fields(name) if name else Index(int(at)) for at, name in _STEP.findall(text)]
    return reduce(Child, steps)  # type: ignore[arg-type]


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


def _beginning(path: JSONPath) -> tuple[str, ...]:
    """The keys with which a path begins, up to its first step of another kind."""
    while isinstance(path, Child):
        steps, spread = _plain_steps(path)
        if steps is not None and not spread:
            return steps
        path = path.left
    return _plain_steps(path)[0] or ()


def _place_of(path: JSONPath) -> tuple[str | int, ...] | None:
    if isinstance(path, Root):
        return ()
    if isinstance(path, Fields):
        return path.fields if _is_single_key(path) else None
    if isinstance(path, Index):
        return path.indices if len(path.indices) == 1 else None
    if not isinstance(path, Child):
        return None
    above, below = _place_of(path.left), _place_of(path.right)
    return None if above is None or below is None else (*above, *below)


def _is_single_key(path: Fields) -> bool:
    return len(path.fields) == 1 and path.fields[0] != "*"
