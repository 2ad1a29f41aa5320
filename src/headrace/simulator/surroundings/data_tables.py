"""The data tables of the sample API, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headrace.simulator.surroundings.made_up import PROJECT_ID, key_of, moment_of

_Column = tuple[str, Callable[[int], object]]
_TABLES: Mapping[str, tuple[int, Mapping[str, _Column]]] = {
    "orders": (
        620,
        {
            "sku": ("string", lambda number: f"SKU-{number * 37 % 500:04}"),
            "qty": ("number", lambda number: 1 + number % 7),
            "paid": ("boolean", lambda number: None if number % 11 == 0 else number % 3 > 0),
            "at": ("date", lambda number: moment_of(f"order {number}")),
        },
    ),
    "exchange rates": (
        9,
        {
            "currency": ("string", lambda number: f"X{chr(64 + number)}X"),
            "rate": ("number", lambda number: number / 8),
        },
    ),
    "empty": (0, {"note": ("string", str)}),
}


def data_tables() -> list[dict[str, Any]]:
    """Return the tables as the API lists them."""
    return [
        {
            "updatedAt": moment_of(name, after_days=1),
            "createdAt": moment_of(name),
            "id": key_of(name),
            "name": name,
            "projectId": PROJECT_ID,
            # Recorded: the columns come in any order, their index says which is first.
            "columns": [
                _column(name, column, kind, index)
                for index, (column, (kind, _)) in reversed(list(enumerate(columns.items())))
            ],
            "sizeBytes": 32_768,
        }
        for name, (_, columns) in _TABLES.items()
    ]


def data_table_rows(table_id: str) -> list[dict[str, Any]] | None:
    """Return the rows of one table; None where there is no such table.

    Args:
        table_id: The table's key.
    """
    for name, (count, columns) in _TABLES.items():
        if key_of(name) == table_id:
            return [
                {
                    "id": number,
                    "createdAt": moment_of(f"{name} {number}"),
                    "updatedAt": moment_of(f"{name} {number}", after_days=number % 3),
                    **{column: value(number) for column, (_, value) in columns.items()},
                }
                for number in range(1, count + 1)
            ]
    return None


def _column(table: str, name: str, kind: str, index: int) -> dict[str, Any]:
    made = moment_of(table)
    return {
        "updatedAt": made,
        "createdAt": made,
        "id": key_of(f"{table} {name}"),
        "name": name,
        "type": kind,
        "index": index,
    }
