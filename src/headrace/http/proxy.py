"""Which proxy stands before an API, as the environment says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass
from urllib.request import proxy_bypass_environment as passes_by  # type: ignore[attr-defined]

# Elsewhere the settings of the system count too, which may change at any time.
_BY_ENVIRONMENT_ALONE = getproxies is getproxies_environment
_NAMES = [
    name
    for word in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for name in (word, word.upper())
]


def environment_proxy(url: str) -> str | None:
    """The proxy for a URL, by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

    No standard says what these variables mean; this is what Python and `requests` make of them.

    Args:
        url: The URL of the API.

    Returns:
        The URL of the proxy; None where there is none.
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if not parts.hostname:
        return None
    if _BY_ENVIRONMENT_ALONE:
        proxies = _of_environment(len(os.environ), *map(os.environ.get, _NAMES))
        passes = bool(proxies) and not passes_by(host, dict(proxies))
    else:
        proxies, passes = getproxies(), not proxy_bypass(host)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not passes or not proxy:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


@lru_cache(maxsize=1)
def _of_environment(*known_by: int | str | None) -> Mapping[str, str]:
    """The proxies that the environment names.

    Python looks at each variable for it, and where each tenant has a secret there are thousands.

    Args:
        known_by: By what it shows that others may be named there now.
    """
    return getproxies_environment()
