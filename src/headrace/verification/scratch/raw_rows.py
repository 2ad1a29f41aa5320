"""Keeps the rows of a listing as the API wrote them, so that a repair can load some of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, groupby
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from headrace.config.built.tail import TailConfig
from headrace.core.exchange import ShownRequest
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.fetched_page import FetchedPage
from headrace.sansio.rows import BatchIds
from headrace.verification.scratch.database import text_literal
from headrace.verification.scratch.memory import ScratchMemory

_SCHEMA = pa.schema([("id", pa.string()), ("request", pa.string()), ("raw", pa.binary())])
_ROWS_AT_ONCE = 2_048


@dataclass(slots=True)
class _RowFile:
    file: Path
    writer: ParquetWriter
    has_ids: bool = True


class RawRows:
    """The raw rows of a listing, in one Parquet file for each resource.

    Beside each row stand its id in the table of the listing and the request that brought it.

    Args:
        folder: The folder for the files; None to keep no rows.
        memory: Is told how long the rows are.
    """

    def __init__(self, folder: Path | None, memory: ScratchMemory) -> None:
        self._folder = folder
        self._memory = memory
        self._kept: dict[str, _RowFile] = {}
        # dlt may run resources in several threads; `next` of a count is atomic.
        self._numbers = count()
        self.tails: dict[str, TailConfig] = {}

    def meet(self, resource: str, tail: TailConfig | None) -> None:
        """Opens the file of a resource that begins.

        Args:
            resource: The name of the resource.
            tail: How its listing is kept up with; None where it is not.
        """
        if tail is not None:
            self.tails[resource] = tail
        if self._folder is not None and resource not in self._kept:
            file = self._folder / f"kept-{next(self._numbers)}.parquet"
            self._kept[resource] = _RowFile(file, ParquetWriter(file, _SCHEMA, compression="zstd"))

    def see(self, resource: str, pages: Sequence[FetchedPage], ids: BatchIds | None) -> None:
        """Keeps the rows of pages.

        Args:
            resource: The name of their resource.
            pages: The pages, in the order of the listing.
            ids: The ids of their rows; None where dlt makes them.
        """
        self._memory.see(resource, pages)
        kept = self._kept.get(resource)
        if kept is None:
            return
        rows = [bytes(row) for page in pages for row in page.rows]
        if not rows:
            return
        kept.has_ids = kept.has_ids and ids is not None
        requests = [text for page in pages for text in [str(page.request)] * len(page.rows)]
        columns = [
            pa.nulls(len(rows), pa.string()) if ids is None else ids.column(),
            pa.array(requests, pa.string()),
            pa.array(rows, pa.binary()),
        ]
        kept.writer.write_table(pa.table(columns, schema=_SCHEMA))

    def close(self) -> None:
        """Closes the files: from here on rows can be read, and none written."""
        for kept in self._kept.values():
            kept.writer.close()

    def begin_again(self) -> None:
        """Forgets all rows, as they come once more."""
        self.close()
        self._kept.clear()

    def has(self, resource: str) -> bool:
        """Says whether the rows of a resource were kept, if it had any.

        Args:
            resource: The name of the resource.
        """
        return resource in self._kept

    def are_traced(self, resource: str) -> bool:
        """Says whether each raw row of a resource has the id of its row in the table.

        Args:
            resource: The name of the resource.
        """
        return self._kept[resource].has_ids

    def rows_of(
        self, resource: str, connection: duckdb.DuckDBPyConnection, ids: str
    ) -> Iterator[FetchedPage]:
        """Reads raw rows of a resource: the wanted ones, or all where they have no ids.

        Args:
            resource: The name of the resource.
            connection: The connection to the scratch database. It may be used for something else
                meanwhile.
            ids: A query for the ids of the rows that are wanted.

        Yields:
            Pages of rows, each with the rows of one request.
        """
        kept = self._kept[resource]
        source = f"read_parquet({text_literal(str(kept.file))}, file_row_number = true)"
        if kept.has_ids:
            wanted = f"id IN ({ids})"
        elif resource in self.tails:
            wanted = f"file_row_number IN ({_last_of_each(source, self.tails[resource])})"
        else:
            wanted = "true"
        with connection.cursor() as cursor:
            query = f"SELECT request, raw FROM {source} WHERE {wanted}"
            for batch in cursor.sql(query).to_arrow_reader(_ROWS_AT_ONCE):
                yield from _pages(batch)


def _last_of_each(source: str, tail: TailConfig) -> str:
    """A query for the row numbers of the last rows by key: legs may bring a key twice."""
    fields = (name.replace("~", "~0").replace("/", "~1") for name in tail.row_key)
    key = ", ".join(f"json_extract_string(decode(raw), {text_literal(f'/{f}')})" for f in fields)
    return f"SELECT max(file_row_number) FROM {source} GROUP BY {key}"


def _pages(batch: pa.RecordBatch) -> Iterator[FetchedPage]:
    """The rows of a batch in pages, each with the rows of one request."""
    rows: Sequence[tuple[str, bytes]] = list(
        zip(*(column.to_pylist() for column in batch.columns), strict=True)
    )
    for request, group in groupby(rows, key=lambda row: row[0]):
        raw = [msgspec.Raw(row) for _, row in group]
        method, _, url = request.partition(" ")
        yield FetchedPage(raw, sum(map(len, raw)), request=ShownRequest.of(method, url))
