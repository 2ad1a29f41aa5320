"""Joins typed batches into tables of the size that is loaded fastest."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.core.arrow import pa

# A table becomes a row group of a Parquet file. DuckDB's own groups have so many rows, and it
# reads those of the same size in half the time.
ROWS = 122_880
_MOST_BYTES = 64 * 1024 * 1024


class RowGroups:
    """Gathers the tables of one load; the newest rows are kept until more come, or the end.

    Args:
        rows: How many rows a whole group has.
        most_bytes: A group of large rows ends at so many bytes in memory, with fewer rows.
    """

    def __init__(self, rows: int = ROWS, most_bytes: int = _MOST_BYTES) -> None:
        self._rows = rows
        self._most_bytes = most_bytes
        self._tables: list[pa.Table] = []
        self._row_count = 0
        self._bytes = 0

    def fits(self, table: pa.Table) -> bool:
        """Whether a table has the columns of those gathered."""
        return not self._tables or self._tables[-1].schema.equals(table.schema)

    def add(self, table: pa.Table) -> Iterator[pa.Table]:
        """Takes the next rows.

        Args:
            table: The next rows; their columns are those of the rows gathered before.

        Yields:
            The groups that are whole.
        """
        self._keep(table)
        if self._row_count > self._rows:
            gathered = self._joined()
            while gathered.num_rows > self._rows:
                yield gathered.slice(0, self._rows)
                gathered = gathered.slice(self._rows)
            self._keep(gathered)
        if self._bytes > self._most_bytes and self._row_count > table.num_rows:
            gathered = self._joined()
            earlier = gathered.num_rows - table.num_rows
            yield gathered.slice(0, earlier)
            self._keep(gathered.slice(earlier))

    def take_rest(self) -> pa.Table | None:
        """Gives what is gathered, if anything; the next table may then have other columns."""
        return self._joined() if self._tables else None

    def _keep(self, table: pa.Table) -> None:
        # The bytes are counted table by table: Arrow goes through all chunks to tell them.
        self._tables.append(table)
        self._row_count += table.num_rows
        self._bytes += table.nbytes

    def _joined(self) -> pa.Table:
        tables, self._tables = self._tables, []
        self._row_count = self._bytes = 0
        return pa.concat_tables(tables)
