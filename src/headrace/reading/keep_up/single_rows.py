"""Rows that are asked for one by one, each by its own path."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.core.exchange import Request, Response
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import OpenListing
from headrace.sansio.decoding import single_row_slicer

_ABSENT = frozenset({404, 410})
_DOTS = frozenset({"", ".", ".."})

Answer = TypeVar("Answer")


class SingleRows:
    """Asks for single rows of a resource, in one sync.

    Args:
        listing: The listing of the resource.
        config: How it is kept up with, with the path of one row.
    """

    def __init__(self, listing: OpenListing, config: TailConfig) -> None:
        self._listing = listing
        self._config = config
        making = listing.making
        clean = listing.cleaned if making is None else making.hiding(listing.cleaned)
        self._slicer = single_row_slicer(listing.listing.decoder, config.refresh_selector, clean)
        self._found = 0
        self._missed = 0
        self._missed_open = False

    @property
    def have_worked(self) -> bool:
        """Whether a row was found by its path."""
        return bool(self._found)

    def note_found(self) -> None:
        """Notes that what was fetched is the row that was asked for."""
        self._found += 1

    async def fetch(
        self, identity: int | str, *, is_open: bool, most_attempts: int | None = None
    ) -> FetchedPage | None:
        """Asks for one row.

        Args:
            identity: The value by which the path names the row.
            is_open: Whether the row was seen before, and can still change.
            most_attempts: How many attempts to make; as many as the config says when None.

        Returns:
            A page with that row alone; None when there is no such row.

        Raises:
            RequestError: There is no usable answer.
            PageError: The answer is not one row, or no path can name the row.
        """
        listing = replace(self._listing.listing, most_attempts=most_attempts)
        cut = replace(self._listing, listing=listing).cut(self._request(identity), self._slicer)
        answer = await self._unless_absent(cut)
        if answer is None:
            self._missed += 1
            self._missed_open |= is_open
            return None
        response, sliced = answer
        if len(sliced.rows) + len(sliced.unreadable) != 1:
            name = self._listing.listing.name
            raise PageError(
                f"resource `{name}`, {response.request}: should be the row {identity!r} alone, "
                f"but holds {len(sliced.rows)} rows. Check `incremental.refresh_path` and "
                "`incremental.refresh_selector`.",
                resource=name,
                url=response.request.url,
                status=response.status,
            )
        size = len(response.body)
        page = FetchedPage(sliced.rows, size, response.request, unreadable=sliced.unreadable)
        making = self._listing.making
        return page if making is None else making.kept(page)

    async def check_path(self, listed_key: int | str) -> None:
        """Where no row was found by its path, sees whether one is that the listing shows.

        With a wrong path hidden rows never arrive, of which a note is made; and open rows would
        count as gone.

        Args:
            listed_key: The key of a row that the listing has just shown.

        Raises:
            RequestError: There is no usable answer.
            PageError: That row is not found either, and open ones were not.
        """
        if self._found or not self._missed:
            return
        listing = self._listing.listing
        asked = self._listing.client.read(
            self._request(listed_key), listing.credentials, _as_it_came, self._listing.figures
        )
        if await self._unless_absent(asked) is None:
            told = (
                f"resource `{listing.name}`: the listing shows row `{listed_key}`, but GET "
                f"{self._path(listed_key)} finds none, as with the other {self._missed} that were "
                "asked for. Check `incremental.refresh_path`, and that the credentials may read "
                "single rows"
            )
            if self._missed_open:
                raise PageError(f"{told}; nothing was saved.", resource=listing.name)
            note = f"{told}: what the listing hides is not found otherwise."
            self._listing.figures.notes.append(note)
        self._found += 1

    async def _unless_absent(self, asked: Awaitable[Answer]) -> Answer | None:
        """The answer to a request for one row; None where the server says that there is none."""
        name = self._listing.listing.name
        try:
            answer: Answer | None = await asked
        except ResponseStatusError as error:
            if error.status not in _ABSENT:
                raise error.located(
                    f"{error} The request was for one row of resource `{name}`, by its "
                    "`incremental.refresh_path`.",
                    resource=name,
                ) from None
            answer = None
        self._listing.figures.requests += 1
        return answer

    def _request(self, identity: int | str) -> Request:
        request = self._listing.listing.request
        return Request("GET", self._path(identity), request.params, request.headers)

    def _path(self, identity: int | str) -> str:
        name = quote(str(identity), safe="")
        if name in _DOTS:
            resource = self._listing.listing.name
            raise PageError(
                f"resource `{resource}`: a row's key is {str(identity)!r}, which cannot "
                "stand in the path of one row. Check `incremental.cursor_path`.",
                resource=resource,
            )
        return (self._config.refresh_path or "").format_map({self._config.primary_key[0]: name})


def _as_it_came(response: Response) -> Response:
    return response
