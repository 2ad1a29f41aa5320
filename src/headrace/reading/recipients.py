"""Which secrets and settings a config sends to which hosts, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headrace.config import (
    LoginAuthConfig,
    OAuth2ClientCredentialsConfig,
    OAuth2RefreshTokenConfig,
    ResourceConfig,
    SourceConfig,
)
from headrace.config.format.places import LookedUp
from headrace.core.quick_dataclasses import dataclass
from headrace.http.url import join_url, shown_origin

_PARTS = re.compile(r"[^.\[\]]+")
# All others may end up in a request.
_STAYS_IN_CLIENT = frozenset(
    [
        *("retry", "rate_limit", "concurrency", "timeout"),
        *("allowed_hosts", "max_response_bytes", "moved_from", "tls"),
    ]
)
_STAYS_IN_ENDPOINT = frozenset(["data_selector", "response_actions"])
# What an address begins with says where to send, and is not sent.
_ADDRESSES = frozenset(["base_url", "access_token_url", "url"])
_DESTINATION = "the destination, when it loads"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A host, and what is sent to it of what came from outside of the config.

    Args:
        place: The host, as `https://api.example.com`.
        names: The names of the variables and settings, each once.
        paths: Where in the config they stand.
    """

    place: str
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def recipients(config: SourceConfig) -> list[Recipient]:
    """Says to which hosts a config sends what; nothing is asked for it.

    A host that the API redirects to is not among them: it gets nothing of this, unless it stands
    under `client.allowed_hosts`.

    Args:
        config: The config.

    Returns:
        The API's own host first, with nothing where nothing goes there.
    """
    return _Recipients(config).found()


class _Recipients:
    def __init__(self, config: SourceConfig) -> None:
        self._config = config
        self._base_url = config.client.base_url
        self._api = shown_origin(self._base_url)
        listed = [each for each in config.resources if isinstance(each, ResourceConfig)]
        self._resources = {each.index: each for each in listed}

    def found(self) -> list[Recipient]:
        sent: dict[str, list[LookedUp]] = {self._api: []}
        for resource in self._resources.values():
            sent.setdefault(self._host(resource), [])
        for each in self._config.looked_up:
            for place in self._places(each):
                sent.setdefault(place, []).append(each)
        return [
            Recipient(
                place,
                tuple(dict.fromkeys(each.name for each in values)),
                tuple(dict.fromkeys(each.path for each in values)),
            )
            for place, values in sent.items()
        ]

    def _places(self, value: LookedUp) -> Iterator[str]:
        head, *keys = _PARTS.findall(value.path)
        if value.begins and keys[-1:] and keys[-1] in _ADDRESSES:
            return
        match head:
            case "client":
                yield from self._of_client(keys)
            case "resource_defaults" if keys[:1] == ["endpoint"]:
                for resource in self._resources.values():
                    yield from self._of_endpoint(resource, keys[1:])
            case "resources":
                index, *rest = keys
                # A name alone is the path as well.
                if int(index) in self._resources and (rest or ["name"])[0] in ("endpoint", "name"):
                    yield from self._of_endpoint(self._resources[int(index)], rest[1:])
            case "pipeline" if keys[:1] == ["destination"]:
                yield _DESTINATION

    def _of_client(self, keys: list[str]) -> Iterator[str]:
        if keys[0] in _STAYS_IN_CLIENT:
            return
        token_host = _token_host(self._config.client.auth) if keys[0] == "auth" else None
        if token_host is not None:
            yield token_host
            return
        scheme = self._api.partition("://")[0]
        yield self._api
        yield from map(self._host, self._resources.values())
        yield from (f"{scheme}://{host}" for host in self._config.client.allowed_hosts or ())

    def _of_endpoint(self, resource: ResourceConfig, keys: list[str]) -> Iterator[str]:
        key = keys[0] if keys else ""
        if key not in _STAYS_IN_ENDPOINT:
            token_host = _token_host(resource.endpoint.auth) if key == "auth" else None
            yield token_host or self._host(resource)

    def _host(self, resource: ResourceConfig) -> str:
        try:
            return shown_origin(join_url(self._base_url, resource.endpoint.path))
        except ValueError:
            return self._api


def _token_host(auth: object) -> str | None:
    """Where goes what a token is fetched with; the token that comes of it goes to the API."""
    match auth:
        case OAuth2ClientCredentialsConfig() | OAuth2RefreshTokenConfig():
            return shown_origin(auth.access_token_url)
        case LoginAuthConfig(url=str(url)):
            return shown_origin(url)
    return None
