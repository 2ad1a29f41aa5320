"""Rows for a table beside that of the resource which yields them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dlt
from dlt.common.schema.typing import TTableSchemaColumns

from headrace.dlt_source.items import LoadedRows


def beside(table: str, columns: TTableSchemaColumns, rows: Sequence[dict[str, Any]]) -> Any:
    """Marks rows of the running resource to be appended to another table.

    Args:
        table: its name; none of the hints of the resource's own table go to it.
        columns: with their types.
        rows: for the table.
    """
    resource = dlt.current.resource()
    resource.apply_hints(
        table_name=table,
        write_disposition="append",
        columns={},
        primary_key=[],
        merge_key=[],
        schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "evolve"},
        additional_table_hints={},
        create_table_variant=True,
    )
    resource.apply_hints(table_name=table, columns=columns, create_table_variant=True)
    return dlt.mark.with_table_name(LoadedRows(rows), table)
