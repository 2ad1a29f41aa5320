"""The rows of a resource as Arrow, batch by batch, for whoever asks: no pipeline."""

from __future__ import annotations

import os
import weakref
from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from headrace.core.arrow import pa
from headrace.core.figures import Figures
from headrace.core.secrets.shipping import stays_here
from headrace.reading.plain_batches import PlainBatches, RowSetAside
from headrace.sansio.rows.nested_tables import Names, NestedTables

_SEVERAL = (
    'with `nested="tables"` the rows come in several tables: iterate over `reader.tables()`, '
    "whose schemas are in `reader.schemas`"
)


@stays_here
class Reader:
    """Reads the rows of a resource as Arrow: `headrace.read` makes one.

    Pages are asked for as they are wanted: while nobody takes the next batch, nothing is fetched.
    It gives its rows once, and to one thread at a time. What it holds, a thread and connections, is
    let go at the end of the listing, by `close`, at the end of a `with`, or when nobody holds the
    reader any more.

    Args:
        batches: What reads and types the rows.
        names: How the tables of lists are named; None where lists stay lists.
    """

    def __init__(self, batches: PlainBatches, names: Names | None = None) -> None:
        self._source = batches
        self._names = names
        self._tables: Generator[pa.Table, None, None] = batches.tables()
        # Also at the end of the program, while threads can still be ended.
        weakref.finalize(self, _end, self._tables)
        self._ahead: list[pa.Table] = []
        self._error: Exception | None = None
        self._is_closed = False
        self._process = os.getpid()

    @property
    def resource(self) -> str:
        """The name of the resource."""
        return self._source.name

    @property
    def schema(self) -> pa.Schema:
        """The schema of all batches; the first one is read for it."""
        self._refuse_several()
        return self._row_schema

    @property
    def portable_schema(self) -> pa.Schema:
        """The schema, with what a reader in another process needs to type its rows alike."""
        self._refuse_several()
        if not self._source.types.stands:
            _ = self._row_schema
        return self._source.types.portable_schema

    @property
    def schemas(self) -> dict[str, pa.Schema]:
        """The schema of each table that `tables` gives, by its name; the rows' own comes first."""
        if self._names is None:
            return {self._source.name: self._row_schema}
        return self._nested.schemas

    @property
    def _row_schema(self) -> pa.Schema:
        if not self._source.types.stands:
            table = self._next_table()
            if table is not None:
                self._ahead.append(table)
        return self._source.types.schema

    @cached_property
    def _nested(self) -> NestedTables:
        assert self._names is not None
        schema = self._row_schema
        paths = self._source.types.list_paths
        return NestedTables(self._source.name, schema, paths, self._names)

    @property
    def figures(self) -> Figures:
        """What was counted so far: requests, pages, rows, of the resource and of its parents."""
        return self._source.figures

    @property
    def quarantine(self) -> list[RowSetAside]:
        """The rows that are in no batch: no objects, not readable, or without their key."""
        return self._source.set_aside

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        self._refuse_several()
        return self

    def __next__(self) -> pa.RecordBatch:
        self._refuse_several()
        table = self._taken()
        if table is None:
            raise StopIteration
        return _as_batch(table)

    def tables(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The rows with the name of their table: those of a batch, then those of its lists.

        Raises:
            HeadraceError: The listing failed.
        """
        while (table := self._taken()) is not None:
            if self._names is None:
                yield self._source.name, _as_batch(table)
                continue
            for name, part in self._nested.parts(table):
                yield name, _as_batch(part)

    def to_reader(self) -> pa.RecordBatchReader:
        """The rows that are still to come as `pyarrow.RecordBatchReader`.

        DuckDB, Polars, pandas, Ray and others take one.
        """
        return pa.RecordBatchReader.from_batches(self.schema, self)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows for libraries that know the Arrow PyCapsule interface."""
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def close(self) -> None:
        """Stops reading, and lets go of what it holds."""
        self._is_closed = True
        self._ahead.clear()
        self._tables.close()

    def _refuse_several(self) -> None:
        if self._names is not None:
            raise ValueError(_SEVERAL)

    def _taken(self) -> pa.Table | None:
        return self._ahead.pop() if self._ahead else self._next_table()

    def _next_table(self) -> pa.Table | None:
        if self._is_closed:
            raise ValueError("this reader was closed: `headrace.read` makes a new one")
        if self._process != os.getpid():
            # The thread that fetches is not in a process that was forked, so nothing would come.
            raise ValueError(
                "this reader was made in another process: make one here, with `headrace.read`"
            )
        if self._error is not None:
            # Once more: that there are no more rows would not be true.
            raise self._error
        try:
            return next(self._tables, None)
        except Exception as error:
            self._error = error
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<headrace.Reader of `{self._source.name}`>"


def _end(tables: Generator[pa.Table, None, None]) -> None:
    # Another thread may be in the midst of it as the program ends.
    with suppress(ValueError):
        tables.close()


def _as_batch(table: pa.Table) -> pa.RecordBatch:
    (batch,) = table.combine_chunks().to_batches()
    return batch
