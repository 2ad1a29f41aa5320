"""`explain`: what a config will do, said without asking the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headrace.config import ResourceConfig, SourceConfig
from headrace.config.selection import listed_resources, select_resources
from headrace.explaining.common import common_steps, default_name_of
from headrace.explaining.explanation import ExplainedResource, ExplainedStep, Explanation
from headrace.explaining.loading import load_unasked
from headrace.explaining.pages import page_steps
from headrace.explaining.requests import explained_requests
from headrace.explaining.syncs import sync_steps
from headrace.explaining.tables import table_steps
from headrace.explaining.who_asks import who_asks
from headrace.explaining.wording import Wording
from headrace.reading.credentials import Authentications


def explain(
    config: Path | str | Mapping[str, Any],
    overrides: Iterable[str] = (),
    *,
    resources: Iterable[str] = (),
) -> Explanation:
    """Says what a config will do, request by request, without asking the API.

    The requests are made by what makes them in a sync, from pages that are made up. No secret has
    to be set for it.

    Args:
        config: The path of a YAML or JSON file, the name of a connector, or a config as
            `rest_api_source` takes it.
        overrides: Values to set, each written as `path=value`.
        resources: The names of the resources to explain; those that the config selects where
            there are none.

    Returns:
        The requests and the steps, each with its words.

    Raises:
        ConfigError: The config is wrong, or has no such resource.

    Example:
        >>> from headrace import explain
        >>> told = explain(
        ...     {
        ...         "client": {"base_url": "https://api.example.com"},
        ...         "resources": [{"name": "orders", "endpoint": {"paginator": "single_page"}}],
        ...     }
        ... )
        >>> told.resources[0].requests[0].url
        'https://api.example.com/orders'
    """
    loaded = load_unasked(config, overrides)
    tenants = loaded.tenants
    chosen = select_resources(loaded, tuple(resources))
    one = loaded
    if tenants is not None:
        # All of them are asked alike.
        one = next((each.config for each in tenants.tenants if each.config), loaded)
    known = {each.name: each for each in one.resources if isinstance(each, ResourceConfig)}
    loads = {each.name for each in listed_resources(chosen)}
    asked = _with_sources(loads, known)
    return Explanation(
        tuple(common_steps(loaded, default_name_of(config))),
        tuple(_explained(one, known[name], is_loaded=name in loads) for name in asked),
    )


def _with_sources(names: Iterable[str], known: Mapping[str, ResourceConfig]) -> list[str]:
    """The names of resources, with those whose rows others are asked by, in the config's order."""
    wanted = [name for name in names if name in known]
    for name in wanted:
        parent, lanes = known[name].parent, known[name].lanes
        sources = (parent.resource if parent else "", (lanes.resource or "") if lanes else "")
        wanted += [each for each in sources if each in known and each not in wanted]
    return [name for name in known if name in wanted]


def _explained(
    config: SourceConfig, resource: ResourceConfig, *, is_loaded: bool
) -> ExplainedResource:
    endpoint = resource.endpoint
    authentications = Authentications.of_config(config)
    wording = Wording(config, resource, authentications.of(endpoint.auth))
    steps = [ExplainedStep("who asks", who_asks(endpoint.auth))]
    if endpoint.headers:
        steps.append(ExplainedStep("headers", f"also {', '.join(endpoint.headers)}"))
    total = endpoint.total
    if total is not None and total.path is not None:
        told = f"{total.method} {total.path} asks for the number of rows before page 1"
        steps.append(ExplainedStep("count", told))
    steps += page_steps(resource)
    steps += table_steps(resource, is_loaded=is_loaded)
    steps += sync_steps(resource)
    return ExplainedResource(
        resource.name,
        tuple(explained_requests(config, resource, wording)),
        tuple(ExplainedStep(each.about, wording.plain(each.text)) for each in steps),
    )
