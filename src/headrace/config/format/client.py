"""The keys of `client` and `pipeline`: how every request is made, where the rows go."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, Tag

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
    Secret,
    Session,
    TaggedObject,
    WholeNumber,
    fault,
)
from headrace.config.format.paginators import AnyPaginator
from headrace.core import defaults
from headrace.core.secrets.shipping import stays_here

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


def _version(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value


TlsVersion = Annotated[Literal["1.2", "1.3"], BeforeValidator(_version)]


class RetryConfig(FormatModel):
    """When a failed request is tried again."""

    status_codes: tuple[WholeNumber, ...] = Field(
        default=defaults.RETRIED_STATUS_CODES,
        description="HTTP statuses after which a request is tried again. Where they are not given, "
        "an answer that says itself that it passes counts too, such as a 403 with `Retry-After`.",
    )
    max_attempts: Count = Field(
        default=defaults.MAX_ATTEMPTS,
        description="Number of attempts for one request, the first one included.",
    )
    backoff_factor: Seconds = Field(
        default=defaults.BACKOFF_SECONDS,
        description="Seconds to wait before the second attempt; doubled before each further one.",
    )
    max_delay: Seconds = Field(
        default=defaults.MAX_DELAY_SECONDS,
        description="Longest wait between two attempts, in seconds.",
    )
    respect_retry_after: bool = Field(
        default=defaults.RESPECT_RETRY_AFTER,
        description="Whether to wait as long as the server's `Retry-After` or `RateLimit-*` "
        "headers say.",
    )
    deadline: Seconds = Field(
        default=defaults.DEADLINE_SECONDS,
        description="Seconds for one request, with all its attempts and waits.",
    )


class RateLimitConfig(FormatModel):
    """How many requests may begin within a period."""

    requests: Count = Field(description="Number of requests that may begin within `seconds`.")
    seconds: Seconds = Field(
        default=defaults.RATE_LIMIT_SECONDS,
        description="Length of the period, in seconds.",
    )


@stays_here
class TlsConfig(FormatModel):
    """Certificates of one's own; paths are relative to the working directory, `~` is the home."""

    cert: Name | None = Field(
        default=None,
        description="File of the certificate that the server wants to see of the client, in PEM "
        "form; its private key may be in it as well.",
    )
    key: Name | None = Field(
        default=None, description="File of the private key, where it is not in `cert`."
    )
    key_password: Secret | None = Field(
        default=None, description="Password of the private key, where it has one."
    )
    ca: Name | None = Field(
        default=None,
        description="File, or folder, of the authorities that sign the server's certificate, in "
        "place of those that the system trusts.",
    )
    min_version: TlsVersion | None = Field(
        default=None, description="Oldest version of TLS that is spoken."
    )


@stays_here
class ClientConfig(FormatModel):
    """What all requests to the API have in common."""

    base_url: Annotated[str, AfterValidator(_http_url)] = Field(
        description=f"the API's address, {_EXAMPLE}", repr=False
    )
    headers: dict[HeaderName, HeaderValue] | None = Field(
        default=None, description="Headers that every request is sent with.", repr=False
    )
    auth: AnyAuth | None = Field(
        default=None, description="How requests are authenticated.", repr=False
    )
    paginator: AnyPaginator | None = Field(
        default=None, description="How to get from page to page, unless an endpoint says otherwise."
    )
    session: Session = Field(
        default=None,
        description="A `requests.Session` that sends the requests; only in Python.",
        repr=False,
    )
    tls: TlsConfig | None = Field(
        default=None,
        description="Certificates of one's own: the client's, and those of whoever signs the "
        "server's.",
    )
    timeout: Seconds = Field(
        default=defaults.TIMEOUT_SECONDS,
        description="Seconds to wait for one answer, its body included.",
    )
    concurrency: Count = Field(
        default=defaults.CONCURRENCY,
        description="Number of requests that are under way at once, over all resources.",
    )
    max_response_bytes: Count = Field(
        default=defaults.MAX_RESPONSE_BYTES,
        description="Largest answer that is accepted, in bytes after decompression.",
    )
    retry: RetryConfig | None = Field(
        default=None, description="When a failed request is tried again."
    )
    rate_limit: RateLimitConfig | None = Field(
        default=None,
        description="How many requests may begin within a period; they are spread evenly over it.",
    )
    allowed_hosts: tuple[Annotated[str, AfterValidator(_host)], ...] | None = Field(
        default=None,
        description="Other hosts that a redirect or a link may lead to; they are sent the "
        "credentials. Each is written as `host` or `host:port`.",
    )
    moved_from: tuple[Annotated[str, AfterValidator(_host)], ...] | None = Field(
        default=None,
        description="Hosts where this same API was before. Tables that were loaded from there go "
        "on being loaded. Each is written as `host` or `host:port`.",
    )


Destination = Annotated[Annotated[str, Tag(TEXT)] | TaggedObject, BY_SHAPE]


class ViewsConfig(FormatModel):
    """Which tables the views over executions, and the report, read."""

    executions: Name = Field(
        default="executions", description="Name of the table with the executions."
    )
    workflows: Name = Field(
        default="workflows",
        description="Name of the table with `id` and `name` of the workflows; it may be missing.",
    )
    node_runs: Name = Field(
        default="node_runs",
        description="Name of the table with the runs of the executions' nodes; it may be missing.",
    )


class RetentionConfig(FormatModel):
    """How much of earlier syncs is kept; null keeps all of it."""

    packages: Count | None = Field(
        default=defaults.KEPT_PACKAGES,
        description="How many load packages stay in the local folder of the pipeline, without the "
        "files of their rows.",
    )
    states: Count | None = Field(
        default=defaults.KEPT_STATES,
        description="How many states of the pipeline stay in `_dlt_pipeline_state`, and how many "
        "loads in `_dlt_loads` of which no row is left.",
    )
    runs: Count | None = Field(
        default=defaults.KEPT_RUNS,
        description="How many syncs of the pipeline stay in `_headrace_runs`.",
    )


@stays_here
class PipelineConfig(FormatModel):
    """The dlt pipeline that a config run from the command line loads with."""

    name: Name | None = Field(
        default=None, description="Name of the pipeline; the name of the file when absent."
    )
    destination: Destination | None = Field(
        default=None,
        description="Destination of dlt to load into, for example `duckdb` or `postgres`.",
        repr=False,
    )
    dataset: Name | None = Field(
        default=None, description="Dataset (schema) to load into; `<pipeline>_dataset` when absent."
    )
    row_ids: bool = Field(
        default=True, description="Whether to add dlt's columns `_dlt_id` and `_dlt_load_id`."
    )
    strict: bool = Field(
        default=False,
        description="Whether to load nothing when a row cannot be loaded, instead of quarantining "
        "it.",
    )
    leg_bytes: Count = Field(
        default=defaults.LEG_BYTES,
        description="Bytes of raw pages after which a leg is loaded and committed, where a listing "
        "is kept up with.",
    )
    leg_seconds: Seconds = Field(
        default=defaults.LEG_SECONDS,
        description="Seconds of fetching after which a leg is loaded as well, or ten times as "
        "long as the last load took, if that is longer.",
    )
    run_history: bool = Field(
        default=True,
        description="Whether each sync adds a row for each resource to `_headrace_runs`, however "
        "it ends.",
    )
    retention: RetentionConfig = Field(
        default=RetentionConfig(),
        description="How much of earlier syncs is kept, on this machine and in the destination.",
    )
    views: ViewsConfig | None = Field(
        default=None,
        description="Make views that show how the executions went, after each `headrace run`.",
    )
