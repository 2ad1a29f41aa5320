"""Lets paginators written for dlt's REST client say how a listing goes on."""

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
from headrace.sansio.paging.guards import LoopGuard, RepeatedPageGuard
from headrace.sansio.paging.page import Page, Paginator

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

_NOT_FOR_PAGINATORS = ("auth", "cookies", "files")


class DltPaginator(Paginator):
    """Asks a paginator of dlt's, or a user's own, with requests and answers as dlt's client does.

    Args:
        paginator: stays as it is; each listing goes on with a copy.
        whole_url: gives the URL of a path.
        headers: that the client sends with each request.
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
        self._loop_guard = LoopGuard("a reference to a page", hint)
        self._repeated_page_guard = RepeatedPageGuard(hint)

    def first_request(self, request: Request) -> Request:
        """The request as the paginator begins with it.

        Raises:
            PageError: the paginator failed.
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

    def next_request(self, request: Request, page: Page) -> Request | None:
        """The request as the paginator has changed it; None where it has no next page.

        Raises:
            PageError: the paginator failed, or names what it has named before.
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
        if follows_references(self._paginator):
            self._loop_guard.follow(next_reference(self._paginator), page)
        return self._as_it_is_now(request)

    def next_cursor(self, page: Page) -> Any:
        """There is none: what goes on is the paginator, with all that it remembers.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{self._name} can only go on from page to page")

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """There is none.

        Raises:
            TypeError: always.
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
    """A row as dlt hands it over; its text where no JSON reader takes it."""
    try:
        return json.loads(bytes(row))
    except (ValueError, RecursionError):
        return bytes(row).decode("utf-8", errors="replace")
