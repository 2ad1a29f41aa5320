"""The quarantine: the table of rows that do not fit the table of their resource."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from dlt.common.schema.typing import TTableSchemaColumns

from headrace.core.secrets.redaction import Redactor
from headrace.dlt_source.items import RowBeside
from headrace.dlt_source.side_tables import beside
from headrace.sansio.rows import RejectedRow
from headrace.sansio.rows.texts import nul_shown

TABLE = "_headrace_quarantine"

_COLUMNS: TTableSchemaColumns = {
    "resource": {"data_type": "text", "nullable": False},
    "raw_row": {"data_type": "text", "nullable": False},
    "reason": {"data_type": "text", "nullable": False},
    "request": {"data_type": "text"},
    "quarantined_at": {"data_type": "timestamp", "nullable": False},
}

# Stands between what a value should be and the value itself, in the text of a reason. Tables that
# were written by earlier versions have it, so it must stay as it is.
_VALUE_SHOWN = ", but is "
REFUSED = "the destination refuses it"
"""How the reason begins for a row that the destination has refused."""
_CUT = "(the destination has room for the beginning of the row only)"
# At most, in UTF-8.
_BYTES_OF_A_CHARACTER = 4


def reason_with_value(expected: str, value: str) -> str:
    """Words the reason for a row with a value that does not fit its column.

    Args:
        expected: What the value should be.
        value: The value, or the beginning of it, as JSON.
    """
    return f"{expected}{_VALUE_SHOWN}{value}"


def reason_without_value(reason: str) -> str:
    """Cuts the row's value off a reason, so that all rows that fail alike have the same text.

    Without values there are few different reasons, and no secret stands in one.

    Args:
        reason: The reason, as it stands in the quarantine's table.
    """
    if reason.startswith(REFUSED):
        return REFUSED
    return reason.partition(_VALUE_SHOWN)[0]


def refused_by_destination(why: str) -> str:
    """Words the reason for a row that the destination has refused.

    Args:
        why: What the destination said, which may quote a value.
    """
    return f"{REFUSED}: {why}"


def quarantined(
    resource: str,
    rejected: Sequence[RejectedRow],
    request_of: Callable[[RejectedRow], str],
    redactor: Redactor,
    longest: int | None,
) -> Any:
    """Makes the rows for the quarantine's table, marked to go there.

    Args:
        resource: The name of the resource that the rows belong to.
        rejected: The rows, each with the reason why it does not fit.
        request_of: Gives the request that brought a row, without secrets.
        redactor: Masks the secrets that a server might send back in a row.
        longest: How many bytes a text may have in the destination; None for any number. Of a longer
            row the beginning is kept.

    Returns:
        An item that the resource's function can yield to dlt.
    """
    now = datetime.now(UTC)

    def row_of(each: RejectedRow) -> RowBeside:
        raw_row = redactor.clean(bytes(each.row).decode("utf-8", "backslashreplace"))
        kept = _beginning(raw_row, longest)
        reason = nul_shown(redactor.clean(each.reason))
        return RowBeside(
            resource=resource,
            raw_row=kept,
            reason=reason if kept == raw_row else f"{reason} {_CUT}",
            request=request_of(each),
            quarantined_at=now,
        )

    return beside(TABLE, _COLUMNS, [row_of(each) for each in rejected])


def _beginning(text: str, most_bytes: int | None) -> str:
    if most_bytes is None or len(text) * _BYTES_OF_A_CHARACTER <= most_bytes:
        return text
    return text.encode()[:most_bytes].decode(errors="ignore")
