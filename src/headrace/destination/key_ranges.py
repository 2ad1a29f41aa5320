"""Between which keys the rows of a Parquet file lie."""

from __future__ import annotations

from itertools import chain
from typing import Any

from headrace.destination.dlt_schema import columns_with


def range_of_a_key(table: Any, file: str) -> tuple[str, int, int] | None:
    """A column of the key with its least and greatest value in a file.

    Args:
        table: The table that the rows go to, as dlt describes it.
        file: The path of the Parquet file.

    Returns:
        None where no column of the key is of whole numbers, or the file does not tell the values.
    """
    for name in columns_with(table, "primary_key", typed_only=True):
        if table["columns"][name].get("data_type") == "bigint":
            ends = _ends(file, name)
            if ends is not None:
                return name, *ends
    return None


def _ends(file: str, column: str) -> tuple[int, int] | None:
    """The least and greatest value of a column of whole numbers, as a Parquet file tells them."""
    # A sync with nothing new has no file, and needs none of Arrow.
    import pyarrow.parquet as pq

    told = pq.read_metadata(file)
    groups = [
        part.statistics
        for number in range(told.num_row_groups)
        for part in map(told.row_group(number).column, range(told.num_columns))
        if part.path_in_schema == column
    ]
    if not groups:
        return None
    if not all(each is not None and each.has_min_max for each in groups):
        return None
    values = list(chain.from_iterable((each.min, each.max) for each in groups))
    if not all(type(each) is int for each in values):
        return None
    return min(values), max(values)
