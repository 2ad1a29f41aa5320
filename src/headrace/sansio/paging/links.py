"""What the paginators share whose pages link to the next one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus, unquote_plus, urljoin, urlsplit, urlunsplit

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.secrets.redaction import MASK
from headrace.sansio.paging.followed import Followed
from headrace.sansio.paging.page import Page, Paginator

LinkHeaderReader = Callable[[str], Mapping[str, str]]
"""Reads a `Link` header: gives the URL of each link by its relation; none for an empty header."""


@dataclass(frozen=True, slots=True)
class LinkSecrets:
    """What servers copy out of a request into their links, but nobody is to remember.

    Args:
        credential_params: query parameters that each request gets anyway.
        private_params: other parameters of the endpoint with a secret for their value.
    """

    credential_params: frozenset[str] = frozenset()
    private_params: Mapping[str, str] = field(default_factory=dict, repr=False)

    def hidden(self, query: str) -> str:
        """A query without them; where a private one was stands its mask."""
        parts = [part.partition("=") for part in query.split("&")] if query else []
        return "&".join(
            f"{name}={MASK}" if self._is_private(name, value) else f"{name}{mark}{value}"
            for name, mark, value in parts
            if unquote_plus(name) not in self.credential_params
        )

    def shown(self, query: str) -> str:
        """A hidden query with the private ones again."""
        parts = [part.partition("=") for part in query.split("&")] if query else []
        return "&".join(
            f"{name}={quote_plus(self.private_params[unquote_plus(name)])}"
            if value == MASK and unquote_plus(name) in self.private_params
            else f"{name}{mark}{value}"
            for name, mark, value in parts
        )

    def _is_private(self, name: str, value: str) -> bool:
        return self.private_params.get(unquote_plus(name)) == unquote_plus(value)


class LinkPaginator(Paginator):
    """Goes on with the URL that a page links to.

    Args:
        place: where a page has its link, in words that go behind "a link".
        hint: what to check when the link is none, or leads in a circle.
        secrets: to be kept out of what stands for a page.
    """

    def __init__(self, place: str, hint: str, secrets: LinkSecrets) -> None:
        self._place = place
        self._hint = hint
        self._secrets = secrets
        self._followed = Followed(f"a link {place}", hint)

    @abstractmethod
    def link(self, page: Page) -> Any:
        """What stands where the link should be; None where there is nothing."""

    def next_cursor(self, page: Page) -> Any:
        """The URL of the page after this one, without secrets of the request; None at the end.

        Raises:
            PageError: what is there is no URL, or was followed before.
        """
        link = self.link(page)
        # To dlt an empty link is one, that no request can be made from.
        if link is None or link == "":
            return None
        url = self._whole(link, page)
        self._followed.add(url, page)
        return url

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request for a URL: it says all that the parameters said of the page before."""
        parts = urlsplit(cursor)
        url = urlunsplit(parts._replace(query=self._secrets.shown(parts.query)))
        return replace(request, path=url, params={})

    def _whole(self, link: Any, page: Page) -> str:
        problem = f"there is a {type(link).__name__}, and no text"
        if isinstance(link, str):
            problem = "it is no http(s) URL"
            try:
                parts = urlsplit(link if urlsplit(link).scheme else urljoin(page.url, link))
            except ValueError:
                parts = urlsplit("")
            if parts.scheme in ("http", "https") and parts.netloc:
                return urlunsplit(
                    parts._replace(
                        # Who asks is said by the credentials.
                        netloc=parts.netloc.rpartition("@")[2],
                        query=self._secrets.hidden(parts.query),
                        fragment="",
                    )
                )
        raise PageError(
            f"page {page.number:,} has no link {self._place} that can be followed: {problem}. "
            f"{self._hint}"
        )
