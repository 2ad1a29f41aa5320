"""Tries an endpoint as a config would describe it, by the code that a sync reads it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from headrace.config import SourceConfig, load_config
from headrace.config.secrets.substitution import look_up_with_dlt
from headrace.config.selection import listed_resources
from headrace.core.exceptions import HeadraceError
from headrace.core.exchange import Response
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.calls import Call
from headrace.discovery.probing_client import AskedEnough, ProbingClient
from headrace.discovery.words_of_server import literal, literal_places
from headrace.reading.build import build_listing
from headrace.reading.listing import Listing
from headrace.reading.listing_ends import ListingEnd
from headrace.sansio.paging import Page

_LONGEST_REASON = 300

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Walk:
    """What came when a listing was read page by page.

    Args:
        pages: The rows of each page.
        end: How the listing has ended; None where it may go on.
        error: Why it could not be read further, without secrets; None where it could.
        total: How many rows there are, as the API tells it; None where it does not.
        is_cut_off: Whether no more might be asked.
    """

    pages: tuple[tuple[Row, ...], ...]
    end: ListingEnd | None = None
    error: str | None = None
    total: int | None = None
    is_cut_off: bool = False

    @property
    def rows(self) -> list[Row]:
        """All rows, in the order of the listing."""
        return [row for page in self.pages for row in page]


@stays_here
class Trials:
    """Reads the first pages of a listing in one way or another.

    Args:
        call: The call of the API.
        client: Asks, and keeps each answer.
    """

    def __init__(self, call: Call, client: ProbingClient) -> None:
        self._call = call
        self.client = client

    def listing(self, endpoint: Mapping[str, Any], **hints: Any) -> Listing:
        """The listing of an endpoint.

        Args:
            endpoint: The endpoint.
            hints: Other keys of the resource.
        """
        config = config_of(self._call, literal_places(endpoint), **literal(hints))
        listing = build_listing(config, listed_resources(config)[0])
        return replace(listing, asks_ahead=False, lanes=None)

    async def page(self, endpoint: Mapping[str, Any], why: str) -> Page:
        """The first page, as a paginator sees it, with its whole JSON.

        Args:
            endpoint: The endpoint; what it says of a paginator is not heeded.
            why: What is to be found out.

        Raises:
            HeadraceError: It cannot be read.
            AskedEnough: No more may be asked.
        """
        self.client.why = why
        alone = {**endpoint, "paginator": "single_page"}
        opened = self.listing(alone).open(self.client, ResourceFigures())
        walk = opened.new_pass()
        walk.number = 1
        response, sliced = await opened.cut(opened.listing.request, walk.slicer)
        return replace(walk.seen(response, sliced), document=_decoded(response.body))

    async def answer(self, endpoint: Mapping[str, Any], why: str) -> Response:
        """The answer as it came.

        Args:
            endpoint: The endpoint.
            why: What is to be found out.

        Raises:
            HeadraceError: None came, or one with an error status.
            AskedEnough: No more may be asked.
        """
        self.client.why = why
        listing = self.listing({**endpoint, "paginator": "single_page"})
        return await self.client.read(
            listing.request, listing.credentials, _as_it_is, ResourceFigures()
        )

    async def walk(
        self, endpoint: Mapping[str, Any], why: str, most_pages: int, **hints: Any
    ) -> Walk:
        """Reads pages until there are enough, the listing ends or fails, or no more may be asked.

        Args:
            endpoint: The endpoint.
            why: What is to be found out.
            most_pages: How many pages to read.
            hints: Other keys of the resource.
        """
        self.client.why = why
        listing = self.listing(endpoint, **hints)
        opened = listing.open(self.client, ResourceFigures())
        pages: list[tuple[Row, ...]] = []
        end, error, total, is_cut_off = None, None, None, False
        try:
            async for page in opened.pages():
                pages.append(rows_of(page.rows))
                end, total = page.end, page.total if page.total is not None else total
                if len(pages) >= most_pages:
                    break
        except HeadraceError as failure:
            error = opened.cleaned(str(failure))[:_LONGEST_REASON]
        except AskedEnough:
            is_cut_off = True
        return Walk(tuple(pages), end, error, total, is_cut_off)


def config_of(call: Call, endpoint: Mapping[str, Any], **hints: Any) -> SourceConfig:
    """The config of one resource.

    Args:
        call: The call of the API.
        endpoint: The endpoint.
        hints: Other keys of the resource.
    """
    resource = {"name": call.name, **hints, "endpoint": dict(endpoint)}
    document = {"client": call.client, "resources": [resource]}
    return load_config(document, lookup=lookup_of(call.secrets))


def rows_of(rows: Sequence[msgspec.Raw]) -> tuple[Row, ...]:
    """The rows of a page, decoded; those that are no objects are left out.

    Args:
        rows: The rows, each as JSON.
    """
    decoded = (_decoded(bytes(row)) for row in rows)
    return tuple(row for row in decoded if isinstance(row, dict))


def lookup_of(secrets: Mapping[str, str]) -> Callable[[str], str | None] | None:
    """A function from the name of a secret to its value.

    Args:
        secrets: The values that are known; all others are looked up as in any config.
    """
    if not secrets:
        return None

    def look_up(name: str) -> str | None:
        known = secrets.get(name)
        return look_up_with_dlt(name) if known is None else known

    return look_up


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _as_it_is(response: Response) -> Response:
    return response
