"""Pages in a way that is guessed from the first one."""

from __future__ import annotations

from typing import Any

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.cursor import CursorPaginator, CursorSettings
from headrace.sansio.paging.detection import Detected, detect
from headrace.sansio.paging.header_link import HeaderLinkPaginator
from headrace.sansio.paging.json_link import JsonLinkPaginator
from headrace.sansio.paging.links import LinkHeaderReader, LinkSecrets
from headrace.sansio.paging.numbered import Numbering
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.page_number import PageNumberPaginator
from headrace.sansio.paging.places import Place
from headrace.sansio.paging.single_page import SinglePagePaginator

_WHOLE_PAGE = (JsonPath("$"),)
_NO_SECRETS = LinkSecrets()


class AutoPaginator(Paginator):
    """Guesses as dlt does, and goes on as the paginator does that it has guessed.

    Args:
        read_links: reads a `Link` header.
        secrets: to be kept out of what stands for a page, where pages are linked.
    """

    def __init__(self, read_links: LinkHeaderReader, secrets: LinkSecrets = _NO_SECRETS) -> None:
        self._read_links = read_links
        self._secrets = secrets
        self._detected: Detected | None = None
        self._chosen: Paginator = SinglePagePaginator()

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The whole first page, then what the guessed one looks up."""
        return self._chosen.paths if self._detected else _WHOLE_PAGE

    @property
    def guess(self) -> str | None:
        """The keys of the guessed paginator, from the first page on."""
        return str(self._detected) if self._detected else None

    def next_cursor(self, page: Page) -> Any:
        """The guessed one's.

        Raises:
            PageError: as the guessed one.
        """
        if self._detected is None:
            self._detected = detect(page.document, page.headers, self._read_links)
            self._chosen = self._paginator(self._detected)
        try:
            return self._chosen.next_cursor(page)
        except PageError as error:
            raise PageError(
                f"{error}\nThe paginator was guessed from the first page (`{self.guess}`): name "
                "the right one under `endpoint.paginator`."
            ) from None

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The guessed one's."""
        return self._chosen.at_cursor(request, cursor)

    def _paginator(self, detected: Detected) -> Paginator:
        path = detected.path
        if detected.type == "header_link":
            return HeaderLinkPaginator(self._read_links, secrets=self._secrets)
        if path is None:
            return SinglePagePaginator()
        if detected.type == "json_link":
            return JsonLinkPaginator(path, self._secrets)
        if detected.type == "page_number":
            return PageNumberPaginator(Numbering(Place("page"), total_path=path))
        return CursorPaginator(CursorSettings(path))
