"""What a paginator sees of an answer, and what it must be able to say."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request, Response
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line

# dlt takes the same texts for a boolean, in any case of letters.
_TRUE = {"yes", "true", "t", "y", "1"}
_FALSE = {"no", "false", "f", "n", "0"}


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, as far as it decides how the listing goes on.

    Args:
        rest: The answer's JSON without its rows.
        document: What paths are looked up in: the same as `rest`, or the whole answer where a path
            of the paginator leads into the rows.
        headers: The headers of the answer.
        row_count: How many rows the answer brought.
        number: The number of the page in this pass through the listing, from 1.
        url: The URL that was asked for, without its parameters; relative links start from here.
        rows: The bytes of each row, still JSON.
        response: The answer as it came, for paginators that want to see for themselves.
        rows_at: The keys that lead to the rows, from the outermost on; empty where it is more than
            a path of keys, or where the answer is the list.
        items: How many items the answer has, where its rows are picked or taken out of these; None
            where its rows are its items.
    """

    rest: Any
    document: Any
    headers: Mapping[str, str]
    row_count: int
    number: int
    url: str = ""
    rows: Sequence[msgspec.Raw] = ()
    response: Response | None = None
    rows_at: tuple[str, ...] = ()
    items: int | None = None

    @property
    def item_count(self) -> int:
        """How many items the API counts on it."""
        return self.row_count if self.items is None else self.items

    @property
    def is_bare(self) -> bool:
        """Whether it has no content at all, as an answer with the status 204."""
        return self.document is None


class Paginator(Protocol):
    """Turns pages into requests.

    One instance serves one pass through one listing, since it may remember what it has seen.
    """

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The paths that it looks up in the next answer."""
        return ()

    @property
    def is_numbered(self) -> bool:
        """Whether it counts on, so that rows can move from one page to another meanwhile."""
        return False

    @property
    def listed_before(self) -> int:
        """How many of the last page's rows, its first ones, came with an earlier page as well."""
        return 0

    @property
    def may_be_past_end(self) -> bool:
        """Whether the next page is asked for only to see that there is none."""
        return False

    @property
    def looks_full(self) -> bool | None:
        """Whether the only page has as many rows as one that was cut.

        None where that it is the only one was not guessed.
        """
        return None

    @property
    def found_nothing(self) -> bool:
        """Whether the last page had nothing at all where the config looks for what follows."""
        return False

    @property
    def ended_full(self) -> bool:
        """Whether the last page named itself, and is as long as the others."""
        return False

    @property
    def stopped_by_user(self) -> bool:
        """Whether a bound of the config has ended the listing, and not the API."""
        return False

    @property
    def stopped_early(self) -> bool:
        """Whether it ended the listing where the API may have more, as the config wants it."""
        return self.stopped_by_user

    def names_more(self, page: Page) -> bool:
        """Whether a page may lead to another one; False only where the page says that none follows.

        Args:
            page: The page, at which the config ends the listing.
        """
        return True

    @property
    def guess(self) -> str | None:
        """What it takes the API's way of paging to be, as a config would say it.

        None where the config has said it, or where no page has come yet to guess from.
        """
        return None

    def first_request(self, request: Request) -> Request:
        """The request for the first page.

        Args:
            request: What the endpoint asks for.
        """
        return request

    def next_request(self, request: Request, page: Page) -> Request | None:
        """The request for the page after this one, or None at the end.

        Args:
            request: The request that brought the page.
            page: The page that it brought.

        Raises:
            PageError: The page does not say how to go on, or leads in a circle.
        """
        cursor = self.next_cursor(page)
        return None if cursor is None else self.at_cursor(request, cursor)

    def foretold_request(self, request: Request, page: Page) -> Request | None:
        """The request that probably follows a page, told before its rows are known.

        It changes nothing, and binds nobody: what follows is for `next_request` to say.

        Args:
            request: The request that brought the page.
            page: The page, without its rows.
        """
        return None

    @abstractmethod
    def next_cursor(self, page: Page) -> Any:
        """What stands for the page after this one, as a JSON value, or None at the end.

        Args:
            page: The page that came.

        Raises:
            PageError: The page does not say how to go on, or leads in a circle.
        """

    @abstractmethod
    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request for the page that a cursor stands for, in this pass or in a later one.

        Args:
            request: The first request of the listing.
            cursor: A cursor that `next_cursor` gave.
        """


class HasMore:
    """Reads from page after page whether more pages follow.

    Args:
        path: The config's `has_more_path`; None says nothing against going on.
    """

    def __init__(self, path: JsonPath | None) -> None:
        self._path = path
        self._was_told = False

    def says(self, page: Page) -> bool:
        """Whether more pages follow a page.

        Args:
            page: The page that came.

        Raises:
            PageError: The path leads to no boolean.
        """
        if self._path is None:
            return True
        value = self._path.first(page.document)
        if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
            value = value.lower() in _TRUE
        if isinstance(value, bool):
            self._was_told = True
            return value
        # JSON of protocol buffers leaves out what is false.
        if value is None and (self._was_told or page.is_bare):
            return False
        found = (
            "nothing" if value is None else f"{type(value).__name__} `{one_line(str(value), 60)}`"
        )
        raise PageError(
            f"page {page.number}: `paginator.has_more_path` (`{self._path}`) should lead to true "
            f"or false, but leads to {found}. Where pages say nothing of the kind, leave it out: a "
            "listing ends too where no cursor or link is left, at `stop_after_empty_page`, and "
            "where `stop_condition` is true."
        )
