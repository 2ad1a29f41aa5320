"""Clauses that databases word differently."""

from __future__ import annotations

from typing import Any

from dlt.destinations.sql_client import SqlClientBase

# Dialects that say it in the words of the standard.
_WITHOUT_LIMIT = ("tsql", "fabric", "oracle")


def newest_first(sql: SqlClientBase[Any], column: str, most: int) -> str:
    """The end of a query for the rows with the latest values of a column.

    Args:
        sql: client of the database.
        column: its name in the schema.
        most: rows at most.
    """
    order = f"ORDER BY {sql.escape_column_name(column)} DESC"
    if sql.capabilities.sqlglot_dialect in _WITHOUT_LIMIT:
        return f"{order} OFFSET 0 ROWS FETCH NEXT {most} ROWS ONLY"
    return f"{order} LIMIT {most}"
