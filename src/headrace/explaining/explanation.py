"""What a config will do, in plain words: what `explain` gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ExplainedRequest:
    """One request that a sync will make, or one of a kind.

    Args:
        when: Which one it is, as `page 2` or `next sync`.
        method: The HTTP method.
        url: The URL with its parameters. What is not known before the API is asked stands there
            in words, as `<nextCursor of page 1>`, and a secret as `${NAME}` or `***`.
        body: The body, as JSON or as it is sent; None for none.
        text: The request in words: in what it differs from the one before it, where it does.
    """

    when: str
    method: str
    url: str
    body: str | None
    text: str


@dataclass(frozen=True)
class ExplainedStep:
    """One thing that is done, or that holds.

    Args:
        about: What it is about, in a word or two: `rows`, `end`, `next sync`.
        text: What is done, in a sentence or two.
    """

    about: str
    text: str


@dataclass(frozen=True)
class ExplainedResource:
    """What a sync does for one resource.

    Args:
        name: The name of the resource.
        requests: The first requests of a first sync, and that of the next one.
        steps: What is done with what comes, in order.
    """

    name: str
    requests: tuple[ExplainedRequest, ...]
    steps: tuple[ExplainedStep, ...]


@dataclass(frozen=True)
class Explanation:
    """What a config will do.

    Args:
        steps: What holds for all resources: the API, its limits, the destination.
        resources: What is done for each resource, in the order in which they are read.
    """

    steps: tuple[ExplainedStep, ...]
    resources: tuple[ExplainedResource, ...]

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values, for JSON."""
        return asdict(self)
