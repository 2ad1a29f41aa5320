"""How much memory the scratch database may take: little, and more where rows are long."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from typing import TypeVar

import duckdb
import pyarrow as pa

from headrace.reading.fetched_page import FetchedPage

_MB = 1_000_000
# What it may take it keeps of what it has written and read, however few rows it works on at once.
# A copy needs the least of all, and a comparison more, for each of two threads.
_COPY, _LITTLE, _MUCH = 96 * _MB, 144 * _MB, 512 * _MB
# Each thread has a block of each column in hand.
_FEW_COLUMNS = 40
# So many rows DuckDB works on at once, and so often it has them in hand: two threads read some,
# write others, and compare.
_ROWS_AT_ONCE, _TIMES = 2_048, 6
# From so many bytes on a row is long.
_LONG = 4_000
_T = TypeVar("_T")
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


class ScratchMemory:
    """The limit of the memory of a database, which follows the longest rows that come.

    Args:
        connection: A connection to the database.
        columns: How many columns the widest of its tables is to have.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, columns: int) -> None:
        self._connection = connection
        self._is_wide = columns > _FEW_COLUMNS
        self._is_copying = False
        self._needs_all = False
        self._unseen: set[str] = set()
        self._longest = 0
        self._most = _bytes_of(self._setting())
        self._limit = 0
        self._follow()

    @property
    def has_long_rows(self) -> bool:
        """Whether any rows that came are so long that few of them fit into the memory."""
        return self._longest >= _LONG

    def expect(self, resources: Collection[str]) -> None:
        """Learns whose rows come: as long as those of one are not seen, they may be long.

        Args:
            resources: The names of the resources.
        """
        self._unseen.update(resources)
        self._follow()

    def expect_no_more(self) -> None:
        """Learns that all rows have come: who had none, or made them in Python, is seen no more."""
        self._unseen.clear()
        self._follow()

    def see(self, resource: str, pages: Sequence[FetchedPage]) -> None:
        """Learns how long rows are that the database is to take.

        Args:
            resource: The name of their resource.
            pages: The pages that they came on.
        """
        self._unseen.discard(resource)
        lengths = (page.size // len(page.rows) for page in pages if page.rows)
        self._longest = max(self._longest, *lengths, 0)
        self._follow()

    def seen(self, batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Learns how long rows are that are copied into the database.

        Args:
            batches: The rows.

        Yields:
            The same.
        """
        self._is_copying = True
        try:
            for batch in batches:
                self._longest = max(self._longest, batch.nbytes // max(1, batch.num_rows))
                self._follow()
                yield batch
        finally:
            self._is_copying = False
            self._follow()

    def with_enough(self, work: Callable[[], _T]) -> _T:
        """Does something, and again with all the memory of the machine where it takes more.

        Args:
            work: Does it.

        Returns:
            What that gives.
        """
        try:
            return work()
        except duckdb.OutOfMemoryException:
            self._needs_all = True
            self._follow()
        return work()

    def let_go(self) -> None:
        """Lets go of what it keeps and does not use just now: behind a load that is most of it."""
        with closing(self._connection.cursor()) as cursor:
            # As much as can be is let go of before it fails.
            with suppress(duckdb.Error):
                cursor.execute("SET memory_limit = '1MB'")
            cursor.execute(f"SET memory_limit = '{self._limit}B'")

    def _follow(self) -> None:
        """Sets the limit by what is known."""
        if self._needs_all:
            least = self._most
        elif self._unseen or self._is_wide:
            least = _MUCH
        else:
            least = _COPY if self._is_copying else _LITTLE
        limit = min(self._most, least + _TIMES * _ROWS_AT_ONCE * self._longest)
        if limit == self._limit:
            return
        # It cannot be less than what is in use just now; the next rows lead here again.
        with suppress(duckdb.Error), closing(self._connection.cursor()) as cursor:
            cursor.execute(f"SET memory_limit = '{limit}B'")
            self._limit = limit

    def _setting(self) -> str:
        ((text,),) = self._connection.execute("SELECT current_setting('memory_limit')").fetchall()
        return str(text)


def _bytes_of(text: str) -> int:
    """A number of bytes as DuckDB tells it, `18.8 GiB`."""
    number, unit = text.split()
    return int(float(number) * _UNITS[unit])
