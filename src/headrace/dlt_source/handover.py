"""Hands the rows of a resource over to dlt, batch by batch, by one of three roads.

ParentRoad   nothing is loaded: dependent resources get the rows' JSON
DictRoad     lists of dicts, as dlt's own source yields them, for functions of the user
TableRoad    Arrow tables; dicts for the rows of the side road alone; the quarantine
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Protocol

import dlt

from headrace.core.arrow import constant_texts, pa, take_memory_from_system
from headrace.core.exceptions import RowError
from headrace.core.leaps import rows_worth_a_claim
from headrace.dlt_source.batches import Batch, batches_of
from headrace.dlt_source.child_lists import ChildListGuard
from headrace.dlt_source.column_hints import column_hints_restored
from headrace.dlt_source.dlt_pipe import others_are_spared, yields_are_counted
from headrace.dlt_source.gone_rows import gone_rows
from headrace.dlt_source.hinted_items import uniqueness_claim, with_hints
from headrace.dlt_source.items import LoadedRows, ParentRows
from headrace.dlt_source.list_road import ListRoad
from headrace.dlt_source.page_sources import PageStream
from headrace.dlt_source.rejected_rows import (
    decoded_rows,
    left_by_contract,
    refused,
    set_aside,
    with_row,
)
from headrace.dlt_source.running_resource import RunningResource
from headrace.dlt_source.table import ResourceTable
from headrace.sansio.rows import (
    BatchIds,
    KeyOrder,
    MainRoad,
    RowGroups,
    RowIds,
    TypedBatch,
)

_SKIPPED = (
    "of `{name}`, {rows} no object or cannot be read, so nothing was asked for by it: {others}"
)
_NUL_CUT = (
    "texts of `{name}` come with the character U+0000, which no text of the destination can hold: "
    "they are loaded without it"
)
_DOTTED = (
    "`columns` of `{name}` has `{dotted}`, which is the column `{column}` and gets no value: the "
    "field goes to the column `{nested}`, so write `{nested}`"
)
_NOT_SPARED = (
    "It cannot go to quarantine, as functions that the resource was given (`add_map`, a "
    "transformer, a model) would get it: give them as `processing_steps`, or leave the row out at "
    "the API."
)


class Road(Protocol):
    """One way to hand rows over."""

    def items(self, batches: Iterator[Batch]) -> Iterator[Any]:
        """What dlt gets.

        Args:
            batches: The rows.

        Raises:
            RowError: A row cannot be loaded.
        """
        ...


def new_row_ids() -> RowIds:
    """Ids for the rows of one resource in one load: two resources may fill one table."""
    # Short ids load faster.
    return RowIds(f"{secrets.token_hex(5)}-")


def hand_over(resource: RunningResource, stream: PageStream) -> Iterator[Any]:
    """What dlt gets of the pages of a running resource.

    Args:
        resource: The running resource.
        stream: Its pages.

    Raises:
        RowError: A row cannot be loaded.
    """
    wants_dicts = resource.wants_dicts
    feeds = bool(resource.dependents) and not wants_dicts
    page_by_page = stream.page_by_page or yields_are_counted()
    road: Road
    if feeds and not resource.is_loaded:
        road = ParentRoad(resource)
    elif wants_dicts:
        road = DictRoad(resource)
    else:
        road = TableRoad(resource, stream, page_by_page=page_by_page, feeds=feeds)
    yield from road.items(batches_of(resource, stream, page_by_page=page_by_page, feeds=feeds))


class ParentRoad:
    """Passes the rows on to the resources that depend on this one, and loads none.

    Args:
        resource: The running resource.
    """

    def __init__(self, resource: RunningResource) -> None:
        self._resource = resource

    def items(self, batches: Iterator[Batch]) -> Iterator[Any]:
        """The rows' JSON, which dlt takes to be an empty list of rows."""
        skipped = 0
        for batch in batches:
            rows = ParentRows(batch.rows)
            skipped += len(batch.unreadable) + len(batch.rows) - len(rows.decoded)
            yield rows
        if skipped:
            self._resource.sync.figures.notes.append(
                _SKIPPED.format(
                    name=self._resource.name,
                    rows="one row is" if skipped == 1 else f"{skipped:,} rows are",
                    others=", ".join(f"`{each}`" for each in sorted(self._resource.dependents)),
                )
            )


class DictRoad:
    """Decodes the rows.

    Args:
        resource: The running resource.
    """

    def __init__(self, resource: RunningResource) -> None:
        self._resource = resource
        self._child_lists = ChildListGuard(resource.name)

    def items(self, batches: Iterator[Batch]) -> Iterator[Any]:
        """Lists of dicts.

        Raises:
            ConfigError: A row has a list that the destination cannot keep right.
            RowError: A row cannot be loaded, and `strict` is set or a function of the user's would
                get it on its way to quarantine.
        """
        name, claim = self._resource.name, self._resource.claim
        for batch in batches:
            free, refusals = self._resource.sync.refusals.part(name, batch.rows)
            self._resource.show(batch.pages_without(refusals), None)
            rows, unreadable = decoded_rows(free)
            rejected = batch.unreadable + refusals + unreadable
            if claim is not None:
                # Whichever of them the functions let through.
                yield from claim.not_loaded(batch.rows)
            if rejected and self._can_set_aside:
                yield set_aside(self._resource, rejected, batch)
            elif rejected:
                raise refused(self._resource, rejected[0], batch, _NOT_SPARED)
            if rows:
                self._child_lists.check(row for row in rows if isinstance(row, dict))
                yield rows
            if batch.gone:
                yield gone_rows(name, batch.gone)
        # Whatever the functions of the user made of the keys.
        self._resource.figures.unordered = self._resource.is_loaded

    @property
    def _can_set_aside(self) -> bool:
        is_run = self._resource.load_id is not None
        return is_run and others_are_spared(self._resource.dependents)


class TableRoad:
    """Types the rows, and sets apart those that do not fit.

    Args:
        resource: The running resource, within a pipeline run.
        stream: What is known of its pages.
        page_by_page: Whether each page's table is handed over by itself.
        feeds: Whether other resources of ours wait for the rows.

    Raises:
        RowError: The table needs ids, but the rows are to have none.
    """

    def __init__(
        self, resource: RunningResource, stream: PageStream, *, page_by_page: bool, feeds: bool
    ) -> None:
        self._resource = resource
        self._stream = stream
        self._page_by_page = page_by_page
        self._feeds = feeds
        self._adds_ids = resource.settings.row_ids
        self._table = ResourceTable.of_running_resource()
        if not self._adds_ids and self._table.needs_ids:
            raise self._ids_needed("the table has them already, or its merge strategy needs them")
        self._child_lists = ChildListGuard(resource.name, self._table.columns)
        # With ids from outside, other rows of this load are handed over elsewhere.
        self._lists = ListRoad(
            resource,
            self._table,
            self._child_lists,
            is_open=stream.ids is None and not page_by_page and bool(self._row_id_name),
        )
        self._ids = stream.ids or new_row_ids()
        self._groups = RowGroups()
        self._order = KeyOrder(self._table.key)
        self._new_hints: dict[str, Any] = {}
        self._typed: set[str] = set()
        self._has_dicts = False
        self._may_lack_rows = resource.claim is not None and self._table.columns.may_lack_rows

    @cached_property
    def _main_road(self) -> MainRoad:
        """Made for the first rows: where none come, Arrow is not imported."""
        take_memory_from_system()
        return self._table.main_road(self._lists.fields, is_open=not self._table.hashes_rows)

    def items(self, batches: Iterator[Batch]) -> Iterator[Any]:
        """Tables, and beside them the rows that are in none.

        Raises:
            ConfigError: A row has a list that the destination cannot keep right.
            RowError: A row cannot be loaded, and `strict` is set.
        """
        with column_hints_restored(dlt.current.resource()), self._lists:
            self._table.say_nullable()
            yield from self._items(batches)

    def _items(self, batches: Iterator[Batch]) -> Iterator[Any]:
        typed: list[str] = []
        for batch in batches:
            if self._feeds:
                yield ParentRows(batch.rows)
            batch.rows, refusals = self._resource.sync.refusals.part(
                self._resource.name, batch.rows
            )
            typed_batch = self._main_road.type_rows(batch.rows)
            ids = self._ids.take(len(batch.rows))
            pages = batch.pages_without(refusals)
            self._resource.show(pages, ids if self._row_id_name else None)
            typed.extend(typed_batch.new_columns)
            self._typed.update(typed_batch.new_columns)
            if typed_batch.table.num_rows:
                table = self._with_ids(typed_batch.table, ids, typed_batch.places)
                if typed_batch.items:
                    self._lists.take(typed_batch.items, table.column(self._row_id_name))
                table, rows = self._table.parted(table)
                yield from self._grouped(table, self._table.new_hints(table.column_names, typed))
                if rows:
                    yield self._dicts(rows)
                typed = []
                self._order.see(typed_batch.table)
            if typed_batch.side_rows:
                self._order.interrupt()
                yield self._side_rows(typed_batch, ids, batch)
            left_out = refusals + typed_batch.rejected
            rejected = left_by_contract(
                self._resource,
                batch.unreadable + left_out,
                self._table.columns.data_type_mode,
                batch,
            )
            if self._resource.claim is not None:
                others = batch.rows if self._may_lack_rows else []
                yield from self._resource.claim.not_loaded(
                    [*others, *(each.row for each in left_out)], self._table
                )
            if rejected:
                yield set_aside(self._resource, rejected, batch)
            if batch.gone:
                yield gone_rows(self._resource.name, batch.gone)
            if self._table.values.has_cut_nul:
                self._resource.figures.note(_NUL_CUT.format(name=self._resource.name))
        self._note_dotted_names()
        # The last rows are held back: with them goes what is known of the whole load.
        rest = self._groups.take_rest()
        if rest is not None:
            yield self._last(rest, self._new_hints)
        elif not self._has_dicts and self._table.is_made_without_rows:
            yield self._no_rows()

    def _note_dotted_names(self) -> None:
        """Notes the columns that the config names in a way in which no nested field is named."""
        for name in sorted(self._typed):
            meant = self._table.columns.meant_by(name)
            if meant is not None and not self._main_road.is_filled(meant[1]):
                dotted, column = meant
                self._resource.figures.note(
                    _DOTTED.format(
                        name=self._resource.name, dotted=dotted, column=column, nested=name
                    )
                )

    def _no_rows(self) -> Any:
        names = list(self._table.columns.ids) if self._adds_ids else []
        return with_hints(
            dlt.mark.materialize_table_schema(),
            columns=self._table.new_hints(names, []),
            file_format=self._table.file_formats.no_rows,
        )

    def _grouped(self, table: pa.Table, new_hints: dict[str, Any]) -> Iterator[Any]:
        if self._page_by_page or not self._groups.fits(table):
            rest = self._groups.take_rest()
            if rest is not None and rest.num_rows:
                yield self._hinted(rest)
        self._new_hints |= new_hints
        for group in self._groups.add(table):
            yield self._hinted(group)

    def _hinted(self, table: pa.Table) -> Any:
        hints, self._new_hints = self._new_hints, {}
        return with_hints(table, columns=hints, file_format=self._table.file_formats.arrow)

    def _last(self, table: pa.Table, hints: dict[str, Any]) -> Any:
        """The last table, with what the merge may rely on: whether a key can be there twice."""
        file_format = self._table.file_formats.arrow
        if not self._table.merges:
            return with_hints(table, columns=hints, file_format=file_format)
        # With ids from outside, other rows of this load are handed over elsewhere.
        is_all = self._stream.ids is None
        is_unique = is_all and (self._stream.keys_are_unique or self._order.is_strict)
        figures = self._resource.figures
        figures.unordered = not is_unique
        if not is_unique and self._adds_ids:
            hints = {**hints, **self._table.last_version_wins()}
        many = figures.loaded_rows >= rows_worth_a_claim()
        claim = uniqueness_claim(many and is_unique)
        return with_hints(
            table, columns=hints, file_format=file_format, additional_table_hints=claim
        )

    def _with_ids(
        self, table: pa.Table, ids: BatchIds, places: list[int] | None = None
    ) -> pa.Table:
        for name, hint in self._table.columns.ids.items() if self._adds_ids else ():
            is_row_id = hint.get("row_key")
            load_id = self._resource.load_id or ""
            values = ids.column(places) if is_row_id else constant_texts(load_id, table.num_rows)
            table = table.append_column(pa.field(name, pa.string(), nullable=False), values)
        return table

    @property
    def _row_id_name(self) -> str | None:
        """The column of the row ids that are made here; None where none are."""
        makes_ids = self._adds_ids and not self._table.hashes_rows
        return self._table.row_id_name if makes_ids else None

    def _ids_needed(self, why: str) -> RowError:
        return RowError(
            f"resource `{self._resource.name}`: `row_ids: false` leaves `_dlt_id` and "
            f"`_dlt_load_id` out, but {why}. Set `row_ids: true`.",
            resource=self._resource.name,
        )

    def _side_rows(self, typed_batch: TypedBatch, ids: BatchIds, batch: Batch) -> Any:
        table = self._table
        self._resource.figures.side_rows += len(typed_batch.side_rows)
        self._child_lists.check(row.values for row in typed_batch.side_rows)
        meeting = table.row_checks.meeting_fields
        for note in meeting.notes(row.values for row in typed_batch.side_rows):
            self._resource.figures.note(note)
        if not self._adds_ids:
            error = self._ids_needed(
                "a row has lists or values that only dlt's normalizer takes, which adds them"
            )
            row = batch.rows[typed_batch.side_rows[0].place]
            raise with_row(error, row, batch, self._resource)
        id_name = self._row_id_name
        rows = [table.values.for_normalizer(row.values) for row in typed_batch.side_rows]
        if id_name:
            places = [row.place for row in typed_batch.side_rows]
            rows = [
                {**row, id_name: ids.at(place)} for row, place in zip(rows, places, strict=True)
            ]
        return self._dicts(rows)

    def _dicts(self, rows: list[dict[str, Any]]) -> Any:
        self._has_dicts = True
        table, id_name = self._table, self._row_id_name
        columns = table.new_hints([id_name], []) if id_name else {}
        if table.merges and id_name:
            columns |= table.last_version_wins()
        return with_hints(
            LoadedRows(rows),
            file_format=table.file_formats.dicts,
            columns=columns,
            additional_table_hints=uniqueness_claim(False) if table.merges else {},
        )
