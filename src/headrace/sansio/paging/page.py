"""What a paginator sees of an answer, and what it must be able to say."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from headrace.core.exchange import Request, Response
from headrace.core.json_path import JsonPath


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, as far as going on depends on it.

    Args:
        rest: the answer's JSON without its rows.
        document: what paths are looked up in: `rest`, or the whole answer where a path of the
            paginator leads into the rows.
        headers: of the answer.
        row_count: how many rows it brought.
        number: of the page, from 1.
        url: that was asked for, without its parameters; relative links start from here.
        rows: the bytes of each row, still JSON.
        response: the answer as it came, for paginators that want to see for themselves.
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
    """Turns pages into requests. One instance serves one listing: it may remember."""

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The paths it looks up in the next answer."""
        return ()

    @property
    def guess(self) -> str | None:
        """What it takes the API's way of paging to be, as a config would say it.

        None where the config has said it, or nothing has come yet to guess from.
        """
        return None

    def first_request(self, request: Request) -> Request:
        """The request for the first page.

        Args:
            request: what the endpoint asks for.
        """
        return request

    def next_request(self, request: Request, page: Page) -> Request | None:
        """The request for the page after this one, None at the end.

        Args:
            request: the one that brought the page.
            page: what it brought.

        Raises:
            PageError: the page does not say how to go on, or says so again and again.
        """
        cursor = self.next_cursor(page)
        return None if cursor is None else self.at_cursor(request, cursor)

    @abstractmethod
    def next_cursor(self, page: Page) -> Any:
        """What stands for the page after this one, as JSON; None at the end.

        Args:
            page: what came.

        Raises:
            PageError: as `next_request`.
        """

    @abstractmethod
    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request for the page that a cursor stands for: in this listing, or a later one.

        Args:
            request: the first one.
            cursor: as `next_cursor` gave it.
        """
