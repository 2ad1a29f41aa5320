"""How to talk to one API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

from headrace.core import defaults
from headrace.http.retrying import RetrySettings
from headrace.http.throttle import RateLimit

BASE_URL = "client.base_url"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to talk to one API.

    Args:
        base_url: the URL that the paths stand below; a user name and password in it are sent as
            basic authentication.
        headers: sent with every request.
        concurrency: requests under way at once.
        timeout: seconds for one answer, its body included.
        max_response_bytes: the largest body taken, after decompression.
        retry: when a failed request is made again.
        rate_limit: how many requests may begin in a span of time; any number when None.
        allowed_hosts: other hosts that requests may be led to, with their credentials.
        session: that sends the requests, with its own headers, cookies, proxies and certificates;
            one of Headrace's own when None.
        url_key: of the config, that the base URL comes from.
    """

    base_url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency: int = defaults.CONCURRENCY
    timeout: float = defaults.TIMEOUT_SECONDS
    max_response_bytes: int = defaults.MAX_RESPONSE_BYTES
    retry: RetrySettings = field(default_factory=RetrySettings)
    rate_limit: RateLimit | None = None
    allowed_hosts: tuple[str, ...] = ()
    session: requests.Session | None = field(default=None, repr=False)
    url_key: str = BASE_URL
