"""Names for the listings of a document: those of their tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_FOR_NAMES = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 60
_MOST_WORDS = 20
_NO_NAMES = frozenset(["search", "list", "query", "filter", "api", "all", "rest", "get", "index"])
_OF_CREDENTIALS = ("API_KEY", "API_TOKEN", "API_USER", "API_PASSWORD")
_VERSION = re.compile(r"v\d+(?:[._]\d+)*")


def plain(text: str) -> str:
    """A name in small letters with underscores, as dlt writes those of tables.

    Args:
        text: Any text.
    """
    words = _NOT_FOR_NAMES.sub("_", _WORD_ENDS.sub("_", text)).strip("_").lower()
    words = re.sub(r"_+", "_", words)[:_LONGEST].strip("_")
    return f"n{words}" if words[:1].isdigit() else words


def names_of(paths: Sequence[tuple[str, str]]) -> list[str]:
    """A name for each listing, different ones, each as short as may be.

    Args:
        paths: The path of each listing, and the name of its operation.
    """
    candidates = [_candidates(path, operation) for path, operation in paths]
    wanted = [0] * len(paths)
    for _ in range(max(map(len, candidates), default=0)):
        names = [own[place] for own, place in zip(candidates, wanted, strict=True)]
        # Of those of one name, the one that is below the fewest others keeps it.
        keeps: dict[str, int] = {}
        for number, name in enumerate(names):
            kept = keeps.setdefault(name, number)
            if len(candidates[number]) < len(candidates[kept]):
                keeps[name] = number
        for number, name in enumerate(names):
            if keeps[name] != number and wanted[number] + 1 < len(candidates[number]):
                wanted[number] += 1
        if len(keeps) == len(names):
            break
    return _numbered([own[place] for own, place in zip(candidates, wanted, strict=True)])


def words_of(path: str) -> list[str]:
    """The words of a path, as names: without parameters, and without a verb at the end.

    Args:
        path: The path.
    """
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    words = [word for word in map(plain, parts) if word]
    while len(words) > 1 and (words[-1] in _NO_NAMES or _VERSION.fullmatch(words[-1])):
        words.pop()
    return words


def _candidates(path: str, operation: str) -> list[str]:
    """The names that a listing may get, the shortest first."""
    words = words_of(path)[-_MOST_WORDS:]
    found = ["_".join(words[-count:])[-_LONGEST:].strip("_") for count in range(1, len(words) + 1)]
    return [name for name in [*found, plain(operation)] if name] or ["rows"]


def _numbered(names: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    following: dict[str, int] = {}
    for name in names:
        number, own = following.get(name, 2), name
        while own in found:
            own, number = f"{name}_{number}", number + 1
        following[name] = number
        found[own] = None
    return list(found)


def setting_name(name: str) -> str:
    """The name of the setting that gives the value of something that a document names.

    All of them begin alike, and none is one of a credential: a document that could name any
    variable of the environment would have it sent to its API.

    Args:
        name: The name in the document.
    """
    setting = f"API_{plain(name).upper() or 'VALUE'}"
    return f"{setting}_VALUE" if setting in _OF_CREDENTIALS else setting
