"""The listings of a dependent resource: one for each row of its parent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Protocol, cast

import msgspec

from headrace.config import ParentConfig
from headrace.config.built.parents import TENANT
from headrace.core.exceptions import (
    ConfigError,
    HeadraceError,
    PageError,
    ResponseStatusError,
    RowError,
)
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.core.secrets.shipping import stays_here
from headrace.reading.asked_rows import (
    AskedRow,
    BatchIgnored,
    BatchLimit,
    Fill,
    ParentBatch,
    ParentRow,
    ParentValues,
)
from headrace.reading.client import Client, Clients
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import Listing
from headrace.reading.listing_ends import judge_single_pages
from headrace.reading.parent_batches import RowsOfParents, joined_fields
from headrace.reading.request_template import RequestTemplate
from headrace.reading.tenant_apis import TenantApis
from headrace.reading.tenant_rows import rows_of_tenant, tenant_of, told_of_tenant
from headrace.reading.windowed_listing import WindowedListing
from headrace.sansio.paging import SinglePages
from headrace.sansio.rows.tenant_column import TenantColumn

_SHOWN_FIELDS = 20
_LONGEST_SHOWN_NAME = 60


class OfTenants(Protocol):
    """What the listings of a resource are for each tenant."""

    @property
    def column(self) -> str:
        """The field of a row that names its tenant."""
        ...

    @property
    def are_all(self) -> bool:
        """Whether the config has no other tenants than those that are asked."""
        ...

    def __contains__(self, name: str) -> bool:
        """Whether a tenant is one of those that are asked."""
        ...

    @property
    def apis(self) -> TenantApis:
        """What the APIs of the tenants are asked with."""
        ...

    def refuse(self, refused: Mapping[str, ConfigError]) -> None:
        """Has some tenants not be asked, and all others be.

        Args:
            refused: The names of those, each with the reason.
        """
        ...

    def of(self, name: str) -> ChildListings:
        """The listings for one tenant.

        Args:
            name: Its name.

        Raises:
            ConfigError: It cannot be asked, as a secret of it is not there.
        """
        ...


@stays_here
@dataclass(frozen=True, slots=True)
class ChildListings:
    """The listings of a dependent resource.

    Args:
        listing: What they have in common; its own request is never made.
        template: The template of their requests.
        parent: The parent resource, whose rows fill the template.
        single_pages: The pages that are taken for the only ones of their listings.
        limit: How many rows of the parent the API takes in one request.
        column: Puts the name of their tenant into their rows; None where they are of none.
        tenants: What they are for each tenant, by its name; None where there are none. The listing
            and the template are then those of one of them.
    """

    listing: Listing
    template: RequestTemplate
    parent: ParentConfig
    single_pages: SinglePages | None = field(default_factory=SinglePages)
    limit: BatchLimit = field(default_factory=BatchLimit)
    column: TenantColumn | None = None
    tenants: OfTenants | None = None

    async def of_row(
        self, asked: AskedRow, client: Client, figures: ResourceFigures
    ) -> AsyncIterator[FetchedPage]:
        """Lists what belongs to one row of the parent, or to a batch of them.

        A batch that the API refuses is asked for in halves: one value that it does not know, or
        more values than it takes, would cost all of them.

        Args:
            asked: The row or the batch, and how its request is made.
            client: The client to ask with.
            figures: Where to count requests, pages and rows.

        Raises:
            RowError: The row lacks a field that the request or `include_from_parent` names.
            RequestError, PageError: As from `Listing.pages`.
        """
        if self.tenants is not None:
            async for page in self._of_tenant(asked, self.tenants, client, figures):
                yield page
            return
        for piece in asked.pieces(self.limit.most):
            async for page in self._of_piece(piece, client, figures):
                yield page

    async def _of_tenant(
        self, asked: AskedRow, tenants: OfTenants, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        name = tenant_of(asked, tenants.column)
        try:
            own = tenants.of(name)
            async with cast(Clients, client).of(name) as own_client:
                async for page in own.of_row(asked, own_client, figures):
                    yield page
        except HeadraceError as error:
            raise told_of_tenant(error, name) from None

    async def _of_piece(
        self, asked: AskedRow, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        is_given = False
        try:
            async for page in self.of_row_or_batch(asked, client, figures):
                is_given = True
                yield page
        except (ResponseStatusError, BatchIgnored) as error:
            halves = [] if is_given else self.limit.halves(asked, error)
            if not halves:
                raise
            refusal: HeadraceError | BatchIgnored = error
        else:
            return
        for half in halves:
            async for page in self._of_piece(half, client, figures):
                yield page
        self.limit.learn(asked, refusal, figures)

    async def of_row_or_batch(
        self, asked: AskedRow, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        """Lists what belongs to one row of the parent or to a batch of them, in one listing.

        Args:
            asked: The row or the batch, and how its request is made.
            client: The client to ask with.
            figures: Where to count requests, pages and rows.

        Raises:
            RowError, RequestError, PageError: As from `of_row`.
        """
        if isinstance(asked.row, ParentBatch):
            async for page in self._of_batch(asked, asked.row, client, figures):
                yield page
            return
        values = self.values(asked.row)
        added = self._added(values.included)
        async for page in self._pages(asked, values.fields, client, figures):
            yield _with_added(page, [added] * len(page.rows)) if added else page

    async def _pages(
        self, asked: AskedRow, fields: Mapping[str, Any], client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        listing = self._listing(asked, fields)
        async for page in listing.pages(client, figures):
            if self.column is None:
                yield replace(page, place=asked.place)
            else:
                rows = rows_of_tenant(page.rows, self.column, self.listing.name)
                yield replace(page, rows=rows, place=asked.place)

    async def _of_batch(
        self, asked: AskedRow, batch: ParentBatch, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        parent = self.parent
        key = None if parent.batching is None else parent.batching.parent_key
        parents = None if key is None else RowsOfParents(batch, parent, key)
        is_first = True
        async for page in self._pages(asked, joined_fields(batch, parent), client, figures):
            if is_first and len(batch.rows) > 1 and page.end is not None and page.end.is_ignored:
                raise BatchIgnored(f"{page.request} is passed over by `response_actions`")
            is_first = False
            if parents is None:
                yield page
                continue
            try:
                included = parents.included(page.rows)
            except LookupError as error:
                raise self._strange(error.args[0], str(key), len(batch.rows), page) from None
            yield _with_added(page, [self._added(each) for each in included])

    def _strange(self, value: Any, key: str, asked_for: int, page: FetchedPage) -> PageError:
        clean = Redactor(self.listing.credentials.secrets).clean
        found = "nothing" if value is None else f"`{one_line(clean(str(value)), 60)}`"
        return PageError(
            f"resource `{self.listing.name}`, {page.request}: a row has {found} in `{key}` "
            f"(`endpoint.batch.parent_key`), which is none of the {asked_for} values of "
            f"`{self.parent.resource}` that were asked for. Check `parent_key`, and that the API "
            "reads the values where they are sent.",
            resource=self.listing.name,
            url=page.request.url,
        )

    def _listing(self, asked: AskedRow, fields: Mapping[str, Any]) -> Listing | WindowedListing:
        def filled(fill: Fill) -> Listing:
            listing = self.listing.filled(self.template, lambda each: fill(each, fields))
            return replace(listing, single_pages=self.single_pages)

        parts = asked.range
        if parts is None:
            return filled(asked.fill or RequestTemplate.filled)
        return WindowedListing(
            self.listing.name,
            parts.settings,
            parts.low,
            parts.high,
            lambda start, end: filled(parts.fill_of(start, end)),
            wanted=asked.wanted,
            on_passed=parts.on_passed,
        )

    def judge_single_pages(self, figures: ResourceFigures) -> None:
        """Sees whether listings are cut that seem to be one page each.

        Args:
            figures: Where to note that some may be.

        Raises:
            PageError: They are, in all likelihood.
        """
        if self.single_pages is not None:
            judge_single_pages(self.single_pages, self.listing.name, figures)

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

    def added(self, row: ParentRow | ParentValues) -> dict[str, Any]:
        """The fields that a row of the parent adds to those that belong to it.

        Args:
            row: The row of the parent, decoded, or what was kept of it.

        Raises:
            RowError: The row lacks such a field.
        """
        values = self.values(row)
        added = {self.parent.added(name): values.included[name] for name in self.parent.include}
        if self.tenants is not None:
            added[self.tenants.column] = values.fields[TENANT]
        return added

    def _added(self, included: Mapping[str, Any]) -> bytes:
        """The parent's fields for a row of the listing, as they stand in JSON behind its own."""
        added = {self.parent.added(name): included[name] for name in self.parent.include}
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


def _with_added(page: FetchedPage, added: Sequence[bytes]) -> FetchedPage:
    """The page with fields added to each of its rows that is an object."""
    return replace(page, rows=list(map(_row_with, page.rows, added)))


def _row_with(row: msgspec.Raw, added: bytes) -> msgspec.Raw:
    text = bytes(row)
    if not added or not text.startswith(b"{"):
        return row
    inner = text[1:-1].rstrip()
    return msgspec.Raw(b"{%b%b%b}" % (inner, b"," if inner else b"", added))
