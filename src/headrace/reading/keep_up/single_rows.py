"""Rows that are asked for one by one, each by its own path."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.reading.listing import Client, FetchedPage, Listing, Read
from headrace.sansio.rows import PageSlicer, SlicedPage

_ABSENT = frozenset({404, 410})
_DOTS = frozenset({"", ".", ".."})


class SingleRows:
    """Asks for single rows of a resource, in one sync.

    Args:
        listing: of the resource.
        config: with the path of one row.
        figures: to count on.
    """

    def __init__(self, listing: Listing, config: TailConfig, figures: ResourceFigures) -> None:
        self._listing = listing
        self._config = config
        self._figures = figures
        self._slicer: PageSlicer | None = None
        self._found = 0
        self._missed = 0
        self._missed_open = False

    async def fetch(
        self, client: Client, identity: int | str, *, is_open: bool
    ) -> FetchedPage | None:
        """Asks for one row.

        Args:
            client: to ask with.
            identity: what its path names it by.
            is_open: it was seen before, and can still change.

        Returns:
            A page with that row alone; None when there is no such row.

        Raises:
            RequestError: there is no usable answer.
            PageError: the answer is not one row, or no path can name the row.
        """
        if self._slicer is None:
            clean = partial(self._listing.cleaned, client)
            self._slicer = PageSlicer(self._config.refresh_selector, clean=clean)
        answer = await self._read(client, identity, partial(self._cut, self._slicer))
        if answer is None:
            self._missed += 1
            self._missed_open |= is_open
            return None
        self._found += 1
        response, sliced = answer
        where = self._where(response)
        if len(sliced.rows) + len(sliced.unreadable) != 1:
            raise PageError(
                f"{where}: should be the row {identity!r} alone, but holds "
                f"{len(sliced.rows)} rows. Check `incremental.refresh_path` and "
                "`incremental.refresh_selector`.",
                resource=self._listing.name,
                url=response.request.url,
                status=response.status,
            )
        size = len(response.body)
        return FetchedPage(sliced.rows, size, response.request, unreadable=sliced.unreadable)

    async def check_path(self, client: Client, shown: int | str) -> None:
        """Where no row was found by its path, sees whether one is that the listing shows.

        With a wrong path hidden rows never arrive, of which a note is made; and open rows would
        count as gone.

        Args:
            client: to ask with.
            shown: names a row that the listing has just shown.

        Raises:
            RequestError: there is no usable answer.
            PageError: that row is not found either, and open ones were not.
        """
        if self._found or not self._missed:
            return
        if await self._read(client, shown, _as_it_came) is None:
            told = (
                f"resource `{self._listing.name}`: the listing shows row `{shown}`, but GET "
                f"{self._path(shown)} finds none, as with the other {self._missed} that were "
                "asked for. Check `incremental.refresh_path`, and that the credentials may read "
                "single rows"
            )
            if self._missed_open:
                raise PageError(f"{told}; nothing was saved.", resource=self._listing.name)
            self._figures.notes.append(f"{told}: what the listing hides is not found otherwise.")
        self._found += 1

    def _cut(self, slicer: PageSlicer, response: Response) -> tuple[Response, SlicedPage]:
        try:
            content_type = response.headers.get("Content-Type", "")
            return response, slicer.slice(response.body, content_type)
        except PageError as error:
            raise error.located(
                f"{self._where(response)}: {error}",
                resource=self._listing.name,
                url=response.request.url,
                status=response.status,
            ) from None

    def _where(self, response: Response) -> str:
        return f"resource `{self._listing.name}`, {response.request}"

    async def _read(
        self, client: Client, identity: int | str, read: Callable[[Response], Read]
    ) -> Read | None:
        listing = self._listing
        path = self._path(identity)
        request = Request("GET", path, listing.request.params, listing.request.headers)
        try:
            answer = await client.read(request, listing.credentials, read, self._figures)
        except ResponseStatusError as error:
            if error.status not in _ABSENT:
                raise error.located(
                    f"{error} The request was for one row of resource `{listing.name}`, by its "
                    "`incremental.refresh_path`.",
                    resource=listing.name,
                ) from None
            answer = None
        self._figures.requests += 1
        return answer

    def _path(self, identity: int | str) -> str:
        name = quote(str(identity), safe="")
        if name in _DOTS:
            raise PageError(
                f"resource `{self._listing.name}`: a row's key is {str(identity)!r}, which cannot "
                "stand in the path of one row. Check `incremental.cursor_path`.",
                resource=self._listing.name,
            )
        return (self._config.refresh_path or "").format_map({self._config.primary_key[0]: name})


def _as_it_came(response: Response) -> Response:
    return response
