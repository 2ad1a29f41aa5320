"""Pages in a way that is guessed from the first one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.core.defaults import CURSOR_PARAM, LIMIT_PARAM, OFFSET_PARAM, PAGE_PARAM
from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.cursor import CursorPaginator, CursorSettings, HeaderCursorPaginator
from headrace.sansio.paging.detection import DetectedPaging, detect
from headrace.sansio.paging.links import (
    HeaderLinkPaginator,
    JsonLinkPaginator,
    LinkHeaderReader,
    LinkSecrets,
)
from headrace.sansio.paging.numbered import Numbering, OffsetPaginator, PageNumberPaginator
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.places import Place
from headrace.sansio.paging.row_keys import RowKeys
from headrace.sansio.paging.signs import looks_full, signs_of_more

_WHOLE_PAGE = (JsonPath("$"),)
_NO_SECRETS = LinkSecrets()


class SinglePagePaginator(Paginator):
    """Makes one request, for an endpoint that answers all at once."""

    def __init__(self) -> None:
        self._names_more = False

    def next_cursor(self, page: Page) -> Any:
        """None: there is no other page."""
        self._names_more = signs_of_more(page) is not None
        return None

    @property
    def stopped_early(self) -> bool:
        """Whether the page looks as if there were more, whatever the config says."""
        return self._names_more

    @property
    def stopped_by_user(self) -> bool:
        """True: the config says that there is one page."""
        return True

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request as it is."""
        return request


class AutoPaginator(Paginator):
    """Guesses from the first page how the API pages, and goes on as that paginator does.

    That it is the only page is believed only where nothing on it looks as if there were more.

    Args:
        read_links: Reads a `Link` header.
        secrets: What to keep out of a URL that stands for a page, where pages are linked.
        keys: Reads the keys of rows; None where no primary key is known.
    """

    def __init__(
        self,
        read_links: LinkHeaderReader,
        secrets: LinkSecrets = _NO_SECRETS,
        keys: RowKeys | None = None,
    ) -> None:
        self._read_links = read_links
        self._secrets = secrets
        self._keys = keys
        self._looks_full: bool | None = None
        self._request: Request | None = None
        self._detected: DetectedPaging | None = None
        self._chosen: Paginator = SinglePagePaginator()

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The whole first page, and for later pages what the guessed paginator looks up."""
        return self._chosen.paths if self._detected else _WHOLE_PAGE

    @property
    def guess(self) -> str | None:
        """The guessed paginator as a config would say it, from the first page on."""
        return str(self._detected) if self._detected else None

    @property
    def looks_full(self) -> bool | None:
        """Whether the page that is taken for the only one has as many rows as one that was cut."""
        return self._looks_full

    @property
    def is_numbered(self) -> bool:
        """Whether the guessed paginator counts on from page to page."""
        return self._chosen.is_numbered

    @property
    def listed_before(self) -> int:
        """The rows that the guessed paginator has seen before."""
        return self._chosen.listed_before

    @property
    def ended_full(self) -> bool:
        """Whether the guessed paginator ended at a full page that names itself."""
        return self._chosen.ended_full

    @property
    def may_be_past_end(self) -> bool:
        """Whether the guessed paginator only looks whether there is another page."""
        return self._chosen.may_be_past_end

    def first_request(self, request: Request) -> Request:
        """The request as it is."""
        self._request = request
        return request

    def next_cursor(self, page: Page) -> Any:
        """The next cursor of the guessed paginator.

        Raises:
            PageError: The guessed paginator cannot go on, or the page is hardly the only one.
        """
        if self._detected is None:
            params = self._request.params if self._request else {}
            self._detected = detect(page, self._read_links, params)
            self._chosen = self._paginator(self._detected)
            if self._detected.type == "single_page":
                self._looks_full = self._is_only_page(page, params)
            elif self._request is not None:
                self._chosen.first_request(self._request)
        try:
            return self._chosen.next_cursor(page)
        except PageError as error:
            raise PageError(
                f"{error}\nThe paginator was guessed from the first page (`{self.guess}`): name "
                "the right one under `endpoint.paginator`."
            ) from None

    def foretold_request(self, request: Request, page: Page) -> Request | None:
        """What the guessed paginator foretells."""
        return self._chosen.foretold_request(request, page)

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request of the guessed paginator for a cursor."""
        return self._chosen.at_cursor(request, cursor)

    def _is_only_page(self, page: Page, params: Mapping[str, Any]) -> bool:
        """Refuses a page that is hardly the only one; whether it looks full all the same."""
        seen = signs_of_more(page)
        if seen is not None:
            raise PageError(
                f"no paginator is named, and this page is hardly the only one: {seen}, under "
                "`endpoint.paginator`. If it is the only one, say `paginator: single_page`."
            )
        return looks_full(page, params)

    def _paginator(self, detected: DetectedPaging) -> Paginator:
        keys: Mapping[str, Any] = detected.keys
        match detected.type:
            case "header_link":
                return HeaderLinkPaginator(
                    self._read_links, secrets=self._secrets, keys=self._keys, **keys
                )
            case "json_link":
                return JsonLinkPaginator(keys["next_url_path"], self._secrets, self._keys)
            case "header_cursor":
                return HeaderCursorPaginator(keys=self._keys, **keys)
            case "page_number":
                return PageNumberPaginator(
                    Numbering(
                        Place(keys.get("page_param", PAGE_PARAM)),
                        start=keys.get("base_page", 0),
                        base=keys.get("base_page", 0),
                        total_path=keys["total_path"],
                    )
                )
            case "offset":
                numbering = Numbering(Place(OFFSET_PARAM), step=keys["limit"])
                return OffsetPaginator(numbering, Place(LIMIT_PARAM))
            case "cursor":
                return CursorPaginator(
                    CursorSettings(
                        keys["cursor_path"],
                        Place(keys.get("cursor_param", CURSOR_PARAM)),
                        has_more_path=keys.get("has_more_path"),
                    ),
                    self._keys,
                )
        return SinglePagePaginator()
