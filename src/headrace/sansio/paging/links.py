"""Pages that link to the next one, in their JSON or in a header, such as `Link` (RFC 8288).

They mean what dlt's `JSONLinkPaginator` and `HeaderLinkPaginator` mean. An empty link is the end
here; to dlt it is a link, from which no request can be made.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from string import capwords
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urljoin, urlsplit, urlunsplit

from headrace.core.defaults import LINK_HEADER, NEXT_PAGE
from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import MASK
from headrace.sansio.paging.guards import ReferenceGuard
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.row_keys import RowKeys

LinkHeaderReader = Callable[[str], Mapping[str, str]]
"""Reads a `Link` header: gives the URL of each link by its relation; none for an empty header."""


@dataclass(frozen=True, slots=True)
class LinkSecrets:
    """Secrets of a request that servers copy into their links.

    A link is saved with the state of a sync and shown in messages, so they are taken out of it.

    Args:
        credential_params: Names of the query parameters that the credentials add to each request;
            a link can go without them.
        private_params: Other query parameters of the endpoint whose value is a secret, by name; a
            link gets a mask in their place.
    """

    credential_params: frozenset[str] = frozenset()
    private_params: Mapping[str, str] = field(default_factory=dict, repr=False)

    def hide(self, query: str) -> str:
        """Takes the secrets out of a query string.

        Args:
            query: The query of a link, encoded.

        Returns:
            The query without the parameters of the credentials, and with a mask for the value of
            each private one.
        """
        parts = [part.partition("=") for part in query.split("&")] if query else []
        return "&".join(
            f"{name}={MASK}" if self._is_private(name, value) else f"{name}{mark}{value}"
            for name, mark, value in parts
            if unquote_plus(name) not in self.credential_params
        )

    def reveal(self, query: str) -> str:
        """Puts the private parameters back into a query string that `hide` made."""
        parts = [part.partition("=") for part in query.split("&")] if query else []
        return "&".join(
            f"{name}={quote_plus(self.private_params[unquote_plus(name)])}"
            if value == MASK and unquote_plus(name) in self.private_params
            else f"{name}{mark}{value}"
            for name, mark, value in parts
        )

    def _is_private(self, name: str, value: str) -> bool:
        return self.private_params.get(unquote_plus(name)) == unquote_plus(value)


_NO_SECRETS = LinkSecrets()


class LinkPaginator(Paginator):
    """Goes on with the URL that a page links to.

    Args:
        place: Where a page has its link, in words that can stand after "a link".
        hint: What the user should check when there is no usable link, or it leads in a circle.
        secrets: What to keep out of a URL that stands for a page.
        keys: Reads the keys of rows; None where no primary key is known.
    """

    def __init__(self, place: str, hint: str, secrets: LinkSecrets, keys: RowKeys | None) -> None:
        self._place = place
        self._hint = hint
        self._secrets = secrets
        self._first_params: Mapping[str, Any] = {}
        self._found_nothing = False
        self._guard = ReferenceGuard(f"a link {place}", hint, keys)

    @property
    def listed_before(self) -> int:
        """The rows of a last page that came twice, since it links to itself."""
        return self._guard.listed_before

    @property
    def ended_full(self) -> bool:
        """Whether the last page named itself, and is as long as the others."""
        return self._guard.ended_full

    @property
    def found_nothing(self) -> bool:
        """Whether the last page had nothing at all where the link should be."""
        return self._found_nothing

    def first_request(self, request: Request) -> Request:
        """The request as it is."""
        self._first_params = request.params
        return request

    @abstractmethod
    def link(self, page: Page) -> Any:
        """What stands where the link should be, or None where there is nothing."""

    @abstractmethod
    def has_no_place(self, page: Page) -> bool:
        """Whether a page lacks what should hold the link."""

    def next_cursor(self, page: Page) -> Any:
        """The URL of the page after this one, without secrets of the request; None at the end.

        Raises:
            PageError: What is there is no URL, or was followed before.
        """
        link = self.link(page)
        self._found_nothing = self.has_no_place(page)
        if link is None or link == "":
            return None
        url = self._whole(link, page)
        if page.number == 1 and _asks_for(url, page.url, self._first_params):
            self._guard.asked_by(url)
        return url if self._guard.leads_on(url, page) else None

    def foretold_request(self, request: Request, page: Page) -> Request | None:
        """The request for the URL that the page links to."""
        try:
            url = whole_link(self.link(page), page, self._secrets)
        except ValueError:
            return None
        return request_for(request, url, self._secrets) if self._guard.is_new(url) else None

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request for a URL, which says all that the first request's parameters said."""
        self._guard.asked_by(cursor)
        return request_for(request, cursor, self._secrets)

    def _whole(self, link: Any, page: Page) -> str:
        try:
            return whole_link(link, page, self._secrets)
        except ValueError as problem:
            raise PageError(
                f"page {page.number:,} has no link {self._place} that can be followed: {problem}. "
                f"{self._hint}"
            ) from None


def whole_link(link: Any, page: Page, secrets: LinkSecrets) -> str:
    """The URL that a page links to, without secrets of the request.

    Args:
        link: What stands where the link should be.
        page: The page.
        secrets: What to keep out of it.

    Raises:
        ValueError: It is no URL; the message says what it is.
    """
    problem = f"there is a {type(link).__name__}, and no text"
    if isinstance(link, str):
        problem = "it is no http(s) URL"
        try:
            # RFC 8288, 3.1: a relative link starts from the URL that was asked for.
            parts = urlsplit(link if urlsplit(link).scheme else urljoin(page.url, link))
        except ValueError:
            parts = urlsplit("")
        if parts.scheme in ("http", "https") and parts.netloc:
            return urlunsplit(
                parts._replace(
                    # User and password come from the credentials, not from the server.
                    netloc=parts.netloc.rpartition("@")[2],
                    query=secrets.hide(parts.query),
                    fragment="",
                )
            )
    raise ValueError(problem)


def request_for(request: Request, url: str, secrets: LinkSecrets) -> Request:
    """The request for a URL, which says all that the parameters of a request said.

    Args:
        request: The request.
        url: The URL, as `whole_link` made it.
        secrets: What was kept out of it.
    """
    parts = urlsplit(url)
    whole = urlunsplit(parts._replace(query=secrets.reveal(parts.query)))
    return replace(request, path=whole, params={})


class JsonLinkPaginator(LinkPaginator):
    """Goes on with the URL that a page names in its JSON.

    Args:
        next_url_path: Where the URL stands; nothing, null or an empty text is the end.
        secrets: What to keep out of a URL that stands for a page.
        keys: Reads the keys of rows; None where no primary key is known.
    """

    def __init__(
        self,
        next_url_path: JsonPath,
        secrets: LinkSecrets = _NO_SECRETS,
        keys: RowKeys | None = None,
    ) -> None:
        hint = "Check `paginator.next_url_path`; for a cursor use `type: cursor`."
        super().__init__(f"at `{next_url_path}`", hint, secrets, keys)
        self._path = next_url_path

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where the link is."""
        return (self._path,)

    def names_more(self, page: Page) -> bool:
        """Whether a page names a URL, or does not say that there is none."""
        return self.has_no_place(page) or bool(self.link(page))

    def link(self, page: Page) -> Any:
        """What the path leads to."""
        return self._path.first(page.document)

    def has_no_place(self, page: Page) -> bool:
        """Whether the path leads to nothing, not even to null."""
        return not self._path.find(page.document)


class HeaderLinkPaginator(LinkPaginator):
    """Goes on with the URL that an answer names in a header.

    Args:
        read_links: Reads a `Link` header; parsing it is left to a library of the room above.
        links_next_key: The relation (`rel`) of the link to follow.
        link_header: The name of the header. Where it is not `Link`, its value may be the bare URL.
            Where it is, and the first page has no such header, another one is taken whose name
            says `next` and which holds a URL.
        secrets: What to keep out of a URL that stands for a page.
        keys: Reads the keys of rows; None where no primary key is known.
    """

    def __init__(
        self,
        read_links: LinkHeaderReader,
        links_next_key: str = NEXT_PAGE,
        link_header: str = LINK_HEADER,
        secrets: LinkSecrets = _NO_SECRETS,
        keys: RowKeys | None = None,
    ) -> None:
        self._is_usual = link_header.lower() == LINK_HEADER.lower()
        place, hint = f"in its header `{link_header}`", "Check `paginator.link_header`"
        if self._is_usual:
            place = f"of `rel={links_next_key}` in its `Link` header"
            hint = "Check `paginator.links_next_key`"
        super().__init__(
            place, f"{hint}, and what the API says of its `{link_header}` header.", secrets, keys
        )
        self._read_links = read_links
        self._key = links_next_key
        self._header = link_header
        self._is_guessed = False

    @property
    def guess(self) -> str | None:
        """The header that was taken in place of a `Link` header that is not there."""
        return f"type: header_link, link_header: {self._header}" if self._is_guessed else None

    def link(self, page: Page) -> Any:
        """The URL of the last link with that relation, or the bare URL."""
        if self._is_usual and page.number == 1 and not page.headers.get(self._header):
            other = header_with_next_url(page.headers)
            if other is not None:
                self._header, self._is_usual, self._is_guessed = other, False, True
        value = page.headers.get(self._header) or ""
        if self._is_usual or value.lstrip().startswith("<"):
            return self._read_links(value).get(self._key)
        return value.strip()

    def has_no_place(self, page: Page) -> bool:
        """Whether there is no such header."""
        return page.headers.get(self._header) is None


def header_with_next_url(headers: Mapping[str, str]) -> str | None:
    """The name of a header that holds the bare URL of a next page, by its name.

    Args:
        headers: The headers of a page.
    """
    for name, value in headers.items():
        if NEXT_PAGE in name.lower() and value.strip().startswith(("http://", "https://", "/")):
            return capwords(name, "-")
    return None


def _asks_for(url: str, asked: str, params: Mapping[str, Any]) -> bool:
    """Whether a URL is the one that was asked for with these parameters."""
    parts = urlsplit(url)
    pairs = [
        (name, str(each))
        for name, value in params.items()
        for each in (value if isinstance(value, list | tuple) else [value])
        if each is not None
    ]
    pairs += parse_qsl(urlsplit(asked).query, keep_blank_values=True)
    is_same_place = urlunsplit(parts._replace(query="")) == asked.partition("?")[0]
    return is_same_place and sorted(parse_qsl(parts.query, keep_blank_values=True)) == sorted(pairs)
