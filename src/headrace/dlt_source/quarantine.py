"""Where rows go that cannot be loaded as they are: a table of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from dlt.common.schema.typing import TTableSchemaColumns

from headrace.core.secrets.redaction import Redactor
from headrace.dlt_source.side_tables import beside
from headrace.sansio.rows import Rejected

TABLE = "_headrace_quarantine"

_COLUMNS: TTableSchemaColumns = {
    "resource": {"data_type": "text", "nullable": False},
    "raw_row": {"data_type": "text", "nullable": False},
    "reason": {"data_type": "text", "nullable": False},
    "request": {"data_type": "text"},
    "quarantined_at": {"data_type": "timestamp", "nullable": False},
}


def quarantined(
    resource: str,
    rejected: Sequence[Rejected],
    request_of: Callable[[Rejected], str],
    redactor: Redactor,
) -> Any:
    """The rows for the quarantine's table, marked to go there.

    Args:
        resource: that they belong to.
        rejected: the rows.
        request_of: gives the request that brought a row, without secrets.
        redactor: masks the secrets that a server might send back in a row.
    """
    now = datetime.now(UTC)
    rows = [
        {
            "resource": resource,
            "raw_row": redactor.clean(bytes(each.row).decode("utf-8", "backslashreplace")),
            "reason": redactor.clean(each.reason),
            "request": request_of(each),
            "quarantined_at": now,
        }
        for each in rejected
    ]
    return beside(TABLE, _COLUMNS, rows)
