"""Where rows go that cannot be loaded as they are: a table of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.extract import DltResource

from headrace.redaction import Redactor
from headrace.rows import Rejected

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
    _set_up_table(dlt.current.resource())
    return dlt.mark.with_table_name(rows, TABLE)


def _set_up_table(resource: DltResource) -> None:
    """Gives the table hints of its own, none of which come from the resource's table."""
    resource.apply_hints(
        table_name=TABLE,
        write_disposition="append",
        columns={},
        primary_key=[],
        merge_key=[],
        schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "evolve"},
        additional_table_hints={},
        create_table_variant=True,
    )
    resource.apply_hints(table_name=TABLE, columns=_COLUMNS, create_table_variant=True)
