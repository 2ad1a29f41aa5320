"""Incrementals that go on from a token of the API: what its last page names for the next sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.config.built.parents import holds_incremental_values
from headrace.config.format.endpoint import EndpointModel
from headrace.core.json_path import JsonPath

_EXPIRED = (410,)


@dataclass(frozen=True, kw_only=True)
class TokenConfig:
    """Where a token is found, and how it is sent.

    Args:
        path: Where it stands in the last page.
        start_param: The query parameter that carries it; None for none.
        is_link: Whether it is the URL of the next sync, since nothing else carries it.
        expired: The statuses by which the API says that it takes it no more.
    """

    path: JsonPath
    start_param: str | None = None
    is_link: bool = False
    expired: frozenset[int] = frozenset(_EXPIRED)


def build_token(endpoint: Mapping[str, Any], typed: EndpointModel) -> TokenConfig | None:
    """The token of an endpoint.

    Args:
        endpoint: The keys of an endpoint without faults as written, merged with the defaults.
        typed: The same keys, typed.

    Returns:
        None where it goes on from no token.
    """
    incremental = typed.incremental
    if incremental is None or incremental.token_path is None:
        return None
    expired = _EXPIRED if incremental.token_expired is None else incremental.token_expired
    return TokenConfig(
        path=JsonPath(str(incremental.token_path)),
        start_param=incremental.start_param,
        is_link=incremental.start_param is None and not holds_incremental_values(endpoint),
        expired=frozenset(expired),
    )
