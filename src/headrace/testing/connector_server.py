"""The server that a connector is tried against, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Truth = Callable[[str], Iterable[Mapping[str, Any]] | None]


@dataclass(frozen=True, slots=True)
class ConnectorServer:
    """A server that runs: a simulator, a replayed recording, or a real one that stays as it is.

    Args:
        base_url: The API's base, as `http://127.0.0.1:8080/api/v1`.
        settings: The values of the variables and secrets that the connector names, as
            `{"API_KEY": "..."}`. Variables of its `client.base_url` need none.
        overrides: What to set in the connector, each as `path=value`.
        truth: A function from the name of a resource to the rows that its table should have, with
            the fields as the API names them and those that come from a parent; None for a resource
            of which it knows nothing. Without it they are taken from the pages that came.
        lacks: The names of resources that the server does not have, and that the connector passes
            over (`skip`).
        idle_requests: How many requests a second sync may make for a resource that is kept up
            with, where nothing has changed.
        wants_key: Whether it refuses another key.
    """

    base_url: str
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    overrides: Sequence[str] = ()
    truth: Truth | None = None
    lacks: Collection[str] = ()
    idle_requests: int = 10
    wants_key: bool = True
