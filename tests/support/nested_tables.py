"""Reads child tables back as what they are: rows of lists, each with its place in its parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dlt.common.normalizers.json.helpers import get_nested_row_hash

Query = Callable[[str], list[dict[str, Any]]]
Place = tuple[Any, ...]


def linked_rows(query: Query, dataset: str, root: str, tables: Iterable[str]) -> dict[str, Any]:
    """The rows of a table and of those of its lists, each by its place.

    Args:
        query: Gives the rows of a query.
        dataset: The schema of the tables.
        root: The table that the lists are in.
        tables: The names of all tables of the dataset.

    Returns:
        For each table the values of its rows by their place: the key of the row of the listing,
        and behind it the place in each list.
    """
    place_of: dict[str, Place] = {}
    root_of: dict[str, str] = {}
    found: dict[str, Any] = {root: {}}
    for row in query(f'SELECT * FROM {dataset}."{root}"'):
        place_of[row["_dlt_id"]], root_of[row["_dlt_id"]] = (row["id"],), row["_dlt_id"]
        found[root][(row["id"],)] = _own(row)
    todo = {name for name in tables if name.startswith(f"{root}__")}
    while todo:
        table = min(todo, key=len)
        todo.remove(table)
        found[table] = {}
        for row in query(f'SELECT * FROM {dataset}."{table}"'):
            parent, index = row["_dlt_parent_id"], row["_dlt_list_idx"]
            assert row["_dlt_id"] == get_nested_row_hash(parent, table, index)
            if "_dlt_root_id" in row:
                assert row["_dlt_root_id"] == root_of[parent]
            place = (*place_of[parent], index)
            assert place not in found[table], f"{table} has a row twice: {place}"
            place_of[row["_dlt_id"]], root_of[row["_dlt_id"]] = place, root_of[parent]
            found[table][place] = _own(row)
    return found


def _own(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_dlt")}
