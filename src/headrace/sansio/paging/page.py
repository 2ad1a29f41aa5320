"""What a paginator sees of an answer, and what it must be able to say."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request, Response
from headrace.core.json_path import JsonPath
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
    """

    rest: Any
    document: Any
    headers: Mapping[str, str]
    row_count: int
    number: int
    url: str = ""
    rows: Sequence[msgspec.Raw] = ()
    response: Response | None = None


class Paginator(Protocol):
    """Turns pages into requests.

    One instance serves one pass through one listing, since it may remember what it has seen.
    """

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The paths that it looks up in the next answer."""
        return ()

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


def has_more(path: JsonPath | None, page: Page) -> bool:
    """Reads whether a page says that more pages follow.

    Args:
        path: The config's `has_more_path`; None says nothing against going on.
        page: The page that came.

    Raises:
        PageError: The path leads to no boolean.
    """
    if path is None:
        return True
    value = path.first(page.document)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    found = "nothing" if value is None else f"{type(value).__name__} `{one_line(str(value), 60)}`"
    raise PageError(
        f"page {page.number}: `paginator.has_more_path` (`{path}`) should lead to true or false, "
        f"but leads to {found}."
    )
