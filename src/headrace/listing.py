"""One listing of an API: asks for its pages in turn and cuts them into rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import msgspec
from jsonpath_ng import JSONPath

from headrace.exceptions import ExpressionError, PageError
from headrace.exchange import Request
from headrace.figures import ResourceFigures
from headrace.paging import Page, Paginator
from headrace.rows import PageSlicer
from headrace.wire.client import HttpClient
from headrace.wire.credentials import Credentials


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The rows of one page, still JSON.

    Args:
        rows: the bytes of each that can be read.
        unreadable: the bytes of the others.
        size: of the whole page in bytes.
        told: gives method and URL of the request that brought it, fit to be shown.
        is_last: whether the listing ends with it.
    """

    rows: list[msgspec.Raw]
    size: int
    told: Callable[[], str]
    is_last: bool = False
    unreadable: list[msgspec.Raw] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Listing:
    """How to list a resource from its first page to its last.

    Args:
        name: of the resource.
        request: what the endpoint asks for, before a paginator adds to it.
        credentials: that go with each request.
        data_selector: JSONPath to the rows; None to look for them.
        new_paginator: makes a paginator for one pass through the listing.
    """

    name: str
    request: Request
    credentials: Credentials
    data_selector: str | JSONPath | None
    new_paginator: Callable[[], Paginator]

    async def pages(
        self, client: HttpClient, figures: ResourceFigures
    ) -> AsyncIterator[FetchedPage]:
        """Lists all pages.

        Args:
            client: to ask with.
            figures: to count on.

        Raises:
            RequestError: a request got no usable answer.
            PageError: an answer is not the page that the config describes.
        """
        paginator = self.new_paginator()
        request: Request | None = paginator.first_request(self.request)
        clean = client.redactor(self.request, self.credentials).clean
        slicer = PageSlicer(self.data_selector, paginator.paths, clean)
        number = 0
        while request is not None:
            response = await client.send(request, self.credentials)
            figures.requests += 1
            number += 1
            try:
                content_type = response.headers.get("Content-Type", "")
                sliced = slicer.slice(response.body, content_type)
                count = len(sliced.rows) + len(sliced.unreadable)
                page = Page(sliced.rest, sliced.document, response.headers, count, number)
                following = paginator.next_request(request, page)
            except (PageError, ExpressionError) as error:
                told = f"resource `{self.name}`, {response.told()}: {error}"
                raise type(error)(clean(told)) from None
            figures.pages += 1
            figures.rows += count
            figures.bytes += len(response.body)
            yield FetchedPage(
                sliced.rows, len(response.body), response.told, following is None, sliced.unreadable
            )
            request = following
        figures.listings_ended += 1
