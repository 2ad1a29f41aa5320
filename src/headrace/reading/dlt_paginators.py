"""Lets paginators that were written for dlt's REST client page through a listing.

They are called in the order in which dlt's client calls them: `init_request` before the first page,
then after each page `update_state` with the answer and its rows, and `update_request` with the
request, which they change to be the next one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import requests

from headrace.core.dlt_door.objects import counts_pages, follows_references, next_reference
from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.http.as_requests import as_requests_response, told_failure
from headrace.sansio.paging.guards import ReferenceGuard, RepeatedPageGuard
from headrace.sansio.paging.page import Page, Paginator

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

_NOT_FOR_PAGINATORS = ("auth", "cookies", "files")


class DltPaginator(Paginator):
    """A paginator of dlt's, or of the user's own, that is given what dlt's client would give it.

    Args:
        paginator: The paginator. It stays unchanged: each pass through a listing uses a copy.
        whole_url: Gives the whole URL of a path.
        headers: The headers that the client sends with each request.
    """

    def __init__(
        self,
        paginator: BasePaginator,
        whole_url: Callable[[str], str],
        headers: Mapping[str, str],
    ) -> None:
        self._paginator = copy.deepcopy(paginator)
        self._name = type(paginator).__name__
        self._whole_url = whole_url
        self._headers = headers
        self._asked = requests.Request()
        hint = f"Check the arguments of `{self._name}`."
        self._guard = ReferenceGuard("a reference to a page", hint)
        self._repeated_page_guard = RepeatedPageGuard(hint)

    def first_request(self, request: Request) -> Request:
        """The request for the first page, as the paginator has changed it.

        Args:
            request: The request of the endpoint.

        Raises:
            PageError: The paginator failed.
        """
        self._asked = requests.Request(
            request.method,
            self._whole_url(request.path),
            headers={**self._headers, **request.headers},
            params=copy.deepcopy(dict(request.params)),
            json=copy.deepcopy(request.json),
            data=copy.deepcopy(request.data),
        )
        self._call("init_request", self._asked)
        return self._as_it_is_now(request)

    @property
    def is_numbered(self) -> bool:
        """Whether the paginator counts on from page to page."""
        return counts_pages(self._paginator)

    @property
    def listed_before(self) -> int:
        """The rows of a last page that came twice, since it names itself."""
        return self._guard.listed_before

    def next_request(self, request: Request, page: Page) -> Request | None:
        """The request for the next page, as the paginator has changed it.

        Args:
            request: The request that brought the page.
            page: The page.

        Returns:
            The request; None where the paginator has no next page.

        Raises:
            PageError: The paginator failed, or it leads to a page that was there before.
        """
        if counts_pages(self._paginator):
            self._repeated_page_guard.check(page)
        if page.response is None:
            raise ValueError("the page comes without the answer that it was in")
        answer = as_requests_response(page.response, self._asked)
        self._call("update_state", answer, [_value(row) for row in page.rows])
        self._call("update_request", self._asked)
        if not self._paginator.has_next_page:
            return None
        if follows_references(self._paginator) and not self._guard.leads_on(
            next_reference(self._paginator), page
        ):
            return None
        return self._as_it_is_now(request)

    def next_cursor(self, page: Page) -> Any:
        """Always fails: such a paginator goes on by all that it remembers, and has no cursor.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{self._name} can only go on from page to page")

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """Always fails, as `next_cursor` does.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{self._name} can only go on from page to page")

    def _call(self, method: str, *arguments: Any) -> None:
        try:
            getattr(self._paginator, method)(*arguments)
        except Exception as error:
            raise PageError(f"`{self._name}.{method}` failed with {told_failure(error)}") from None

    def _as_it_is_now(self, request: Request) -> Request:
        asked = self._asked
        for name in _NOT_FOR_PAGINATORS:
            if getattr(asked, name):
                raise PageError(
                    f"`{self._name}` sets `{name}` of the request, which is not sent: what a "
                    "request proves itself with goes under `auth` or `headers`."
                )
        if not isinstance(asked.url, str):
            raise PageError(f"`{self._name}` goes on, but has no URL to go on to.")
        params = asked.params
        url = asked.url
        if params and not isinstance(params, Mapping):
            prepared = requests.PreparedRequest()
            prepared.prepare_url(url, params)
            url, params = prepared.url or url, {}
        return Request(
            (asked.method or request.method).upper(),
            url,
            params=dict(params or {}),
            headers=dict(asked.headers or {}),
            json=copy.deepcopy(asked.json),
            data=copy.deepcopy(asked.data) or None,
        )


def _value(row: msgspec.Raw) -> Any:
    """The row decoded, as dlt passes it on; its text where it is not valid JSON."""
    try:
        return json.loads(bytes(row))
    except (ValueError, RecursionError):
        return bytes(row).decode("utf-8", errors="replace")
