"""Pages in a way that is guessed from the first one, as dlt's REST client guesses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonpath_ng import Child, Fields, JSONPath

from headrace.core.defaults import NEXT_PAGE, PAGE_PARAM
from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.cursor import CursorPaginator, CursorSettings
from headrace.sansio.paging.links import (
    HeaderLinkPaginator,
    JsonLinkPaginator,
    LinkHeaderReader,
    LinkSecrets,
)
from headrace.sansio.paging.numbered import Numbering, PageNumberPaginator
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.places import Place

_WHOLE_PAGE = (JsonPath("$"),)
_NO_SECRETS = LinkSecrets()

# The keys that dlt takes for links, totals and cursors (rest_client/detector.py). It matches them
# at the beginning of a key in any case of letters, but a total as a whole.
_LINK_KEYS = ("href", "url")
_TOTALS = frozenset(["total_pages", "pages", "totalpages"])
_LINK_BEGINNINGS = ("http", "/")


class SinglePagePaginator(Paginator):
    """Makes one request, for an endpoint that answers all at once."""

    def next_cursor(self, page: Page) -> Any:
        """None: there is no other page."""
        return None

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request as it is."""
        return request


class AutoPaginator(Paginator):
    """Guesses from the first page which paginator dlt would take, and goes on as that one does.

    Args:
        read_links: Reads a `Link` header.
        secrets: What to keep out of a URL that stands for a page, where pages are linked.
    """

    def __init__(self, read_links: LinkHeaderReader, secrets: LinkSecrets = _NO_SECRETS) -> None:
        self._read_links = read_links
        self._secrets = secrets
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

    def next_cursor(self, page: Page) -> Any:
        """The next cursor of the guessed paginator.

        Raises:
            PageError: The guessed paginator cannot go on.
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
        """The request of the guessed paginator for a cursor."""
        return self._chosen.at_cursor(request, cursor)

    def _paginator(self, detected: DetectedPaging) -> Paginator:
        path = detected.path
        if detected.type == "header_link":
            return HeaderLinkPaginator(self._read_links, secrets=self._secrets)
        if path is None:
            return SinglePagePaginator()
        if detected.type == "json_link":
            return JsonLinkPaginator(path, self._secrets)
        if detected.type == "page_number":
            return PageNumberPaginator(Numbering(Place(PAGE_PARAM), total_path=path))
        return CursorPaginator(CursorSettings(path))


@dataclass(frozen=True, slots=True)
class DetectedPaging:
    """An API's way of paging, as its first page shows it.

    Args:
        type: The type of the paginator: `header_link`, `json_link`, `page_number`, `cursor` or
            `single_page`.
        path: Where the link, the number of pages or the cursor stands; None where the type needs
            no path.
    """

    type: str
    path: JsonPath | None = None

    def __str__(self) -> str:
        keys = {"json_link": "next_url_path", "page_number": "total_path", "cursor": "cursor_path"}
        if self.path is None:
            return f"type: {self.type}"
        return f"type: {self.type}, {keys[self.type]}: {self.path}"


def detect(
    document: Any, headers: Mapping[str, str], read_links: LinkHeaderReader
) -> DetectedPaging:
    """Guesses how an API pages, with the same result as dlt's REST client.

    It looks for a `Link` header, a link in the JSON, a number of pages, and a cursor, in this
    order.

    Args:
        document: The whole first page, as JSON.
        headers: The headers of the first page.
        read_links: Reads a `Link` header.
    """
    if read_links(headers.get("Link", "")).get(NEXT_PAGE):
        return DetectedPaging("header_link")
    following = next(_found(document, _is_next), None)
    if following and isinstance(following[1], str) and following[1].startswith(_LINK_BEGINNINGS):
        return DetectedPaging("json_link", _path(following[0]))
    total = next(_found(document, _is_total), None)
    if total and _is_whole(total[1]):
        return DetectedPaging("page_number", _path(total[0]))
    if following:
        return DetectedPaging("cursor", _path(following[0]))
    return DetectedPaging("single_page")


_Match = tuple[tuple[str, ...], Any]


def _found(
    document: Any, match: Callable[[str, Any], _Match | None], above: tuple[str, ...] = ()
) -> Iterator[_Match]:
    """Goes through nested objects, not lists, in the order of the page."""
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        found = match(key, value)
        if found is not None:
            yield (*above, *found[0]), found[1]
        yield from _found(value, match, (*above, key))


def _is_next(key: str, value: Any) -> _Match | None:
    if not key.lower().startswith(NEXT_PAGE):
        return None
    if not isinstance(value, dict):
        return ((key,), value) if _is_scalar(value) else None
    for inner, reference in value.items():
        if inner.lower().startswith(_LINK_KEYS) and _is_scalar(reference):
            return (key, inner), reference
    return None


def _is_total(key: str, value: Any) -> _Match | None:
    return ((key,), value) if key.lower() in _TOTALS and _is_scalar(value) else None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _is_whole(value: Any) -> bool:
    try:
        int(value)
    except (ValueError, OverflowError):
        return False
    return True


def _path(keys: tuple[str, ...]) -> JsonPath:
    # Made of its parts: a key with a dot or a quote in it would be misread in a text.
    path: JSONPath = Fields(keys[0])
    for key in keys[1:]:
        path = Child(path, Fields(key))
    return JsonPath(path)
