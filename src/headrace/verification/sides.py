"""The two tables that are compared, and how a column of the one is compared with the other's."""

from __future__ import annotations

from collections.abc import Container

import duckdb

from headrace.core.quick_dataclasses import dataclass
from headrace.verification.scratch.database import quoted

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "FLOAT", "DOUBLE")
_TIMES = ("TIMESTAMP", "DATE")
# A text that is longer, in bytes, is compared by its digest. Our own name, with a space in it.
_LONG_TEXT = 256
_DIGEST = "headrace digest of {}"


@dataclass(frozen=True, slots=True)
class Sides:
    """The two tables to compare, both in the scratch database.

    Args:
        listed: The qualified name of the table with the listing.
        stored: The qualified name of the copy of the loaded table.
        key: The names of the columns of the primary key.
        ignored: The names of columns that are not compared.
        ignored_prefix: Columns whose names begin so are not compared either (dlt's own).
        age: The names of columns that order the versions of one key, oldest first. They need not
            exist.
        condition: SQL that is true of the rows that count: the current ones, where a table keeps
            the history of its rows.
        mark: The name of the column that says of a row that it is gone; it need not exist.
    """

    listed: str
    stored: str
    key: tuple[str, ...]
    ignored: frozenset[str]
    ignored_prefix: str
    age: tuple[str, ...]
    condition: str
    mark: str = ""

    def condition_in(self, columns: Container[str]) -> str:
        """SQL that is true of the rows of one side that count.

        Args:
            columns: The names of the columns of that side.
        """
        return (
            f"{self.condition} AND {quoted(self.mark)} IS NULL"
            if self.mark in columns
            else self.condition
        )


class ComparedColumns:
    """The columns of both sides as SQL; the listing goes by the alias `l`, the table by `t`.

    Args:
        connection: The connection to the scratch database, with both tables in it.
        sides: The two tables.
        by_digest: Whether texts may be so long that few of them fit into the memory.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, sides: Sides, *, by_digest: bool
    ) -> None:
        self.listed_types = column_types(connection, sides.listed)
        self.stored_types = column_types(connection, sides.stored)
        self._key = sides.key
        self.compared = [
            name
            for name in {**self.listed_types, **self.stored_types}
            if not name.startswith(sides.ignored_prefix)
            and name not in sides.ignored.union(sides.key)
        ]
        both = (self.listed_types, self.stored_types)
        are_texts = (
            name for name in self.compared if all(each.get(name) == "VARCHAR" for each in both)
        )
        self._digested = frozenset(are_texts if by_digest else ())

    @property
    def digests(self) -> str:
        """SQL for further columns of each side: the digests of its long texts."""
        return "".join(
            f", CASE WHEN strlen({column}) > {_LONG_TEXT} THEN sha256({column}) ELSE {column} END "
            f"AS {quoted(_DIGEST.format(name))}"
            for name in sorted(self._digested)
            for column in [quoted(name)]
        )

    def pair(self, name: str) -> tuple[str, str]:
        """A column in the listing and in the table, as expressions of types that can be compared.

        Args:
            name: The name of the column. A side without it has NULL there.
        """
        kinds = self.listed_types.get(name), self.stored_types.get(name)
        listed, stored = (
            f"{alias}.{quoted(name)}" if kind else "NULL"
            for alias, kind in zip("lt", kinds, strict=True)
        )
        families = {type_family(kind) for kind in kinds if kind}
        if len(families) > 1:
            return f"CAST({listed} AS VARCHAR)", f"CAST({stored} AS VARCHAR)"
        return listed, stored

    def differs(self, name: str) -> str:
        """SQL that is true where the two sides differ in a column.

        Args:
            name: The name of the column.
        """
        digest = quoted(_DIGEST.format(name))
        is_digested = name in self._digested
        listed, stored = (f"l.{digest}", f"t.{digest}") if is_digested else self.pair(name)
        return f"({listed} IS DISTINCT FROM {stored})"

    def same_key(self) -> str:
        """SQL that is true of a row of the listing and a row of the table with the same key."""
        return " AND ".join(f"{listed} = {stored}" for listed, stored in map(self.pair, self._key))


def column_types(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Gives the type of each column of a table, by its name; none where there is no such table.

    Args:
        connection: The connection to the scratch database.
        table: The qualified name of the table.
    """
    try:
        described = connection.execute(f"DESCRIBE {table}").fetchall()
    except duckdb.CatalogException:
        return {}
    return {name: kind for name, kind, *_ in described}


def type_family(kind: str) -> str:
    """Gives the group of types that a type can be compared with by value.

    Args:
        kind: The type, as DuckDB writes it.
    """
    if kind.startswith(_NUMBERS):
        return "number"
    return "time" if kind.startswith(_TIMES) else kind
