"""The listings of a dependent resource: one for each row of its parent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from headrace.config import ParentConfig
from headrace.core.exceptions import PageError, RowError
from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.reading.listing import Client, FetchedPage, Listing
from headrace.reading.request_template import RequestTemplate
from headrace.sansio.paging import SinglePages

ParentRow = dict[str, Any]
Fill = Callable[[RequestTemplate, Mapping[str, Any]], Request]

_SHOWN_FIELDS = 20
_LONGEST_SHOWN_NAME = 60


@dataclass(frozen=True, slots=True)
class ParentValues:
    """What the listing that belongs to a row of the parent needs of that row.

    Args:
        fields: The values that its requests hold, by the name of the placeholder.
        included: The values that go into each of its rows, by the name of the parent's field.
    """

    fields: dict[str, Any]
    included: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row of the parent whose listing is asked for.

    Args:
        row: The row of the parent, decoded, or what was kept of it.
        place: Its place among the rows that are asked for, from 0.
        fill: Makes the request of the template and the values of the row's fields; None to fill
            in those values and nothing else.
        has_failed: Whether the listing is on record as one that failed.
    """

    row: ParentRow | ParentValues
    place: int
    fill: Fill | None = None
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class ChildListings:
    """The listings of a dependent resource.

    Args:
        listing: What they have in common; its own request is never made.
        template: The template of their requests.
        parent: The parent resource, whose rows fill the template.
        single_pages: The pages that are taken for the only ones of their listings.
    """

    listing: Listing
    template: RequestTemplate
    parent: ParentConfig
    single_pages: SinglePages = field(default_factory=SinglePages)

    async def of_row(
        self, asked: AskedRow, client: Client, figures: ResourceFigures
    ) -> AsyncIterator[FetchedPage]:
        """Lists what belongs to one row of the parent.

        Args:
            asked: The row, and how its request is made.
            client: The client to ask with.
            figures: Where to count requests, pages and rows.

        Raises:
            RowError: The row lacks a field that the request or `include_from_parent` names.
            RequestError, PageError: As from `Listing.pages`.
        """
        values = self.values(asked.row)
        added = self._added(values)
        fill = asked.fill or RequestTemplate.filled
        listing = replace(
            self.listing.filled(self.template, lambda template: fill(template, values.fields)),
            single_pages=self.single_pages,
        )
        async for page in listing.pages(client, figures):
            placed = replace(page, place=asked.place)
            yield _with_added(placed, added) if added else placed

    def judge_single_pages(self, figures: ResourceFigures) -> None:
        """Sees whether listings are cut that seem to be one page each.

        Args:
            figures: Where to note that some may be.

        Raises:
            PageError: They are, in all likelihood.
        """
        suspicion, name = self.single_pages.suspicion, self.listing.name
        if suspicion is None:
            return
        if self.single_pages.is_likely:
            raise PageError(
                f"resource `{name}`: no paginator is named, and {suspicion}.", resource=name
            )
        figures.note(f"`{name}`: {suspicion}")

    def key(self, row: ParentRow | ParentValues) -> str:
        """What tells a row of the parent from others: the fields of it that requests hold, as JSON.

        Args:
            row: The row of the parent, decoded, or what is needed of it.

        Raises:
            RowError: The row lacks such a field.
        """
        values = row.fields if isinstance(row, ParentValues) else self._fields(row)
        fields = {str(each.path): values[each.placeholder] for each in self.parent.fields}
        return msgspec.json.encode(fields, order="sorted").decode()

    def values(self, row: ParentRow | ParentValues) -> ParentValues:
        """What the listing that belongs to a row of the parent needs of that row.

        Args:
            row: The row of the parent, decoded, or what was kept of it.

        Raises:
            RowError: The row lacks a field that is needed.
        """
        if isinstance(row, ParentValues):
            return row
        fields = self._fields(row)
        for name in self.parent.include:
            if name not in row:
                raise self._missing(name, row, "`include_from_parent` names")
        return ParentValues(fields, {name: row[name] for name in self.parent.include})

    def are_enough(self, values: ParentValues) -> bool:
        """Whether values that an earlier load has kept are all that is needed now.

        Args:
            values: The values.
        """
        wanted = {each.placeholder for each in self.parent.fields}
        return values.fields.keys() >= wanted and values.included.keys() >= set(self.parent.include)

    def _fields(self, row: ParentRow) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for each in self.parent.fields:
            found = each.path.find(row)
            if not found:
                raise self._missing(str(each.path), row, "its requests hold")
            fields[each.placeholder] = found[0]
        return fields

    def _added(self, values: ParentValues) -> bytes:
        """The parent's fields for each row of the listing, as they stand in JSON behind its own."""
        added = {
            f"_{self.parent.resource}_{name}": values.included[name] for name in self.parent.include
        }
        return msgspec.json.encode(added)[1:-1]

    def _missing(self, name: str, row: ParentRow, why: str) -> RowError:
        clean = Redactor(self.listing.credentials.secrets).clean
        names = [
            f"`{one_line(clean(key), _LONGEST_SHOWN_NAME)}`" for key in list(row)[:_SHOWN_FIELDS]
        ]
        more = ", ..." if len(row) > _SHOWN_FIELDS else ""
        return RowError(
            f"resource `{self.listing.name}`: {why} the field `{name}` of `{self.parent.resource}`,"
            f" but a row there has none of that name; it has: {', '.join(names)}{more}.",
            resource=self.listing.name,
        )


def _with_added(page: FetchedPage, added: bytes) -> FetchedPage:
    """The page with fields added to each of its rows that is an object."""
    return replace(page, rows=[_row_with(row, added) for row in page.rows])


def _row_with(row: msgspec.Raw, added: bytes) -> msgspec.Raw:
    text = bytes(row)
    if not text.startswith(b"{"):
        return row
    inner = text[1:-1].rstrip()
    return msgspec.Raw(b"{%b%b%b}" % (inner, b"," if inner else b"", added))
