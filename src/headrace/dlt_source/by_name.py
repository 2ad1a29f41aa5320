"""The source whose config stands in dlt's config files: `headrace.rest_api()`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dlt
from dlt.extract import DltResource

from headrace.core.dlt_door.settings import mappings_found
from headrace.dlt_source.by_call import SOURCE_NAME, rest_api_resources


@dlt.source(section=SOURCE_NAME)
def rest_api(
    client: dict[str, Any] = dlt.config.value,
    resources: list[Any] = dlt.config.value,
    resource_defaults: dict[str, Any] | None = None,
) -> list[DltResource]:
    """Makes the source that dlt's config files describe under `[sources.rest_api]`.

    Each argument that is not given is looked up there. What `secrets.toml` says of `client` and of
    `resource_defaults` is added to what `config.toml` says.

    Args:
        client: The part `client` of a config: `base_url`, `auth`, ...
        resources: The part `resources` of a config: a list of resources.
        resource_defaults: The part `resource_defaults` of a config: what holds for all resources.

    Returns:
        The source, ready for `headrace.sync` or for dlt's `pipeline.run`.

    Raises:
        ConfigError: The config cannot be used; the message names every fault in it.

    Example:
        `headrace simulate` serves the sample API of this example. The same settings may stand in
        `.dlt/config.toml` under `[sources.rest_api]`; then it is `headrace.rest_api()`:

        >>> import dlt, headrace
        >>> source = headrace.rest_api(
        ...     client={
        ...         "base_url": "http://127.0.0.1:8080/api/v1",
        ...         "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "simulator"},
        ...     },
        ...     resources=["workflows"],
        ... )
        >>> pipeline = dlt.pipeline("sample", destination="duckdb")
        >>> headrace.sync(pipeline, source).is_complete
        True
    """
    config: dict[str, Any] = {"client": _completed("client", client), "resources": resources}
    if resource_defaults is not None:
        config["resource_defaults"] = _completed("resource_defaults", resource_defaults)
    return rest_api_resources(config)


def _completed(key: str, given: dict[str, Any]) -> dict[str, Any]:
    """Adds to a mapping from a config file what the files of lower rank say under the same key.

    dlt takes the whole mapping from the first file that has the key, so a mapping whose secrets
    stand in `secrets.toml` would lack the rest, which stands in `config.toml`.

    Args:
        key: The key that the mapping was looked up by.
        given: The mapping as dlt found it, or as the caller gave it.

    Returns:
        The mapping, completed where it came from a file; one that the caller gave stays as it is.
    """
    found = list(mappings_found(key))
    if not found or found[0] != given:
        return given
    completed: dict[str, Any] = {}
    for part in reversed(found):
        completed = _merged(completed, part)
    return completed


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    both = {name for name in base.keys() & own.keys() if _are_mappings(base[name], own[name])}
    return {**base, **own, **{name: _merged(base[name], own[name]) for name in both}}


def _are_mappings(*values: Any) -> bool:
    return all(isinstance(value, Mapping) for value in values)
