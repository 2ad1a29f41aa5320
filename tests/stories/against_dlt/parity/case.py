"""A config of the format, to be run through both sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from requests import Session

Make = Callable[[str], Any]
BY_CASE = "X-Case"


@dataclass(frozen=True)
class Case:
    """A config.

    Args:
        name: what it shows.
        resources: as in the config; given the API's base URL where it is a function.
        client: besides the base URL; a function as well.
        defaults: `resource_defaults`.
        runs: how often it is run, one after the other.
        is_concurrent: whether the order of the requests is left to chance.
        base_path: behind the API's address, in `client.base_url`.
    """

    name: str
    resources: list[Any] | Make
    client: dict[str, Any] | Make | None = None
    defaults: dict[str, Any] | None = None
    runs: int = 1
    is_concurrent: bool = False
    base_path: str = ""

    def config(self, base_url: str) -> dict[str, Any]:
        """The whole config, made anew: the sources may change it.

        Args:
            base_url: of the API.
        """
        client = _made(self.client, base_url) or {}
        document = {
            "client": {"base_url": base_url + self.base_path, **client},
            "resources": _made(self.resources, base_url),
        }
        if self.defaults is not None:
            document["resource_defaults"] = _copied(self.defaults)
        return document


def fits_a_bundle(case: Case) -> bool:
    """Whether a case is one listing that can be run beside others of other cases."""
    return (
        isinstance(case.resources, list)
        and len(case.resources) == 1
        and isinstance(case.resources[0], dict)
        and not callable(case.client)
        and set(case.client or {}) <= {"paginator", "headers"}
        and case.defaults is None
        and not case.base_path
    )


def bundle(cases: Iterable[Case]) -> Case:
    """All the listings of cases as resources of one source.

    Each has a name, and so a table, of its own, and a header by which its requests are known.

    Args:
        cases: that fit a bundle, all to be run as often.
    """
    resources, runs = [], 1
    for case in cases:
        (resource,) = case.config("")["resources"]
        client, endpoint = case.config("")["client"], dict(resource["endpoint"])
        name = slug(case.name)
        headers = {**client.get("headers", {}), **endpoint.get("headers", {}), BY_CASE: name}
        if "paginator" in client and "paginator" not in endpoint:
            endpoint["paginator"] = client["paginator"]
        resources.append({**resource, "name": name, "endpoint": {**endpoint, "headers": headers}})
        runs = case.runs
    return Case("together", resources, runs=runs)


def slug(name: str) -> str:
    """A name of a case as one of a table."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def listing(path: str, name: str | None = None, **keys: Any) -> dict[str, Any]:
    """A resource; keys of the endpoint go by `endpoint`."""
    endpoint = {"path": path, **keys.pop("endpoint", {})}
    return {"name": name or path.split("?")[0].split("/")[0], "endpoint": endpoint, **keys}


def _made(given: Any, base_url: str) -> Any:
    return given(base_url) if callable(given) else _copied(given)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def keys_used(config: Mapping[str, Any]) -> Iterator[str]:
    """The keys of the format that a config uses, as `paginator.cursor.cursor_path`.

    Args:
        config: as given to both sources.
    """
    yield from config
    yield from _client(config["client"])
    for resource in [config.get("resource_defaults"), *config["resources"]]:
        if isinstance(resource, dict):
            yield from _resource(resource)


def _client(client: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"client.{key}" for key in client)
    yield from _typed("paginator", client.get("paginator"))
    yield from _typed("auth", client.get("auth"))


def _resource(resource: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"resource.{key}" for key in resource)
    for step in resource.get("processing_steps", ()):
        yield from (f"processing_steps.{key}" for key in step)
    endpoint = resource.get("endpoint")
    if not isinstance(endpoint, dict):
        return
    yield from (f"endpoint.{key}" for key in endpoint)
    yield from _typed("paginator", endpoint.get("paginator"))
    yield from _typed("auth", endpoint.get("auth"))
    yield from (f"incremental.{key}" for key in endpoint.get("incremental", ()))
    for action in endpoint.get("response_actions", ()):
        yield from (f"response_actions.{key}" for key in _keys_of(action))
    for param in (endpoint.get("params") or {}).values():
        if isinstance(param, dict):
            yield from (f"params.{param['type']}.{key}" for key in param)


def _typed(what: str, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{what}.{value}.type"
    elif isinstance(value, dict):
        kind = value.get("type", "bearer" if what == "auth" else "auto")
        yield from (f"{what}.{kind}.{key}" for key in value)
    elif value is not None:
        yield f"{what}: an object"


def _keys_of(action: Any) -> Iterable[str]:
    return action if isinstance(action, dict) else ()


def session() -> Session:
    """A session with a header of its own."""
    made = Session()
    made.headers["X-Session"] = "mine"
    return made
