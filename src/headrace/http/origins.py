"""Where requests, and with them credentials, may go.

Credentials belong to an origin (RFC 6454, 4). A server that redirects, or that names the URL of
the next page, could otherwise have them sent to wherever it likes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import field
from urllib.parse import urljoin

from headrace.core.exceptions import RedirectRefused
from headrace.core.exchange import ShownRequest
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor
from headrace.core.secrets.shipping import stays_here
from headrace.http.proxy import environment_proxy
from headrace.http.settings import BASE_URL
from headrace.http.url import DEFAULT_PORTS, host_and_port, join_url, origin, shown_origin

# All pages of a listing share one path; rows that are asked for one by one do not.
_MOST_KNOWN = 1024
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]{0,30}):")
_NOT_FOLLOWED = "which is neither http nor https; nothing else is followed."


@stays_here
@dataclass(frozen=True, slots=True)
class RequestTarget:
    """A URL that may be asked for.

    Args:
        url: The whole URL.
        home: A URL of the same origin, written as whoever allowed the origin wrote it.
        proxy: The URL of the proxy that leads there; None where there is none.
    """

    url: str = field(repr=False)
    home: str = field(repr=False)
    proxy: str | None = field(repr=False)


class AllowedOrigins:
    """The origin of the base URL, and the hosts that are allowed besides.

    Args:
        base_url: The base URL of the API.
        allowed_hosts: Hosts as `host`, on the usual port of the scheme, or as `host:port`. Without
            TLS they are followed to only if the API itself is asked without TLS.
        url_key: The key of the config that the base URL comes from.
    """

    def __init__(
        self, base_url: str, allowed_hosts: Iterable[str] = (), url_key: str = BASE_URL
    ) -> None:
        self._base_url = base_url
        self._url_key = url_key
        self._origin = origin(base_url)
        self._allowed = frozenset(host_and_port(host) for host in allowed_hosts)
        self._proxies: dict[str, str | None] = {}
        self._known: dict[str, RequestTarget] = {}

    def of_path(self, path: str, redactor: Callable[[], Redactor]) -> RequestTarget:
        """Where the path of a request leads.

        Args:
            path: A path below the base URL, or a whole URL.
            redactor: Gives what hides secrets in the error's message.

        Raises:
            RedirectRefused: It leads to where nothing may be sent.
        """
        known = self._known.get(path)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[path] = self._checked(
                join_url, self._base_url, path, "the request goes", redactor
            )
        return known

    def of_redirect(
        self,
        url: str,
        location: str,
        status: int,
        asked: ShownRequest,
        redactor: Callable[[], Redactor],
    ) -> RequestTarget:
        """Where a redirect leads.

        Args:
            url: The URL that was asked for. A relative location is relative to it (RFC 9110,
                10.2.2).
            location: The Location header of the answer.
            status: The HTTP status code of the redirect.
            asked: The request that was redirected, fit to be shown.
            redactor: Gives what hides secrets in the error's message.

        Raises:
            RedirectRefused: It leads to where nothing may be sent.
        """
        try:
            return self._checked(urljoin, url, location, f"{asked}: the server redirects", redactor)
        except RedirectRefused as refused:
            refused.located(url=asked.url, status=status)
            raise

    def _checked(
        self,
        join: Callable[[str, str], str],
        url: str,
        reference: str,
        who: str,
        redactor: Callable[[], Redactor],
    ) -> RequestTarget:
        try:
            target = join(url, reference)
            place = origin(target)
            shown = shown_origin(target)
        except ValueError as error:
            scheme = _SCHEME.match(reference)
            if scheme and scheme[1].lower() not in DEFAULT_PORTS:
                what = f"a `{scheme[1]}:` URL, {_NOT_FOLLOWED}"
            else:
                what = f"something that is no URL ({error})."
            raise RedirectRefused(redactor().clean(f"{who} to {what}")) from None
        if place == self._origin:
            return RequestTarget(target, self._base_url, self._proxy(self._base_url))
        if not self._is_allowed(place):
            clean = redactor().clean
            raise RedirectRefused(f"{who} to {clean(shown)}, {self._why_not(place, clean)}")
        return RequestTarget(target, shown, self._proxy(shown))

    def _why_not(self, place: tuple[str, str, int], clean: Callable[[str], str]) -> str:
        scheme, _, _ = place
        base = shown_origin(self._base_url)
        if scheme not in DEFAULT_PORTS:
            return _NOT_FOLLOWED
        if scheme != "https" and self._origin[0] == "https":
            return (
                f"which is without TLS, while `{self._url_key}` ({base}) is with it: credentials "
                "do not go where anybody on the way could read them."
            )
        if self._url_key != BASE_URL:
            way_out = f"If it has moved there, change `{self._url_key}`."
        else:
            way_out = (
                f"If they may go there too, list `{clean(_as_listed(place))}` in "
                "`client.allowed_hosts`."
            )
        return (
            f"which is not the origin of `{self._url_key}` ({base}); credentials do not leave it. "
            f"{way_out}"
        )

    def _is_allowed(self, place: tuple[str, str, int]) -> bool:
        scheme, host, port = place
        if scheme != "https" and (scheme not in DEFAULT_PORTS or self._origin[0] == "https"):
            return False
        return (host, port) in self._allowed or (
            port == DEFAULT_PORTS[scheme] and (host, None) in self._allowed
        )

    def _proxy(self, home: str) -> str | None:
        # Looked up once for each origin: aiohttp would do it in a thread for each request.
        if home not in self._proxies:
            self._proxies[home] = environment_proxy(home)
        return self._proxies[home]


def _as_listed(place: tuple[str, str, int]) -> str:
    """An origin as it has to be written to be allowed."""
    scheme, host, port = place
    name = f"[{host}]" if ":" in host else host
    return name if port == DEFAULT_PORTS[scheme] else f"{name}:{port}"
