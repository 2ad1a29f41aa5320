"""A listing for each value of a parameter, several of them read at once, as one listing."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from headrace.core.arrow import count_different
from headrace.core.exceptions import PageError, RowError
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.core.secrets.shipping import stays_here
from headrace.reading.client import Client
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import Listing
from headrace.reading.listing_ends import judge_single_pages
from headrace.sansio.paging import SinglePages
from headrace.sansio.rows.json_rows import decode_row

_MOST_WAITING = 32 * 1024 * 1024
_SHOWN_FIELDS = 20
_LONGEST_SHOWN = 60
_NULLS = (
    "`{name}`: {count:,} rows of `{source}` have no value at `{path}`, and nothing is asked for by "
    "them"
)
_TWICE = (
    "{count:,} rows came under two values of `{param}`. A row whose value changes while the "
    "values are read can come twice, or be passed over"
)
_TAKE_ANOTHER = (
    "resource `{name}`: {twice}; and so it would be in the table twice. Say `write_disposition: "
    "merge`, which keeps each row once, split the listing by a value that never changes, or leave "
    "`endpoint.lanes` out."
)


@dataclass(frozen=True, slots=True)
class ListedValues:
    """The values that a field has in the rows of another resource.

    Args:
        listing: The listing of that resource.
        path: Where the field is in a row of it.
        asked_by: The name of the resource that is listed by the values.
    """

    listing: Listing
    path: JsonPath
    asked_by: str

    async def read(
        self, client: Client, figures: ResourceFigures
    ) -> tuple[list[Any], FetchedPage | None]:
        """Reads the whole listing.

        Args:
            client: The client to ask with.
            figures: Where to count what is asked; the rows are not among those that are received.

        Returns:
            Each value once, in the order of the listing; and its last page.

        Raises:
            RequestError: A request got no usable answer.
            PageError: A page is none, or the values cannot be known from its rows.
        """
        values: dict[str, Any] = {}
        rows = nulls = 0
        last: FetchedPage | None = None
        pages = cast(AsyncGenerator[FetchedPage, None], self.listing.pages(client, figures))
        async with aclosing(pages):
            async for last in pages:
                for value in self._values_in(last):
                    if value is None:
                        nulls += 1
                    else:
                        values.setdefault(str(value), value)
                rows += len(last.rows)
        figures.rows -= rows
        figures.listings_ended -= 1
        if rows and not values and last is not None:
            raise self._refused(last, f"none of the {rows:,} rows has a value at `{self.path}`")
        if nulls:
            name, source = self.asked_by, self.listing.name
            figures.note(_NULLS.format(name=name, count=nulls, source=source, path=self.path))
        return list(values.values()), last

    def _values_in(self, page: FetchedPage) -> Iterator[Any]:
        if page.unreadable:
            raise self._refused(page, f"a row cannot be read: {page.unreadable[0].reason}")
        for row in page.rows:
            try:
                value = self.path.first(decode_row(row))
            except RowError as error:
                raise self._refused(page, f"a row cannot be read: {error}") from None
            if isinstance(value, dict | list):
                kind = "an object" if isinstance(value, dict) else "a list"
                raise self._refused(page, f"a row has {kind} at `{self.path}`, and no value")
            yield value

    def _refused(self, page: FetchedPage, why: str) -> PageError:
        clean = Redactor(self.listing.credentials.secrets).clean
        name, source = self.asked_by, self.listing.name
        fields = list(_fields_of(page))[:_SHOWN_FIELDS]
        shown = ", ".join(f"`{one_line(clean(each), _LONGEST_SHOWN)}`" for each in fields)
        told = f"; a row there has: {shown}" if shown else ""
        return PageError(
            f"resource `{name}`: `endpoint.lanes.from` asks for the values of `{source}`, but of "
            f"{page.request} {why}{told}.",
            resource=name,
            url=page.request.url,
        )


def _fields_of(page: FetchedPage) -> dict[str, Any]:
    try:
        return decode_row(page.rows[0]) if page.rows else {}
    except RowError:
        return {}


@stays_here
@dataclass(frozen=True, slots=True)
class ValueListing:
    """A listing for each value of a parameter, several of them read at once, as one listing.

    Args:
        listing: What they have in common: the listing without the parameter.
        param: The query parameter.
        values: The values, or where they are listed.
        at_once: How many listings are read at once.
        keeps_each_once: Whether the table keeps a row once that comes under two values.
        most_waiting: How many bytes of pages may wait for their turn, beside a page of each value.
    """

    listing: Listing
    param: str
    values: Sequence[Any] | ListedValues
    at_once: int
    keeps_each_once: bool = False
    most_waiting: int = _MOST_WAITING

    async def pages(self, client: Client, figures: ResourceFigures) -> AsyncIterator[FetchedPage]:
        """Lists all pages, in the order of the values.

        Args:
            client: The client to ask with.
            figures: Where to count requests, pages, rows and bytes.

        Raises:
            RequestError: A request got no usable answer.
            PageError: An answer is not the page that the config describes, or the values do not
                part the rows.
        """
        values: Sequence[Any]
        if isinstance(self.values, ListedValues):
            values, last = await self.values.read(client, figures)
            if last is not None and self.listing.accounting.proves_whole:
                # What belongs to a value that is not known would be taken for gone.
                yield FetchedPage([], 0, last.request, end=last.end)
        else:
            values = each_once(self.values)
        single_pages, judge = SinglePages(), self.judge()
        listing = replace(self.listing, single_pages=single_pages, asks_ahead=self.at_once == 1)

        async def of_value(place: int, value: Any) -> AsyncGenerator[FetchedPage, None]:
            asked = _with_param(listing, self.param, value)
            async for page in asked.pages(client, figures):
                is_last = page.is_last and place == len(values) - 1
                yield replace(page, place=place, is_last=is_last)

        streams = (of_value(place, value) for place, value in enumerate(values))
        async with aclosing(self._merged(streams)) as pages:
            async for page in pages:
                judge.see(page, page.place)
                yield page
        # All of them are one listing.
        figures.listings_ended += 1 - len(values)
        judge_single_pages(single_pages, self.listing.name, figures)
        judge.end(figures)

    def judge(self) -> ValueJudge:
        """Makes what sees whether the values part the rows."""
        return ValueJudge(self)

    async def _merged(
        self, streams: Iterator[AsyncGenerator[FetchedPage, None]]
    ) -> AsyncGenerator[FetchedPage, None]:
        if self.at_once == 1:
            # Nothing is asked for before it is wanted.
            for stream in streams:
                async with aclosing(stream) as pages:
                    async for page in pages:
                        yield page
            return
        fan = FanOut(
            streams,
            at_once=self.at_once,
            most_bytes=self.most_waiting,
            size=lambda page: page.size,
        )
        async with aclosing(fan.items()) as pages:
            async for page in pages:
                yield page


def each_once(values: Sequence[Any]) -> list[Any]:
    """Each value once, as requests write it.

    Args:
        values: The values.
    """
    return list({str(value): value for value in values}.values())


def _with_param(listing: Listing, param: str, value: Any) -> Listing:
    row_count = listing.row_count
    if row_count is not None and row_count.request is not None:
        row_count = replace(row_count, request=row_count.request.with_param(param, value))
    # As JSON writes them.
    value = str(value).lower() if isinstance(value, bool) else value
    request = listing.request.with_param(param, value)
    return replace(listing, request=request, row_count=row_count)


class ValueJudge:
    """Sees whether rows come under two values.

    Args:
        by_values: The listing by the values.
    """

    def __init__(self, by_values: ValueListing) -> None:
        self._by_values = by_values
        # Where no primary key is known, nothing is seen.
        self._keys = by_values.listing.accounting.keys
        self._marks = array("q")
        self._of_value: set[int] = set()
        self._place: Any = None

    def see(self, page: FetchedPage, place: Any) -> None:
        """Learns of a page.

        Args:
            page: The page.
            place: What tells its value from others; its pages come one after the other.
        """
        if place != self._place:
            self._place = place
            self._end_value()
        keys = None if self._keys is None else self._keys.of(page.rows)
        if keys is None:
            self._keys = None
        else:
            self._of_value.update(map(hash, keys))

    def end(self, figures: ResourceFigures) -> None:
        """Judges what came, once all of it has.

        Args:
            figures: Where it is noted that rows came twice, which the table keeps once.

        Raises:
            PageError: They did, and would be in the table twice.
        """
        repeated, listing = self._repeated, self._by_values.listing
        if not repeated:
            return
        name, twice = listing.name, _TWICE.format(count=repeated, param=self._by_values.param)
        if not self._by_values.keeps_each_once:
            raise PageError(_TAKE_ANOTHER.format(name=name, twice=twice), resource=name)
        figures.note(f"`{name}`: {twice}")

    def _end_value(self) -> None:
        self._marks.extend(self._of_value)
        self._of_value = set()

    @property
    def _repeated(self) -> int:
        """How many rows came under a value after they had come under another one."""
        self._end_value()
        if self._keys is None or not self._marks:
            return 0
        return len(self._marks) - count_different(self._marks)
