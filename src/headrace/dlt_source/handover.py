"""Makes of batches of rows what dlt loads: Arrow tables, the side road's rows, the quarantine."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import dlt
import msgspec
import pyarrow as pa

from headrace.core.exceptions import RowError
from headrace.core.exchange import ShownRequest
from headrace.core.figures import Figures
from headrace.core.secrets.redaction import Redactor
from headrace.dlt_source.column_hints import column_hints_restored
from headrace.dlt_source.gone import gone_rows
from headrace.dlt_source.items import LoadedRows, ParentRows
from headrace.dlt_source.quarantine import TABLE, quarantined, reason_without_value
from headrace.dlt_source.table import LiveTable
from headrace.reading.listing import FetchedPage, Listing
from headrace.sansio.rows import BatchIds, KeyOrder, MainRoad, Parted, Rejected, RowGroups, RowIds
from headrace.sansio.tail import Gone

# Below so many rows the merge is quick in any case, and a claim is better not made.
_ROWS_WORTH_A_CLAIM = 50_000
_SHOWN = 200
UNREADABLE = "cannot be read as JSON in UTF-8"


@dataclass(slots=True)
class Batch:
    """Pages that are typed together.

    Args:
        pages: in the order of the listing.
        rows: of all pages, those that can be read.
        size: of the pages, in bytes.
        gone: rows known to be gone by then.
    """

    pages: list[FetchedPage] = field(default_factory=list)
    rows: list[msgspec.Raw] = field(default_factory=list)
    size: int = 0
    gone: tuple[Gone, ...] = ()

    @property
    def unreadable(self) -> list[Rejected]:
        """The rows of all pages that cannot be read."""
        return [Rejected(row, f"it {UNREADABLE}") for page in self.pages for row in page.unreadable]

    def add(self, page: FetchedPage) -> None:
        """Puts a page behind the others."""
        self.pages.append(page)
        self.rows.extend(page.rows)
        self.size += page.size


def new_row_ids() -> RowIds:
    """Ids for the rows of one resource in one load: two resources may fill one table."""
    # Short ids load faster.
    return RowIds(f"{secrets.token_hex(5)}-")


class Handover:
    """Hands the rows of one resource in one load over to dlt.

    Args:
        listing: that the rows come from.
        load_id: of the load.
        row_ids: whether to add `_dlt_id` and `_dlt_load_id`.
        strict: whether a row for the quarantine is an error.
        keys_are_unique: whether it is known that no key is there twice.
        page_by_page: whether each page's table is handed over by itself.
        figures: to count on.
        see: called with each batch and the ids of its rows, None where dlt makes them.
        ids: for the rows of this load, where others of its rows are handed over elsewhere; by
            these the order of all is known.
        feeds: whether other resources of ours wait for the rows.
    """

    def __init__(
        self,
        listing: Listing,
        load_id: str,
        *,
        row_ids: bool,
        strict: bool,
        keys_are_unique: bool,
        page_by_page: bool,
        figures: Figures,
        see: Callable[[Batch, BatchIds | None], None],
        ids: RowIds | None = None,
        feeds: bool = False,
    ) -> None:
        self._listing = listing
        self._load_id = load_id
        self._row_ids = row_ids
        self._strict = strict
        self._keys_are_unique = keys_are_unique
        self._page_by_page = page_by_page
        self._figures = figures
        self._see = see
        self._table = LiveTable.of_running_resource()
        self._road = MainRoad(
            self._table.fields(),
            self._table.required,
            self._table.refuses,
            is_open=not self._table.hashes_rows,
            exact=self._table.has_decimals,
        )
        if not row_ids and (self._table.has_ids or self._table.hashes_rows):
            raise self._ids_needed("the table has them already, or its merge strategy needs them")
        self._ids = ids or new_row_ids()
        self._is_all_of_the_load = ids is None
        self._feeds = feeds
        self._groups = RowGroups()
        self._new_hints: dict[str, Any] = {}
        self._order = KeyOrder(self._table.key)

    def items(self, batches: Iterable[Batch]) -> Iterator[Any]:
        """What dlt is to load, batch by batch.

        Raises:
            RowError: a row cannot be loaded, and `strict` is set.
        """
        with column_hints_restored(dlt.current.resource()):
            yield from self._items(batches)

    def _items(self, batches: Iterable[Batch]) -> Iterator[Any]:
        typed: list[str] = []
        if self._table.is_declared:
            table = self._with_ids(self._road.part([]).table, self._ids.take(0))
            yield from self._groups.add(table)
        for batch in batches:
            if self._feeds:
                yield ParentRows(batch.rows)
            parted = self._road.part(batch.rows)
            ids = self._ids.take(len(batch.rows))
            self._see(batch, ids if self._makes_ids else None)
            typed.extend(parted.new_columns)
            if parted.table.num_rows:
                table = self._with_ids(parted.table, ids, parted.places)
                yield from self._grouped(table, self._table.new_hints(table.column_names, typed))
                typed = []
                self._order.see(parted.table)
            if parted.side_rows:
                self._order.interrupt()
                yield self._side_rows(parted, ids)
            rejected = batch.unreadable + parted.rejected
            if rejected:
                yield self._rejected(rejected, batch)
            if batch.gone:
                yield gone_rows(self._listing.name, batch.gone)
        # The last rows are held back: with them goes what is known of the whole load.
        rest = self._groups.take_rest()
        if rest is not None:
            yield self._last(rest, self._new_hints)

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
        return _with_hints(table, columns=hints)

    def _last(self, table: pa.Table, hints: dict[str, Any]) -> Any:
        """The last table, with what the merge may rely on: whether a key can be there twice."""
        if not self._table.merges:
            return _with_hints(table, columns=hints)
        counts = self._figures.of(self._listing.name)
        is_unique = self._is_all_of_the_load and (self._keys_are_unique or self._order.is_strict)
        counts.unordered = not is_unique
        if not is_unique and self._row_ids:
            hints = {**hints, **self._table.last_wins()}
        many = counts.loaded_rows >= _ROWS_WORTH_A_CLAIM
        claim = _claim(many and is_unique)
        return _with_hints(table, columns=hints, additional_table_hints=claim)

    def _with_ids(
        self, table: pa.Table, ids: BatchIds, places: list[int] | None = None
    ) -> pa.Table:
        for name, column in self._table.id_columns.items() if self._row_ids else ():
            is_row_id = column.get("row_key")
            values = ids.column(places) if is_row_id else pa.repeat(self._load_id, table.num_rows)
            table = table.append_column(pa.field(name, pa.string(), nullable=False), values)
        return table

    @property
    def _makes_ids(self) -> bool:
        named = self._row_ids and not self._table.hashes_rows
        return named and self._table.row_id_name is not None

    def _ids_needed(self, why: str) -> RowError:
        return RowError(
            f"resource `{self._listing.name}`: `row_ids: false` leaves `_dlt_id` and "
            f"`_dlt_load_id` out, but {why}. Set `row_ids: true`.",
            resource=self._listing.name,
        )

    def _side_rows(self, parted: Parted, ids: BatchIds) -> Any:
        self._figures.of(self._listing.name).side_rows += len(parted.side_rows)
        if not self._row_ids:
            raise self._ids_needed(
                "a row has lists or values that only dlt's normalizer takes, which adds them"
            )
        id_name = None if self._table.hashes_rows else self._table.row_id_name
        columns = self._table.new_hints([id_name], []) if id_name else {}
        if self._table.merges and id_name:
            columns |= self._table.last_wins()
        rows = [self._table.prepared(row.values) for row in parted.side_rows]
        if id_name:
            places = [row.place for row in parted.side_rows]
            rows = [
                {**row, id_name: ids.at(place)} for row, place in zip(rows, places, strict=True)
            ]
        return _with_hints(
            LoadedRows(rows),
            file_format=self._table.side_road_format(),
            columns=columns,
            additional_table_hints=_claim(False) if self._table.merges else {},
        )

    def _rejected(self, rejected: list[Rejected], batch: Batch) -> Any:
        name = self._listing.name
        # A token may have come since the listing began.
        redactor = Redactor(self._listing.credentials.secrets)
        if self._strict:
            # Secrets are hidden before the text is cut: half a secret would not be known for one.
            row = redactor.clean(bytes(rejected[0].row).decode("utf-8", "replace"))
            reason = redactor.clean(rejected[0].reason)
            raise RowError(
                f"resource `{name}`: a row cannot be loaded: {reason}: {row[:_SHOWN]}\nNothing was "
                f"loaded. Without `strict` such rows go to the table `{TABLE}`.",
                resource=name,
                url=_told_by_row(batch)[id(rejected[0].row)].url,
                row=row,
            )
        self._figures.of(name).quarantined += len(rejected)
        self._figures.of(name).loaded_rows -= len(rejected)
        # Without the values there are only so many reasons, and no secret in them.
        self._figures.reasons.update(reason_without_value(each.reason) for each in rejected)
        told = _told_by_row(batch)
        return quarantined(name, rejected, lambda each: told[id(each.row)](), redactor)


def _told_by_row(batch: Batch) -> dict[int, ShownRequest]:
    return {id(row): page.told for page in batch.pages for row in (*page.rows, *page.unreadable)}


def _claim(is_deduplicated: bool) -> dict[str, Any]:
    """What is said of the load in any case: dlt's schema would remember the last claim."""
    return {"x-stage-data-deduplicated": is_deduplicated}


def _with_hints(item: Any, **hints: Any) -> Any:
    """The item with hints for dlt, which looks at the first item of a resource only otherwise."""
    given = {name: value for name, value in hints.items() if value}
    return dlt.mark.with_hints(item, dlt.mark.make_hints(**given)) if given else item
