"""A listing of what has changed since a token, and the token that its last page names."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import unquote_plus

from headrace.core.events import Event, log_event
from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.secrets.redaction import hold_secrets
from headrace.core.secrets.shipping import stays_here
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import Listing
from headrace.reading.request_template import RequestTemplate
from headrace.sansio.paging import LinkSecrets, Page
from headrace.sansio.paging.links import request_for, whole_link

_LOGGER = logging.getLogger(__name__)
_PLACEHOLDER = "{incremental."
_EXPIRED = (
    "`{name}`: the API takes its token of the last sync no more (status {status}), so all was "
    "listed anew. Rows that were deleted since then are in the table still: `headrace verify` "
    "finds them, and `headrace run --full-refresh` loads the table anew"
)
_EXPIRED_TOO_LATE = (
    "{error}\nBy `incremental.token_expired` the API takes its token of the last sync no more. "
    "Rows had come by then, which would be appended twice if all was listed anew now: "
    "`headrace run --list-anew` begins without a token."
)

Token = str | int | float


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class TokenPlace:
    """Where the pages of a listing name the token, and how requests carry it.

    Args:
        path: Where it stands in a page.
        template: The template of the requests.
        start_param: The query parameter that carries it; None for none.
        is_link: Whether it is the URL of the next sync.
        secrets: What to keep out of such a URL.
    """

    path: JsonPath
    template: RequestTemplate
    start_param: str | None = None
    is_link: bool = False
    secrets: LinkSecrets = field(default_factory=LinkSecrets)

    def read(self, page: Page) -> Token | None:
        """The token that a page names; None where it names none.

        Args:
            page: The page.

        Raises:
            PageError: What stands there is no token.
        """
        found = self.path.first(page.document)
        if found is None or found == "":
            return None
        if isinstance(found, bool) or not isinstance(found, (str, int, float)):
            raise PageError(
                f"there is a {type(found).__name__} at `incremental.token_path` (`{self.path}`), "
                "which is no token: it has to lead to a text or a number."
            )
        if not self.is_link:
            hold_secrets(self, [str(found)])
            return found
        try:
            link = whole_link(found, page, self.secrets)
        except ValueError as problem:
            raise PageError(
                f"what stands at `incremental.token_path` (`{self.path}`) cannot be asked for by "
                f"the next sync: {problem}. If it is a token and no URL, say as `start_param` "
                "which query parameter carries it."
            ) from None
        hold_secrets(self, _values_in(link))
        return link

    def request(self, token: Token | None) -> Request:
        """The request for what has changed since a token.

        Args:
            token: The token; None to ask for all.
        """
        if token is None:
            return without_values(self.template).filled({})
        hold_secrets(self, _values_in(str(token)) if self.is_link else [str(token)])
        if self.is_link:
            first = without_values(self.template).filled({})
            return request_for(first, str(token), self.secrets)
        names = ("incremental.start_value", "incremental.last_value")
        request = self.template.filled(dict.fromkeys(names, token))
        added = {} if self.start_param is None else {self.start_param: token}
        return replace(request, params={**request.params, **added})


def without_values(template: RequestTemplate) -> RequestTemplate:
    """The template without the members that hold a token: a first sync has none.

    Args:
        template: The template of the requests.
    """
    return replace(
        template,
        params=_without(template.params),
        headers=_without(template.headers),
        json=_without(template.json),
        data=_without(template.data),
    )


def _without(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without(each) for key, each in value.items() if not _holds(each)}
    if isinstance(value, list | tuple):
        return [_without(each) for each in value if not _holds(each)]
    return value


def _holds(value: Any) -> bool:
    return isinstance(value, str) and _PLACEHOLDER in value


def _values_in(link: str) -> list[str]:
    """What may be secret in a link: the values of its query."""
    query = link.partition("?")[2]
    return [unquote_plus(part.partition("=")[2]) for part in query.split("&")]


@stays_here
@dataclass(frozen=True, slots=True)
class TokenListing:
    """The listing of what has changed since a token, or of all where the API forgot it.

    Args:
        listing: The listing of the resource, which reads the token of each page.
        place: Where the token stands, and how it is sent.
        token: The token of the last sync; None to list all.
        expired: The statuses by which the API says that it takes it no more.
        may_repeat: Whether a row may come twice, since the table will have it once.
        begin_anew: Is called where all is listed since the API does not take it.
    """

    listing: Listing
    place: TokenPlace
    token: Token | None
    expired: frozenset[int]
    may_repeat: bool
    begin_anew: Callable[[], object] = lambda: None

    async def pages(self, client: Client, figures: ResourceFigures) -> AsyncIterator[FetchedPage]:
        """Lists all pages.

        Args:
            client: The client to ask with.
            figures: Where to count requests, pages, rows and bytes.

        Raises:
            RequestError, PageError: As from `Listing.pages`.
        """
        is_given = False
        try:
            async with aclosing(self._since(self.token, client, figures)) as pages:
                async for page in pages:
                    is_given = True
                    yield page
        except ResponseStatusError as error:
            if self.token is None or error.status not in self.expired:
                raise
            if is_given and not self.may_repeat:
                raise error.located(_EXPIRED_TOO_LATE.format(error=error)) from None
            told = _EXPIRED.format(name=self.listing.name, status=error.status)
        else:
            return
        log_event(_LOGGER, logging.WARNING, told, Event("token expired", self.listing.name))
        figures.note(told)
        self.begin_anew()
        async with aclosing(self._since(None, client, figures)) as pages:
            async for page in pages:
                yield page

    def _since(
        self, token: Token | None, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        listing = replace(self.listing, request=self.place.request(token))
        return cast(AsyncGenerator[FetchedPage, None], listing.pages(client, figures))
