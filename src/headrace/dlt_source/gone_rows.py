"""The table of rows that the API has no more.

A row that is gone stays in the table of its resource as it was last seen; this table beside it says
that it is gone. To mark the row itself, a merge would need a value for each of its columns: dlt
sets those to NULL that an update leaves out.
"""

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
    """Makes the rows for the table of what is gone, marked to go there.

    Args:
        resource: The name of the resource that the rows belonged to.
        gone: The rows that are gone, each with its key and the time since when it is missed.

    Returns:
        An item that the resource's function can yield to dlt.
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
