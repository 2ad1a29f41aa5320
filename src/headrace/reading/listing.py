"""One listing of an API: asks for its pages in turn and cuts them into rows."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, TypeVar

import msgspec
from jsonpath_ng import JSONPath

from headrace.core.events import Event, tell
from headrace.core.exceptions import ExpressionError, HeadraceError, PageError
from headrace.core.exchange import Request, Response, ShownRequest
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.http.answer_hooks import AnswerIgnored, Judge
from headrace.http.auth.base import AnyAuthentication
from headrace.sansio.paging import Page, Paginator
from headrace.sansio.rows import PageSlicer, SlicedPage

_LOGGER = logging.getLogger(__name__)
_LONGEST_GUESS = 200

Following = TypeVar("Following")
Read = TypeVar("Read")


class Client(Protocol):
    """Gets answers; `headrace.http` has the one that asks over HTTP."""

    async def read(
        self,
        request: Request,
        credentials: AnyAuthentication,
        read: Callable[[Response], Read],
        figures: ResourceFigures,
        judge: Judge | None = None,
    ) -> Read:
        """Sends a request and makes of the whole answer what `read` does.

        Raises:
            AnswerIgnored: `judge` says so.
            RequestError: no answer, or an error status.
            PageError: `read` does not take the answer.
        """
        ...

    def redactor(self, request: Request, credentials: AnyAuthentication) -> Redactor:
        """What hides the secrets of a request in all that is told of it."""
        ...


def guessed(paginator: str) -> str:
    """Says what was guessed, and how to make it last.

    Args:
        paginator: its keys, as a config would say them.
    """
    return f"the paginator is guessed (`{paginator}`); write it into the config to be sure of it"


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The rows of one page, still JSON.

    Args:
        rows: the bytes of each that can be read.
        unreadable: the bytes of the others.
        size: of the whole page in bytes.
        request: The request that brought it, fit to be shown.
        is_last: whether the listing ends with it.
        guess: how the listing goes on, where that was guessed from this page.
        place: that its listing has among several.
    """

    rows: list[msgspec.Raw] = field(repr=False)
    size: int
    request: ShownRequest = field(repr=False)
    is_last: bool = False
    unreadable: list[msgspec.Raw] = field(default_factory=list, repr=False)
    guess: str | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """How to list a resource from its first page to its last.

    Args:
        name: of the resource.
        request: what the endpoint asks for, before a paginator adds to it.
        credentials: that go with each request.
        data_selector: JSONPath to the rows; None to look for them.
        new_paginator: makes a paginator for one pass through the listing.
        judge: sees each answer before it counts; none when None.
    """

    name: str
    request: Request
    credentials: AnyAuthentication
    data_selector: str | JSONPath | None
    new_paginator: Callable[[], Paginator]
    judge: Judge | None = None

    async def pages(self, client: Client, figures: ResourceFigures) -> AsyncIterator[FetchedPage]:
        """Lists all pages.

        Args:
            client: to ask with.
            figures: to count on.

        Raises:
            RequestError: a request got no usable answer.
            PageError: an answer is not the page that the config describes.
        """
        paginator = self.new_paginator()
        request: Request | None = self._first_request(client, paginator)
        slicer = self.slicer(client, paginator)
        number = 0
        while request is not None:
            number += 1
            following = partial(paginator.next_request, request)
            try:
                fetched, request = await self.fetch(
                    client, request, slicer, number, figures, following
                )
            except AnswerIgnored as ignored:
                _LOGGER.info("%s ends the listing at %s", ignored.why, ignored.request)
                yield FetchedPage([], 0, ignored.request, is_last=True)
                break
            figures.rows += len(fetched.rows) + len(fetched.unreadable)
            if number == 1 and paginator.guess is not None:
                # There are keys of the answer in it.
                guess = one_line(self.cleaned(client, paginator.guess), _LONGEST_GUESS)
                fetched = replace(fetched, guess=guess)
                told = f"resource `{self.name}`: {guessed(guess)}"
                tell(_LOGGER, logging.INFO, told, Event("paginator guessed", self.name))
            yield fetched if request is not None else replace(fetched, is_last=True)
        figures.listings_ended += 1

    def _first_request(self, client: Client, paginator: Paginator) -> Request:
        try:
            return paginator.first_request(self.request)
        except PageError as error:
            told = self.cleaned(client, f"resource `{self.name}`: {error}")
            raise error.located(told, resource=self.name) from None

    def slicer(self, client: Client, paginator: Paginator) -> PageSlicer:
        """What cuts the pages of one pass through the listing.

        Args:
            client: to ask with.
            paginator: of that pass.
        """
        return PageSlicer(
            self.data_selector, lambda: paginator.paths, partial(self.cleaned, client)
        )

    def cleaned(self, client: Client, text: str) -> str:
        """The text without the secrets of the listing, those included that came up on the way.

        Args:
            client: that asks.
            text: to be shown.
        """
        return client.redactor(self.request, self.credentials).clean(text)

    async def fetch(
        self,
        client: Client,
        request: Request,
        slicer: PageSlicer,
        number: int,
        figures: ResourceFigures,
        following: Callable[[Page], Following],
    ) -> tuple[FetchedPage, Following]:
        """Asks for one page and cuts it.

        Args:
            client: to ask with.
            request: for the page.
            slicer: for the pages of this pass.
            number: of the page in this pass, from 1.
            figures: to count the request and the page on.
            following: what comes after a page, in the words of the paginator.

        Returns:
            The page, and what comes after it.

        Raises:
            AnswerIgnored: an action of the config says so.
            RequestError: the request got no usable answer.
            PageError: the answer is not the page that the config describes.
        """

        def cut(response: Response) -> tuple[Response, SlicedPage]:
            try:
                content_type = response.headers.get("Content-Type", "")
                return response, slicer.slice(response.body, content_type)
            except PageError as error:
                raise self._located(error, client, response) from None

        response, sliced = await client.read(request, self.credentials, cut, figures, self.judge)
        figures.requests += 1
        try:
            count = len(sliced.rows) + len(sliced.unreadable)
            page = Page(
                sliced.rest,
                sliced.document,
                response.headers,
                count,
                number,
                response.asked_url,
                [*sliced.rows, *sliced.unreadable] if sliced.unreadable else sliced.rows,
                response,
            )
            next_step = following(page)
        except (PageError, ExpressionError) as error:
            raise self._located(error, client, response) from None
        figures.pages += 1
        figures.bytes += len(response.body)
        if _LOGGER.isEnabledFor(logging.DEBUG):
            told = f"resource `{self.name}`: {response.request} answers with {count:,} rows"
            about = {"page": number, "rows": count, "bytes": len(response.body)}
            tell(_LOGGER, logging.DEBUG, told, Event("page", self.name, about))
        size = len(response.body)
        return (
            FetchedPage(sliced.rows, size, response.request, unreadable=sliced.unreadable),
            next_step,
        )

    def _located(self, error: HeadraceError, client: Client, response: Response) -> HeadraceError:
        """The error, with the answer that it is about."""
        told = self.cleaned(client, f"resource `{self.name}`, {response.request}: {error}")
        return error.located(
            told, resource=self.name, url=response.request.url, status=response.status
        )
