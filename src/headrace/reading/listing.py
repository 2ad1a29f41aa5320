"""One listing of an API: asks for its pages in turn and cuts them into rows."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import field, replace
from functools import partial
from typing import Any, TypeVar

from jsonpath_ng import JSONPath

from headrace.config.built.lanes import PageLanesSettings
from headrace.core.exceptions import (
    ExpressionError,
    HeadraceError,
    PageError,
    ResponseStatusError,
)
from headrace.core.exchange import Request, Response, ShownRequest
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here
from headrace.http.ahead import AskedAhead
from headrace.http.answer_policy import ACCEPTED
from headrace.http.auth.base import AnyAuthentication
from headrace.http.response_hooks import ResponseHook, ResponseIgnored
from headrace.reading.accepted import require_rows
from headrace.reading.client import Client
from headrace.reading.counting import RowCount
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.lanes.pages import laned_pages
from headrace.reading.listing_ends import (
    ask_for_count,
    end_of,
    is_skipped,
    judge_single_page,
    leads_nowhere,
    refuse_other_way,
    refuse_unless_past_end,
    refuse_unless_whole,
    tell_ignored_end,
    tell_skipped,
)
from headrace.reading.listing_notes import tell_page, with_told_decoder, with_told_paginator
from headrace.reading.listing_pass import ListingPass
from headrace.reading.making import MakingRows
from headrace.reading.request_template import RequestTemplate
from headrace.sansio.decoding import Decoder, FieldsLeftOut, RowMaker, RowShape, Slicer, new_slicer
from headrace.sansio.paging import Accounting, ListingAccount, Page, Paginator, SinglePages
from headrace.sansio.rows import SlicedPage

_LOGGER = logging.getLogger(__name__)
_NO_CONTENT = frozenset({204, 205})

Following = TypeVar("Following")


@stays_here
@dataclass(frozen=True, slots=True)
class Listing:
    """How to list a resource from its first page to its last.

    Args:
        name: The name of the resource.
        request: What the endpoint asks for, before a paginator adds to it.
        credentials: The credentials that go with each request.
        data_selector: The JSONPath to the rows of a page; None to look for a list in it.
        new_paginator: Makes a paginator for one pass through the listing.
        hook: Sees each answer before it counts; None where every answer counts.
        skipped: The error statuses by which an answer to the first page says that the API does not
            have the resource here.
        most_attempts: How many attempts to make for each request; as many as the client's settings
            say when None.
        is_one_of_many: Whether its rows are wanted even if it fails, beside those of others.
        accounting: How its rows are counted, to see whether it is whole.
        row_count: Asks the API for the number of its rows; None where that has no path of its own.
        single_pages: Judges the listings of a resource together that are one page each, as it
            seems; None where each is judged by itself.
        decoder: What the answers are written in; None to guess it from the first one.
        row_shape: What rows are made of; None where they are objects already.
        row_maker: Makes rows of parts of the listed ones, or leaves fields out of them; None where
            these are the rows.
        token_path: Where its last page names what the next sync is to send; None for nowhere.
        token_of: Reads that of a page.
        lanes: How several of its pages are asked for at once; None for one after the other.
        falls_short: Is told where it ends before its total, and whether the config ends it there;
            says whether it may. None where the config has the last word.
        asks_ahead: Whether pages may be asked for before they are due.
    """

    name: str
    request: Request
    credentials: AnyAuthentication
    data_selector: str | JSONPath | None
    new_paginator: Callable[[], Paginator]
    hook: ResponseHook | None = None
    skipped: frozenset[int] = frozenset()
    most_attempts: int | None = None
    is_one_of_many: bool = False
    accounting: Accounting = field(default_factory=Accounting)
    row_count: RowCount | None = None
    single_pages: SinglePages | None = None
    decoder: Decoder | None = None
    row_shape: RowShape | None = None
    row_maker: RowMaker | FieldsLeftOut | None = field(default=None, repr=False)
    token_path: JsonPath | None = None
    token_of: Callable[[Page], Any] | None = field(default=None, repr=False)
    falls_short: Callable[[bool], bool] | None = None
    lanes: PageLanesSettings | None = None
    asks_ahead: bool = True

    def filled(
        self, template: RequestTemplate, fill: Callable[[RequestTemplate], Request]
    ) -> Listing:
        """The same listing with the placeholders of its requests filled.

        Args:
            template: The template of its request.
            fill: Makes the request of a template.

        Raises:
            ConfigError, KeyError: A placeholder has no value.
        """
        row_count = self.row_count
        return replace(self, request=fill(template), row_count=row_count and row_count.filled(fill))

    def open(self, client: Client, figures: ResourceFigures) -> OpenListing:
        """Begins to read it.

        Args:
            client: The client to ask with.
            figures: Where to count requests, pages, rows and bytes.
        """
        maker = self.row_maker
        making = None if maker is None else MakingRows(maker, self.name, figures)
        return OpenListing(self, client, figures, making)

    def pages(self, client: Client, figures: ResourceFigures) -> AsyncIterator[FetchedPage]:
        """Lists all pages: `OpenListing.pages`."""
        return self.open(client, figures).pages()


@stays_here
@dataclass(frozen=True, slots=True)
class OpenListing:
    """A listing that is being read.

    Args:
        listing: How the resource is listed.
        client: The client to ask with.
        figures: Where to count requests, pages, rows and bytes.
        making: Makes rows of parts of the listed ones; None where these are the rows.
    """

    listing: Listing
    client: Client
    figures: ResourceFigures
    making: MakingRows | None = None

    def new_pass(self) -> ListingPass:
        """Begins a pass down the listing."""
        paginator = self.listing.new_paginator()
        token = self.listing.token_path
        also = () if token is None else (token,)
        slicer = self.new_slicer(lambda: (*paginator.paths, *also))
        return ListingPass(paginator, slicer, ListingAccount(self.listing.accounting))

    def new_slicer(self, paths: Callable[[], tuple[JsonPath, ...]] = tuple) -> Slicer:
        """Makes what cuts the pages of one pass.

        Args:
            paths: Gives the paths that will be looked up in the next page.
        """
        listing = self.listing
        clean = self.cleaned if self.making is None else self.making.hiding(self.cleaned)
        return new_slicer(listing.decoder, listing.data_selector, paths, clean, listing.row_shape)

    async def pages(self) -> AsyncIterator[FetchedPage]:
        """Lists all pages.

        Raises:
            RequestError: A request got no usable answer.
            PageError: An answer is not the page that the config describes, or the listing ends
                before all rows came that the API says there are.
        """
        walk = self.new_pass()
        if self.listing.asks_ahead:
            walk.ask_ahead()
        request: Request | None = self._first_request(walk.paginator)
        await ask_for_count(self, walk)
        while request is not None:
            following = partial(walk.paginator.next_request, request)
            try:
                fetched, request = await self.page(request, walk, following)
            except ResponseIgnored as ignored:
                _LOGGER.info("%s ends the listing at %s", ignored.why, ignored.request)
                tell_ignored_end(self, walk)
                end = end_of(walk, is_ignored=True)
                yield FetchedPage([], 0, ignored.request, is_last=True, end=end)
                break
            except ResponseStatusError as error:
                request_shown = ShownRequest.of(self.listing.request.method, error.url or "")
                if is_skipped(self, walk, error):
                    tell_skipped(self, error)
                    end = replace(end_of(walk, is_ignored=True), is_skipped=True)
                    yield FetchedPage([], 0, request_shown, is_last=True, end=end)
                    break
                refuse_unless_past_end(error, walk)
                await refuse_unless_whole(self, walk, request_shown)
                end = end_of(walk, status=error.status)
                yield FetchedPage([], 0, request_shown, is_last=True, end=end)
                break
            fetched = with_told_paginator(self, walk, fetched)
            if request is not None and leads_nowhere(self, walk, fetched):
                request = None
            if request is not None and walk.number == 1 and self.listing.lanes is not None:
                laned = laned_pages(self, walk, self.listing.lanes, fetched)
                if laned is not None:
                    async with aclosing(laned) as pages:
                        async for page in pages:
                            yield self.made(page)
                    break
            if request is None:
                judge_single_page(self.listing, walk, fetched)
                try:
                    await refuse_unless_whole(self, walk, fetched.request)
                except HeadraceError:
                    if self.listing.is_one_of_many:
                        yield self.made(fetched)
                    raise
                fetched = replace(fetched, is_last=True, end=end_of(walk))
            yield self.made(fetched)
        is_alone = not self.listing.is_one_of_many and self.listing.single_pages is None
        if self.making is not None and is_alone:
            self.making.tell()
        self.figures.listings_ended += 1

    def _first_request(self, paginator: Paginator) -> Request:
        name = self.listing.name
        try:
            return paginator.first_request(self.listing.request)
        except PageError as error:
            told = self.cleaned(f"resource `{name}`: {error}")
            raise error.located(told, resource=name) from None

    def made(self, page: FetchedPage) -> FetchedPage:
        """The page with the rows that are made of its listed ones, which are counted.

        Args:
            page: A page of the listing.
        """
        if self.making is not None:
            page = self.making.made(page)
        self.figures.rows += len(page.rows) + len(page.unreadable)
        return page

    def cleaned(self, text: str) -> str:
        """The text without the listing's secrets, those included that came up on the way.

        Args:
            text: Any text that is to be shown.
        """
        redactor = self.client.redactor(self.listing.request, self.listing.credentials)
        return redactor.clean(text)

    async def page(
        self, request: Request, walk: ListingPass, following: Callable[[Page], Following]
    ) -> tuple[FetchedPage, Following]:
        """Asks for one page and cuts it.

        Args:
            request: The request for the page.
            walk: The pass that the page is part of.
            following: Asks the paginator what comes after a page: the next request, or, where the
                listing is kept up with, the next cursor.

        Returns:
            The page, and what comes after it.

        Raises:
            ResponseIgnored: An action of the config says that the answer does not count.
            RequestError: The request got no usable answer.
            PageError: The answer is not the page that the config describes.
        """
        walk.number += 1
        walk.request = request
        response, sliced = await self.cut(request, walk.slicer, self.listing.hook, walk.ahead)
        self.figures.requests += 1
        seen = walk.seen(response, sliced)
        try:
            next_step = following(seen)
            token = None if self.listing.token_of is None else self.listing.token_of(seen)
            if walk.number == 1 and next_step is None and walk.paginator.found_nothing:
                refuse_other_way(seen)
        except (PageError, ExpressionError) as error:
            raise self.located(error, response) from None
        known = walk.paginator.listed_before
        walk.account.meet(seen, known)
        if walk.number == 1 and self.listing.lanes is not None:
            walk.first = seen
        if known:
            unreadable = sliced.unreadable if known < len(sliced.rows) else []
            sliced = replace(sliced, rows=sliced.rows[known:], unreadable=unreadable)
        return self.fetched(response, sliced, walk, token), next_step

    def fetched(
        self, response: Response, sliced: SlicedPage, walk: ListingPass, token: Any = None
    ) -> FetchedPage:
        """What goes on of a page that has come, which is counted.

        Args:
            response: The answer.
            sliced: The rows of it that are wanted, and the rest.
            walk: The pass that the page is part of.
            token: What it names for the next sync to send.
        """
        size = len(response.body)
        self.figures.pages += 1
        self.figures.bytes += size
        fetched = FetchedPage(
            sliced.rows,
            max(size, sliced.size),
            response.request,
            unreadable=sliced.unreadable,
            total=walk.account.total,
            token=token,
        )
        if self.making is not None:
            fetched = self.making.kept(fetched)
        fetched = with_told_decoder(self, walk, fetched)
        tell_page(self, walk, fetched)
        return fetched

    async def cut(
        self,
        request: Request,
        slicer: Slicer,
        hook: ResponseHook | None = None,
        ahead: AskedAhead | None = None,
    ) -> tuple[Response, SlicedPage]:
        """Asks, and cuts the answer into its rows and the rest.

        An answer that is cut off is asked for again, so the cutting belongs to the request.

        Args:
            request: What to ask.
            slicer: What cuts the answer.
            hook: Sees the answer before it counts.
            ahead: Asks for what probably follows; None for nothing.

        Raises:
            ResponseIgnored, RequestError, PageError: As from `page`.
        """

        def cut(response: Response) -> tuple[Response, SlicedPage]:
            if response.status in _NO_CONTENT and not response.body:
                return response, SlicedPage([], {}, None)
            try:
                if response.status == ACCEPTED:
                    require_rows(response, self.listing.data_selector, self.new_slicer)
                content_type = response.headers.get("Content-Type", "")
                return response, slicer.slice(response.body, content_type)
            except PageError as error:
                raise self.located(error, response) from None

        return await self.client.read(
            request,
            self.listing.credentials,
            cut,
            self.figures,
            hook,
            self.listing.most_attempts,
            ahead,
        )

    def located(self, error: HeadraceError, response: Response) -> HeadraceError:
        """The error, with the resource and the answer that it is about.

        Args:
            error: What is wrong with the answer.
            response: The answer.
        """
        name = self.listing.name
        told = self.cleaned(f"resource `{name}`, {response.request}: {error}")
        url, status = response.request.url, response.status
        return error.located(told, resource=name, url=url, status=status)
