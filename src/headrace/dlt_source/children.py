"""A resource that depends on another one: a listing for each of its parent's rows, side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import pyarrow as pa
from dlt.extract.incremental import Incremental

from headrace.config import ParentConfig
from headrace.config.built.cursor import CursorConfig
from headrace.core.events import tell_beginning
from headrace.core.exceptions import RowError
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.dlt_source.dlt_pipe import running_pipe
from headrace.dlt_source.extraction import ExtractionContext, ExtractionSettings, limited
from headrace.dlt_source.handover import new_row_ids
from headrace.dlt_source.incremental import CursorValues, Judge, ParentCursors, SharedCursor
from headrace.dlt_source.items import LoadedRows, ParentRows
from headrace.http.lanes import Lanes
from headrace.reading.fan_out import FanOut
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.listing import Client, FetchedPage, Listing
from headrace.reading.request_template import RequestTemplate
from headrace.sansio.rows import RowIds

ParentRow = dict[str, Any]
Cursors = SharedCursor | ParentCursors

_SHOWN_FIELDS = 20
_SHOWN_FIELD = 60
# Loads that are remembered: two pipelines may run one resource at the same time.
_MOST_LOADS = 8


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row of the parent whose listing is asked for.

    Args:
        row: of the parent.
        place: among the others.
        values: of the incremental; None without one.
    """

    row: ParentRow
    place: int
    values: CursorValues | None = None


@dataclass(frozen=True, slots=True)
class ChildListings:
    """The listings of a dependent resource.

    Args:
        listing: what they have in common; its request is never made.
        template: of their requests.
        parent: whose rows fill the template.
        cursor: which part of them is asked for; None for all.
    """

    listing: Listing
    template: RequestTemplate
    parent: ParentConfig
    cursor: CursorConfig | None = None

    async def of_row(
        self, asked: AskedRow, client: Client, figures: ResourceFigures
    ) -> AsyncIterator[FetchedPage]:
        """Lists what belongs to one row of the parent.

        Args:
            asked: the row, and where in its listing to begin.
            client: to ask with.
            figures: to count on.

        Raises:
            RowError: the row lacks a field.
            RequestError, PageError: as `Listing.pages`.
        """
        values, added = self._values(asked.row), self._added(asked.row)
        if self.cursor is None or asked.values is None:
            request = self.template.filled(values)
        else:
            request = asked.values.fill(self.template, self.cursor, values)
        listing = replace(self.listing, request=request)
        async for page in listing.pages(client, figures):
            placed = replace(page, place=asked.place)
            yield _with_added(placed, added) if added else placed

    def key(self, row: ParentRow) -> str:
        """What tells a row of the parent from others: the fields of it that requests hold.

        Args:
            row: of the parent.

        Raises:
            RowError: the row lacks a field.
        """
        values = self._values(row)
        fields = {str(each.path): values[each.placeholder] for each in self.parent.fields}
        return msgspec.json.encode(fields, order="sorted").decode()

    def _values(self, row: ParentRow) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for each in self.parent.fields:
            found = each.path.find(row)
            if not found:
                raise self._missing(str(each.path), row, "its requests hold")
            values[each.placeholder] = found[0]
        return values

    def _added(self, row: ParentRow) -> bytes:
        """The fields of the parent for each row, as they stand in its JSON behind its own."""
        added: dict[str, Any] = {}
        for name in self.parent.include:
            if name not in row:
                raise self._missing(name, row, "`include_from_parent` names")
            added[f"_{self.parent.resource}_{name}"] = row[name]
        return msgspec.json.encode(added)[1:-1]

    def _missing(self, name: str, row: ParentRow, why: str) -> RowError:
        clean = Redactor(self.listing.credentials.secrets).clean
        names = [f"`{one_line(clean(key), _SHOWN_FIELD)}`" for key in list(row)[:_SHOWN_FIELDS]]
        more = ", ..." if len(row) > _SHOWN_FIELDS else ""
        return RowError(
            f"resource `{self.listing.name}`: {why} the field `{name}` of `{self.parent.resource}`,"
            f" but a row there has none of that name; it has: {', '.join(names)}{more}.",
            resource=self.listing.name,
        )


@dataclass(slots=True)
class _Load:
    """What the calls within one load have in common.

    Args:
        ids: for the rows; in their order the last version of a key is known.
        rows_left: to load; None for any number.
        is_replayed: whether the rows that were kept have been loaded.
    """

    ids: RowIds = field(default_factory=new_row_ids)
    rows_left: int | None = None
    is_replayed: bool = False


class ChildExtraction:
    """The function of a dependent resource.

    Args:
        listings: to fetch.
        lanes: to fetch with.
        settings: how to hand the rows over.
        parent_is_ours: whether the parent passes its rows on beside what dlt loads.
        dependents: names of the resources of ours that depend on this one.
        buffer_bytes: of pages that wait for those of an earlier row.
    """

    def __init__(
        self,
        listings: ChildListings,
        lanes: Lanes,
        settings: ExtractionSettings,
        *,
        parent_is_ours: bool,
        dependents: frozenset[str] = frozenset(),
        buffer_bytes: int = 32 * 1024 * 1024,
    ) -> None:
        self._listings = listings
        self._lanes = lanes
        self._settings = settings
        self._parent_is_ours = parent_is_ours
        self._dependents = dependents
        self._buffer_bytes = buffer_bytes
        self._loads: dict[str | None, _Load] = {}
        self._cursors: WeakKeyDictionary[object, Cursors] = WeakKeyDictionary()

    def items(self, parent: Any, injected: Incremental[Any] | None = None) -> Iterator[Any]:
        """What dlt gets for an item that the parent yields.

        Args:
            parent: rows in any form that a dlt resource may yield.
            injected: the incremental, as dlt has bound it for this item; None without one.

        Raises:
            PipeException: a row has no place in the order of the incremental.
            HeadraceError: a listing failed, or a row cannot be loaded.
        """
        return self._items(parent, None if injected is None else self._cursors_for(injected))

    def _cursors_for(self, injected: Incremental[Any]) -> Cursors | None:
        """The cursors of this load, the same for all items."""
        context = ExtractionContext.of_running_resource(
            self._listings.listing, self._settings, dependents=self._dependents
        )
        if context.sync.replay is not None:
            injected.advance(None)
            return None
        per_parent = self._listings.cursor is not None and self._listings.cursor.per_parent
        if context.wants_dicts and not per_parent:
            # Functions of the user come first, then dlt's own step.
            return SharedCursor(CursorValues.of_load(injected), None)
        pipe = running_pipe()
        keeps_state = self._settings.limit_rows is None
        if pipe in self._cursors:
            injected.advance(None)
        elif per_parent:
            self._cursors[pipe] = ParentCursors(injected, keeps_state=keeps_state)
        else:
            judge = Judge.beside(injected, has_parent=True, keeps_state=keeps_state)
            self._cursors[pipe] = SharedCursor(judge.values, judge)
        return self._cursors[pipe]

    def _items(self, parent: Any, cursors: Cursors | None) -> Iterator[Any]:
        if isinstance(parent, LoadedRows) or (
            self._parent_is_ours and isinstance(parent, pa.Table)
        ):
            return
        rows = rows_of(parent)
        listing = self._listings.listing
        context = ExtractionContext.of_running_resource(
            listing, self._settings, dependents=self._dependents
        )
        load = self._load(context.load_id)
        if context.sync.replay is not None:
            if not load.is_replayed and context.is_loaded:
                load.is_replayed = True
                pages = context.sync.replay.pages(listing.name)
                yield from context.hand_over(pages, keys_are_unique=False, ids=load.ids)
            elif not load.is_replayed and context.dependents:
                load.is_replayed = True
                yield ParentRows(())
            return
        if rows:
            fetched = self._pages(rows, context.figures, load, cursors)
            yield from context.hand_over(fetched, keys_are_unique=False, ids=load.ids)

    def _load(self, load_id: str | None) -> _Load:
        if load_id is None:
            return _Load(rows_left=self._settings.limit_rows)
        if load_id not in self._loads:
            while len(self._loads) >= _MOST_LOADS:
                self._loads.pop(next(iter(self._loads)))
            tell_beginning(self._listings.listing.name)
            self._loads[load_id] = _Load(rows_left=self._settings.limit_rows)
        return self._loads[load_id]

    def _pages(
        self,
        rows: list[ParentRow],
        figures: ResourceFigures,
        load: _Load,
        cursors: Cursors | None,
    ) -> Generator[FetchedPage | LegEnd]:
        if load.rows_left == 0:
            return
        # In this thread: dlt's state is not there for others.
        keys = [self._listings.key(row) for row in rows] if cursors else []
        values = [cursors.values(key) for key in keys] if cursors else [None] * len(rows)
        asked = map(AskedRow, rows, range(len(rows)), values)

        def lane(client: Client) -> AsyncIterator[FetchedPage]:
            streams = (self._listings.of_row(each, client, figures) for each in asked)
            return FanOut(
                streams,
                at_once=self._lanes.concurrency,
                most_bytes=self._buffer_bytes,
                size=_size,
            ).items()

        with closing(self._lanes.read(lane, _size)) as pages:
            place, judge = -1, None
            for page in limited(pages, load.rows_left):
                if load.rows_left is not None:
                    load.rows_left -= len(page.rows)
                if cursors is not None and page.rows and page.place != place:
                    place, judge = page.place, cursors.judge(keys[page.place])
                yield page if judge is None else judge.page(page, figures)


def _size(page: FetchedPage) -> int:
    return page.size


def rows_of(parent: Any) -> list[ParentRow]:
    """The rows in what a parent yields.

    Args:
        parent: rows in any form that a dlt resource may yield.
    """
    if isinstance(parent, ParentRows):
        decoded = (msgspec.json.decode(row) for row in parent.raw)
        return [row for row in decoded if isinstance(row, dict)]
    if isinstance(parent, pa.Table | pa.RecordBatch):
        return list(parent.to_pylist())
    if hasattr(parent, "to_dict") and hasattr(parent, "columns"):  # a frame of pandas
        return list(parent.to_dict("records"))
    rows: Iterable[Any] = [parent] if isinstance(parent, Mapping) else parent
    return [dict(row) for row in rows if isinstance(row, Mapping)]


def _with_added(page: FetchedPage, added: bytes) -> FetchedPage:
    """The page with fields added to each of its rows that is an object."""
    return replace(page, rows=[_row_with(row, added) for row in page.rows])


def _row_with(row: msgspec.Raw, added: bytes) -> msgspec.Raw:
    text = bytes(row)
    if not text.startswith(b"{"):
        return row
    inner = text[1:-1].rstrip()
    return msgspec.Raw(b"{%b%b%b}" % (inner, b"," if inner else b"", added))
