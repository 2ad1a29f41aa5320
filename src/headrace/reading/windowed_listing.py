"""A listing that is asked for window by window, in halves where the API says that one is too large.

The pages of a window are held back until all of them are there: a window that turns out to be too
large is asked for in smaller ones, and what came of it would come twice.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import field, replace
from typing import Any, cast

from headrace.core.events import Event, log_event
from headrace.core.exceptions import HeadraceError, PageError
from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here
from headrace.http.response_hooks import ResponseHook, ResponseRefused
from headrace.http.server_time import server_time
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import Listing
from headrace.sansio.windows import Window, WindowSettings, WindowWalk, says_too_many
from headrace.sansio.windows.too_many import words_of_too_many

_LOGGER = logging.getLogger(__name__)
MOST_HELD = 64 * 1024 * 1024
"""Bytes of a window that are held back; what is larger is handed on as it comes, and not halved."""
_AS_SMALL = (
    "{error}\nThe window {window} is refused as too large, and cannot be made smaller: see "
    "`incremental.smallest_step`, or ask for less by `endpoint.params`."
)
_TOO_FAR = (
    "{error}\nThe window {window} is too large, and more of it has come than is held back, so it "
    "is not asked for in halves: make `incremental.step` smaller."
)
_ABOVE_MOST = (
    "resource `{name}`: the window {window} has {rows} rows, and by `incremental.most_rows` the "
    "API lists {most:,} at most."
)


@dataclass(frozen=True, slots=True)
class WindowPassed:
    """All of a window has been listed; it comes behind the window's pages.

    Args:
        reached: The place up to which all windows have been.
        settled: The place up to which they had shown all that will come, by the clock of the API.
        share: Which part of the range that is, from 0 to 1.
        is_last: Whether the range ends there.
    """

    reached: int
    settled: int
    share: float
    is_last: bool


@dataclass(frozen=True, slots=True)
class ListedWindow:
    """A window all of which has been listed; it comes behind the window's pages.

    Args:
        window: The window.
        asked_at: When it was asked for by the clock of the API, in seconds since 1970; None where
            no answer tells it.
        answered_at: When its last answer came, by that clock.
    """

    window: Window
    asked_at: float | None
    answered_at: float | None


@stays_here
@dataclass(frozen=True, slots=True)
class WindowedListing:
    """A range of a listing, window by window.

    Args:
        name: The name of the resource.
        settings: How the range is parted.
        low: The place where the range begins.
        high: The place where it ends.
        listing_of: Makes the listing of a window, by the values at its ends.
        wanted: So many rows are enough: pages are handed on once so many have come. None to hold
            the pages of each window back until all of them are there.
        on_passed: Is told of each window that has been listed.
        most_held: How many bytes of a window are held back.
        asks_ahead: Whether pages may be asked for before they are due.
    """

    name: str
    settings: WindowSettings
    low: int
    high: int
    listing_of: Callable[[Any, Any], Listing]
    wanted: int | None = None
    on_passed: Callable[[WindowPassed], object] = lambda passed: None
    most_held: int = MOST_HELD
    asks_ahead: bool = True

    async def pages(self, client: Client, figures: ResourceFigures) -> AsyncIterator[FetchedPage]:
        """Lists all windows: `items` without what is told between them."""
        async for item in self.items(client, figures):
            if isinstance(item, FetchedPage):
                yield item

    async def items(
        self, client: Client, figures: ResourceFigures
    ) -> AsyncIterator[FetchedPage | WindowPassed]:
        """Lists all windows.

        Args:
            client: The client to ask with.
            figures: Where to count requests, pages, rows and bytes.

        Raises:
            RequestError: A request got no usable answer.
            PageError: An answer is not the page that the config describes, or the smallest window
                is still too large.
        """
        walk = WindowWalk(self.settings, self.low, self.high)
        async with aclosing(self.walked(walk, client, figures)) as items:
            async for item in items:
                if isinstance(item, FetchedPage):
                    yield item
                    continue
                self.tell_listed(item.window, item.window.number, figures)
                is_last = item.window.is_last
                passed = WindowPassed(walk.reached, walk.settled, walk.share, is_last)
                self.on_passed(passed)
                yield passed

    async def walked(
        self, walk: WindowWalk, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage | ListedWindow, None]:
        """Lists the windows of a walk.

        Args:
            walk: The way through a part of the range, which goes on as windows are listed.
            client: The client to ask with.
            figures: Where to count requests, pages, rows and bytes.

        Raises:
            RequestError, PageError: As from `items`.
        """
        given = 0
        while (window := walk.window) is not None:
            enough = None if self.wanted is None else self.wanted - given
            asked = _AskedWindow(self, window, enough, may_be_halved=walk.may_be_halved)
            async with aclosing(asked.pages(client, figures)) as pages:
                async for page in pages:
                    given += len(page.rows)
                    yield page
            if asked.too_large is None:
                walk.pass_on(asked.asked_at)
                # All windows together are one listing.
                figures.listings_ended -= not window.is_last
                yield ListedWindow(window, asked.asked_at, asked.answered_at)
                continue
            error, shown = asked.too_large, window.shown(self.settings)
            if asked.is_given or not walk.halve():
                hint = _TOO_FAR if asked.is_given else _AS_SMALL
                raise error.located(hint.format(error=error, window=shown), resource=self.name)
            self._tell(
                window, window.number, "window halved", "is too large, and asked for in halves"
            )

    def tell_listed(self, window: Window, number: int, figures: ResourceFigures) -> None:
        """Tells that a window has been listed.

        Args:
            window: The window.
            number: Its number among those of the range, from 1.
            figures: What has been counted so far.
        """
        self._tell(window, number, "window listed", f"{figures.rows:,} rows so far")

    def _tell(self, window: Window, number: int, event: str, what: str) -> None:
        shown = window.shown(self.settings)
        told = f"resource `{self.name}`: window {number:,}, {shown}: {what}"
        about = {"window": number, "range": shown}
        log_event(_LOGGER, logging.INFO, told, Event(event, self.name, about))


@dataclass(slots=True)
class _AskedWindow:
    """A window that is being listed.

    Args:
        owner: The range that it is part of.
        window: The window.
        enough: So many rows are enough, and handed on once they have come; None to hold all back.
        may_be_halved: Whether it is not as small as it may get.

    Attributes:
        too_large: Why it has to be asked for in smaller ones; None where it has not.
        is_given: Whether pages of it were handed on already.
        asked_at: When it was asked for by the clock of the API, in seconds since 1970; None where
            no answer tells it.
        answered_at: When its last answer came, by that clock.
    """

    owner: WindowedListing
    window: Window
    enough: int | None
    may_be_halved: bool
    too_large: HeadraceError | None = None
    is_given: bool = False
    asked_at: float | None = None
    answered_at: float | None = None
    _held: list[FetchedPage] = field(default_factory=list)
    _is_short: bool = False

    async def pages(
        self, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        """The pages, once it is known that the window is not too large, or that it is too late."""
        listing = self.owner.listing_of(*self.window.ends(self.owner.settings))
        hook = _SizeHook(listing.hook)
        # All that was counted comes here then, also of a page that proves too little.
        asked = replace(
            listing,
            hook=hook,
            falls_short=self._fall_short,
            is_one_of_many=True,
            asks_ahead=self.owner.asks_ahead,
        )
        try:
            async with aclosing(self._passed_on(asked.pages(client, figures))) as passed:
                async for page in passed:
                    yield page
            self.asked_at, self.answered_at = hook.first_answer, hook.last_answer
        except HeadraceError as error:
            is_too_large = self._is_short or hook.tells_too_many(error)
            if not is_too_large and listing.is_one_of_many:
                for page in self._held:
                    yield page
                raise
            self._drop(figures)
            if not is_too_large:
                raise
            self.too_large = error
            return
        if self.too_large is not None:
            self._drop(figures)
            return
        for page in self._held:
            yield page

    async def _passed_on(
        self, pages: AsyncIterator[FetchedPage]
    ) -> AsyncGenerator[FetchedPage, None]:
        """Holds pages back, and passes on those for which there is no room."""
        size = rows = loadable = 0
        async with aclosing(cast(AsyncGenerator[FetchedPage, None], pages)) as listed:
            async for page in listed:
                is_last = page.is_last and self.window.is_last
                self._held.append(replace(page, window=self.window, is_last=is_last))
                size += page.size
                rows += page.count
                loadable += len(page.rows)
                self.too_large = self._above_most(rows, page.total)
                if self.too_large is not None:
                    return
                are_enough = self.enough is not None and loadable >= self.enough
                while self._held and (are_enough or size > self.owner.most_held):
                    self.is_given = True
                    yield self._held.pop(0)

    def _drop(self, figures: ResourceFigures) -> None:
        figures.rows -= sum(len(page.rows) + len(page.unreadable) for page in self._held)

    def _fall_short(self, ended_by_config: bool) -> bool:
        """Notes that the listing ends before its total; says whether it may.

        A paginator that reads no further leaves out what a smaller window would bring.
        """
        self._is_short = self.may_be_halved or not ended_by_config
        return not self._is_short

    def _above_most(self, rows: int, total: int | None) -> HeadraceError | None:
        settings = self.owner.settings
        most = settings.most_rows
        if most is None or (total <= most if total is not None else rows < most):
            return None
        told = f"{total:,}" if total is not None else f"{rows:,} or more"
        shown, name = self.window.shown(settings), self.owner.name
        message = _ABOVE_MOST.format(name=name, window=shown, rows=told, most=most)
        return PageError(message, resource=name)


class _SizeHook:
    """Calls a response hook, and sees whether the API says that a window is too large.

    Args:
        hook: The hook; None where there is none.

    Attributes:
        first_answer: The earliest time of an answer by the clock of the API, in seconds since 1970;
            None where none tells it.
        last_answer: The latest one.
    """

    def __init__(self, hook: ResponseHook | None) -> None:
        self._hook = hook
        self._says_so = False
        self._last: Response | None = None
        self.first_answer: float | None = None
        self.last_answer: float | None = None

    def __call__(self, request: Request, response: Response) -> Response:
        self._last = response
        told = server_time(response.headers)
        if told is not None:
            self.first_answer = min(told, self.first_answer or told)
            self.last_answer = max(told, self.last_answer or told)
        self._says_so = says_too_many(response.status, response.body)
        if self._hook is None:
            return response
        try:
            return self._hook(request, response)
        except ResponseRefused as refused:
            self._says_so |= refused.halves
            raise

    def tells_too_many(self, error: HeadraceError) -> bool:
        """Whether an error is one that a smaller window may not have.

        Args:
            error: What ended the listing of the window.
        """
        if self._says_so:
            return True
        # Some say so with the status 200, which is no page then.
        is_page = isinstance(error, PageError) and self._last is not None
        return is_page and self._last is not None and words_of_too_many(self._last.body)
