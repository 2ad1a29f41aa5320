"""The keys of `client` and `pipeline`: how every request is made, where the rows go."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, Tag

from headrace.config.format.auth import AnyAuth
from headrace.config.format.fields import (
    BY_SHAPE,
    TEXT,
    Count,
    FormatModel,
    HeaderName,
    HeaderValue,
    Name,
    Seconds,
    Session,
    TaggedObject,
    WholeNumber,
    fault,
)
from headrace.config.format.paginators import AnyPaginator
from headrace.core import defaults

_EXAMPLE = "for example https://api.example.com/v1"


def _http_url(url: str) -> str:
    address = url.strip()
    if not address.lower().startswith(("https://", "http://")):
        raise fault(f"must begin with https:// or http://, {_EXAMPLE}")
    try:
        parts = urlsplit(address)
        # The port is read only when it is asked for.
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in address):
        raise fault(f"has no valid host, {_EXAMPLE}")
    if "?" in address or "#" in address:
        raise fault(
            "must end with its path: what every request asks for goes under `params` in "
            f"`resource_defaults.endpoint`; {_EXAMPLE}"
        )
    return address


def _host(text: str) -> str:
    host = text.strip()
    try:
        parts = urlsplit(f"//{host}")
        # The port is read only when it is asked for.
        usable = bool(parts.hostname) and parts.netloc == host and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or any(map(str.isspace, host)) or "*" in host:
        raise fault(
            "must be a host alone, for example `files.example.com` or `files.example.com:8443`"
        )
    return host


class RetryConfig(FormatModel):
    """When a failed request is tried again."""

    status_codes: tuple[WholeNumber, ...] = Field(
        default=defaults.RETRIED_STATUS_CODES,
        description="HTTP statuses that are tried again.",
    )
    max_attempts: Count = Field(
        default=defaults.MAX_ATTEMPTS,
        description="Attempts in all, the first included.",
    )
    backoff_factor: Seconds = Field(
        default=defaults.BACKOFF_SECONDS,
        description="Seconds before the second attempt; doubled for each further one.",
    )
    max_delay: Seconds = Field(
        default=defaults.MAX_DELAY_SECONDS,
        description="Longest pause, in seconds.",
    )
    respect_retry_after: bool = Field(
        default=defaults.RESPECT_RETRY_AFTER,
        description="Wait as long as the server's `Retry-After` or `RateLimit-*` headers say.",
    )
    deadline: Seconds = Field(
        default=defaults.DEADLINE_SECONDS,
        description="Seconds for one request with all its attempts.",
    )


class RateLimitConfig(FormatModel):
    """How many requests may begin in a span of time."""

    requests: Count = Field(description="Requests that may begin in that many seconds.")
    seconds: Seconds = Field(
        default=defaults.RATE_LIMIT_SECONDS,
        description="The span, in seconds.",
    )


class ClientConfig(FormatModel):
    """What all requests to the API have in common."""

    base_url: Annotated[str, AfterValidator(_http_url)] = Field(
        description=f"the API's address, {_EXAMPLE}", repr=False
    )
    headers: dict[HeaderName, HeaderValue] | None = Field(
        default=None, description="Headers of every request.", repr=False
    )
    auth: AnyAuth | None = Field(
        default=None, description="How requests are authenticated.", repr=False
    )
    paginator: AnyPaginator | None = Field(
        default=None, description="How listings go on, unless an endpoint says otherwise."
    )
    session: Session = Field(
        default=None, description="A requests session that sends the requests.", repr=False
    )
    timeout: Seconds = Field(
        default=defaults.TIMEOUT_SECONDS,
        description="Seconds to wait for one answer.",
    )
    concurrency: Count = Field(
        default=defaults.CONCURRENCY,
        description="Requests under way at once, over all resources.",
    )
    max_response_bytes: Count = Field(
        default=defaults.MAX_RESPONSE_BYTES,
        description="Largest answer, in bytes after decompression.",
    )
    retry: RetryConfig | None = Field(default=None, description="When to try again.")
    rate_limit: RateLimitConfig | None = Field(
        default=None, description="How fast to ask, spread evenly."
    )
    allowed_hosts: tuple[Annotated[str, AfterValidator(_host)], ...] | None = Field(
        default=None,
        description="Other hosts that a redirect or a link may lead to, with the credentials; "
        "each `host` or `host:port`.",
    )


Destination = Annotated[Annotated[str, Tag(TEXT)] | TaggedObject, BY_SHAPE]


class ViewsConfig(FormatModel):
    """Which tables the views over executions, and the report, are made from."""

    executions: Name = Field(default="executions", description="Table of the executions.")
    workflows: Name = Field(
        default="workflows",
        description="Table with `id` and `name` of the workflows; it need not be there.",
    )


class PipelineConfig(FormatModel):
    """The dlt pipeline that a config run from the command line loads with."""

    name: Name | None = Field(default=None, description="Name of the pipeline.")
    destination: Destination | None = Field(
        default=None, description="dlt destination, for example duckdb or postgres.", repr=False
    )
    dataset: Name | None = Field(default=None, description="Dataset (schema) to load into.")
    row_ids: bool = Field(default=True, description="Add dlt's `_dlt_id` and `_dlt_load_id`.")
    strict: bool = Field(
        default=False,
        description="Load nothing when a row cannot be loaded; else such rows are quarantined.",
    )
    leg_bytes: Count = Field(
        default=defaults.LEG_BYTES,
        description="Bytes of pages after which a leg is loaded and committed, where a listing "
        "is kept up with.",
    )
    leg_seconds: Seconds = Field(
        default=defaults.LEG_SECONDS,
        description="Or seconds of fetching, or ten times the last load, whichever is longer.",
    )
    run_history: bool = Field(
        default=True,
        description="Add a row for each resource to `_headrace_runs`, however a sync ends.",
    )
    views: ViewsConfig | None = Field(
        default=None,
        description="Make views that tell how executions went, after each `headrace run`.",
    )
