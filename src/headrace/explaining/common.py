"""Says what holds for all resources: the API, its limits, and where rows are loaded to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from headrace.config import ClientConfig, ExternalResource, SourceConfig
from headrace.config.format.client import RetryConfig
from headrace.core.secrets.redaction import Redactor
from headrace.explaining.explanation import ExplainedStep
from headrace.explaining.marks import shown
from headrace.http.url import without_login

_SHOWN_TENANTS = 10


def common_steps(config: SourceConfig, default_name: str) -> Iterator[ExplainedStep]:
    """What is said of the whole config.

    Args:
        config: The config.
        default_name: The name of the pipeline where the config has none.
    """
    client = config.client
    redactor = Redactor(config.secrets)
    api = redactor.clean(shown(without_login(client.base_url))).replace("https://${", "${")
    yield ExplainedStep("API", api)
    if client.headers:
        yield ExplainedStep("headers", f"each request has {', '.join(client.headers)}")
    yield ExplainedStep("hosts", _hosts(client))
    yield ExplainedStep("at once", f"up to {client.concurrency} requests, over all resources")
    if client.rate_limit is not None:
        rate = client.rate_limit
        told = f"at most {rate.requests:,} requests begin in {rate.seconds:g} seconds"
        yield ExplainedStep("rate", told)
    yield ExplainedStep("retries", _retries(client.retry or RetryConfig(), client.timeout))
    made = [each.name for each in config.resources if isinstance(each, ExternalResource)]
    if made:
        yield ExplainedStep("made with dlt in Python", f"{', '.join(made)}: not explained here")
    if config.tenants is not None:
        names = [each.name for each in config.tenants.tenants]
        more = f" and {len(names) - _SHOWN_TENANTS:,} more" if len(names) > _SHOWN_TENANTS else ""
        told = f"all of this for each of {', '.join(names[:_SHOWN_TENANTS])}{more}"
        yield ExplainedStep(
            "tenants", f"{told}, whose name each row has in `{config.tenants.column}`"
        )
    yield ExplainedStep("loads to", redactor.clean(shown(_destination(config, default_name))))
    yield ExplainedStep(
        "rows that cannot be loaded",
        "end the sync, and nothing is loaded"
        if config.pipeline_settings.strict
        else "go to the table `_headrace_quarantine`, with the reason",
    )


def default_name_of(config: Path | str | Mapping[str, Any]) -> str:
    """The name of the pipeline of a config that has none.

    Args:
        config: The config as it was given.
    """
    return "rest_api" if isinstance(config, Mapping) else Path(config).stem


def _hosts(client: ClientConfig) -> str:
    if not client.allowed_hosts:
        return "none but that of the API is asked, wherever links and redirects lead"
    hosts = ", ".join(client.allowed_hosts)
    return f"links and redirects may also lead to {hosts}, with the credentials"


def _retries(retry: RetryConfig, timeout: float) -> str:
    statuses = ", ".join(map(str, retry.status_codes))
    return (
        f"a request that fails (status {statuses}, no connection, no answer in {timeout:g} "
        f"seconds) is made up to {retry.max_attempts} times, within {retry.deadline:g} seconds"
    )


def _destination(config: SourceConfig, default_name: str) -> str:
    settings = config.pipeline_settings
    name = settings.name or default_name
    target = settings.destination
    if target is None:
        where = f"the file {name}.duckdb"
    elif isinstance(target, str):
        where = without_login(target) if urlsplit(target).scheme else target
    else:
        where = f"`{type(target).__name__}`"
    return (
        f"{where}, dataset `{settings.dataset or f'{name}_dataset'}`, unless the command says "
        "otherwise"
    )
