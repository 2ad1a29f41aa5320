"""The settings with which one API is asked."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import field

import requests

from headrace.core import defaults
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here
from headrace.http.retrying import RetrySettings
from headrace.http.throttle import RateLimit

BASE_URL = "client.base_url"


@stays_here
@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The settings with which one API is asked.

    Args:
        base_url: The URL that paths are joined to. A user name and a password in it are sent as
            basic authentication.
        headers: Headers that every request is sent with.
        concurrency: The number of requests that are under way at once.
        timeout: Seconds to wait for one answer, its body included.
        max_response_bytes: The largest body that is accepted, in bytes after decompression.
        retry: When a failed request is made again.
        rate_limit: How many requests may begin within a period; any number when None.
        allowed_hosts: Other hosts, each as `host` or `host:port`, that a redirect or a link may
            lead to. They are sent the credentials.
        session: The session that sends the requests, with its own headers, cookies, proxies and
            certificates; None for one of Headrace's own.
        url_key: The key of the config that the base URL comes from, for messages.
        tls: Certificates of one's own, of the client or of an authority; None for what the system
            trusts. It holds for a session as well.
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
    tls: ssl.SSLContext | None = field(default=None, repr=False)
