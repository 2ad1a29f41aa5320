"""Which rows are not there any more: a table of their own, the rows themselves stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dlt.common.schema.typing import TTableSchemaColumns

from headrace.dlt_source.items import RowBeside
from headrace.dlt_source.side_tables import beside
from headrace.sansio.tail import GoneRow

TABLE = "_headrace_gone"

_COLUMNS: TTableSchemaColumns = {
    "resource": {"data_type": "text", "nullable": False},
    "key": {"data_type": "text", "nullable": False},
    "since": {"data_type": "timestamp", "nullable": False},
}


def gone_rows(resource: str, gone: Sequence[GoneRow]) -> Any:
    """Rows for the table of what is gone, marked to go there.

    Args:
        resource: that they were rows of.
        gone: each with its key and since when it is missed.
    """
    rows = [
        RowBeside(
            resource=resource,
            key=str(each.identity),
            since=datetime.fromtimestamp(each.since, UTC),
        )
        for each in gone
    ]
    return beside(TABLE, _COLUMNS, rows)
