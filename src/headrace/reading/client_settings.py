"""Makes the settings with which an API is asked.

They come from the config; where it says nothing, from dlt's settings `[runtime] request_*`, which
dlt's own requests follow; and else from the defaults of the format.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from headrace.config import SourceConfig
from headrace.config.format.client import ClientConfig, RetryConfig, TlsConfig
from headrace.core.dlt_door.settings import runtime_number
from headrace.core.exceptions import ConfigError, Fault
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from headrace.http.throttle import RateLimit
from headrace.http.tls import TlsFiles, tls_context

Number = TypeVar("Number", int, float)


Runtime = Callable[[str, Any], Any]
"""Gives one of dlt's settings for its own requests; None where the user has not set it."""


Contexts = Callable[[TlsFiles], ssl.SSLContext]
"""Makes what certificates are used with."""


def client_settings(
    config: SourceConfig, runtime: Runtime = runtime_number, contexts: Contexts = tls_context
) -> ClientSettings:
    """Make the settings with which all requests of a source are made.

    Args:
        config: The config; what it says wins over dlt's settings.
        runtime: Gives dlt's settings.
        contexts: Makes what certificates are used with.

    Returns:
        The settings of the HTTP client.

    Raises:
        ConfigError: One of dlt's settings is no number, or one that cannot be used; or a file of
            `client.tls` is.
    """
    client = config.client
    rate = client.rate_limit
    return ClientSettings(
        base_url=client.base_url,
        headers=client.headers or {},
        concurrency=client.concurrency,
        timeout=_timeout(client, runtime),
        max_response_bytes=client.max_response_bytes,
        retry=_retry_settings(client.retry or RetryConfig(), runtime),
        rate_limit=RateLimit(rate.requests, rate.seconds) if rate else None,
        allowed_hosts=client.allowed_hosts or (),
        session=client.session,
        tls=_tls(client.tls, contexts),
    )


def _tls(tls: TlsConfig | None, contexts: Contexts) -> ssl.SSLContext | None:
    if tls is None:
        return None
    password = tls.key_password
    return contexts(
        TlsFiles(
            tls.cert,
            tls.key,
            None if password is None else password.get_secret_value(),
            tls.ca,
            tls.min_version,
        )
    )


def _timeout(client: ClientConfig, runtime: Runtime) -> float:
    if "timeout" in client.model_fields_set:
        return client.timeout
    return _dlt_setting(runtime, "request_timeout", client.timeout, least=0.001)


def _retry_settings(retry: RetryConfig, runtime: Runtime) -> RetrySettings:
    attempts, factor, delay = retry.max_attempts, retry.backoff_factor, retry.max_delay
    given = retry.model_fields_set
    if "max_attempts" not in given:
        attempts = _dlt_setting(runtime, "request_max_attempts", attempts, least=1)
    if "backoff_factor" not in given:
        factor = _dlt_setting(runtime, "request_backoff_factor", factor, least=0.0)
    if "max_delay" not in given:
        delay = _dlt_setting(runtime, "request_max_retry_delay", delay, least=0.0)
    return RetrySettings(
        status_codes=frozenset(retry.status_codes),
        max_attempts=attempts,
        backoff_factor=factor,
        max_delay=delay,
        respect_retry_after=retry.respect_retry_after,
        deadline=retry.deadline,
        # Whoever lists the statuses says of all others that they are not asked for again.
        heeds_answers="status_codes" not in given,
    )


def _dlt_setting(runtime: Runtime, name: str, default: Number, *, least: Number) -> Number:
    """One of dlt's settings for its own requests; the default where the user has not set it."""
    kind = type(least)
    try:
        value: Number | None = runtime(name, kind)
    except ValueError:
        value = kind(-1)
    if value is None:
        return default
    if not least <= value < float("inf"):
        number = "a whole number" if kind is int else "seconds"
        raise ConfigError([Fault(f"runtime.{name}", f"must be {number}, at least {least:g}")])
    return value
