"""Sends rows that a resource yields to another table than its own, as the quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dlt
from dlt.common.schema.typing import TFileFormat, TTableSchemaColumns

from headrace.dlt_source.items import LoadedRows


def beside(
    table: str,
    columns: TTableSchemaColumns,
    rows: Sequence[dict[str, Any]],
    merged_by: Sequence[str] = (),
    file_format: TFileFormat | None = None,
) -> Any:
    """Marks rows of the running resource to go to another table.

    Args:
        table: The name of that table.
        columns: dlt's hints of its columns, with their types.
        rows: The rows, as dicts of column names and values.
        merged_by: The columns by which they are merged there; they are appended where there are
            none.
        file_format: The format in which dlt hands them to the destination; None leaves the choice
            to dlt.

    Returns:
        An item that the resource's function can yield to dlt.
    """
    resource = dlt.current.resource()
    # A new variant of a resource's table begins with all hints of the resource: its keys, columns
    # and contract would hold for the other table too. An empty hint removes one, as dlt documents.
    resource.apply_hints(
        table_name=table,
        write_disposition="merge" if merged_by else "append",
        columns={},
        primary_key=list(merged_by),
        merge_key=[],
        schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "evolve"},
        additional_table_hints={},
        create_table_variant=True,
    )
    resource.apply_hints(
        table_name=table, columns=columns, file_format=file_format, create_table_variant=True
    )
    return dlt.mark.with_table_name(LoadedRows(rows), table)
