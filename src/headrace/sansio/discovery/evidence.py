"""What speaks for a line of a config that was found by asking an API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from headrace.core.quick_dataclasses import dataclass

_NAMED = 4

Verdict = Literal["proven", "stated", "ruled out", "unknown", "offered"]
"""`proven`: the API's answers show it; `stated`: a document of the API says so, and nobody has
tried it; `ruled out`: tried, and it is not so; `unknown`: the answers do not tell; `offered`: for
the user to choose."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the answers of an API say of one key of a config.

    Args:
        path: The key, as faults name it, for example `resources[0].endpoint.paginator`; empty for
            the whole config.
        verdict: What is known.
        text: Half a line: what was seen, or, where it is unknown, what to ask the API's
            documentation.
        value: The value of the key; where it is offered, the one that a commented-out line gets.
    """

    path: str
    verdict: Verdict
    text: str
    value: Any = None


def told_together(some: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What is to be told of several things, once for all of which the same is told.

    Args:
        some: Each thing and what is told of it; a thing without a name stands for the whole.

    Returns:
        A line for each text, in order, with the first of the things before it.
    """
    names: dict[str, dict[str, None]] = {}
    for name, text in some:
        names.setdefault(text, {})[name] = None
    for text, known in names.items():
        each = list(known)
        shown = ", ".join(filter(None, each[:_NAMED]))
        more = f" and {len(each) - _NAMED:,} more" if len(each) > _NAMED else ""
        yield f"{shown}{more}: {text}" if shown else text
