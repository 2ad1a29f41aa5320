"""Sets rows aside that cannot be loaded: into quarantine, or as an error where they may not."""

from __future__ import annotations

from typing import Any

import msgspec

from headrace.core.exceptions import RowError
from headrace.dlt_source.batches import Batch
from headrace.dlt_source.dlt_pipe import capabilities_of_running_load
from headrace.dlt_source.quarantine import TABLE, quarantined, reason_without_value
from headrace.dlt_source.running_resource import RunningResource
from headrace.sansio.rows import Misfit, RejectedRow
from headrace.sansio.rows.json_rows import why_unreadable

_LONGEST_SHOWN = 200
_FROZEN = (
    "The `schema_contract` freezes `data_type`: declare a type that takes all values, or let the "
    "contract discard what does not fit (`discard_row`, `discard_value`). Without a word on "
    "`data_type` such rows go to quarantine."
)


def set_aside(resource: RunningResource, rejected: list[RejectedRow], batch: Batch) -> Any:
    """The item that brings rows to quarantine.

    Args:
        resource: The running resource.
        rejected: The rows, each with the reason why it cannot be loaded.
        batch: The batch that they are of.

    Raises:
        RowError: `strict` is set.
    """
    if resource.settings.strict:
        raise refused(
            resource, rejected[0], batch, f"Without `strict` such rows go to the table `{TABLE}`."
        )
    resource.figures.quarantined += len(rejected)
    resource.figures.loaded_rows -= len(rejected)
    # Without the values there are only so many reasons, and no secret in them.
    resource.sync.figures.reasons.update(reason_without_value(each.reason) for each in rejected)
    requests = batch.requests()
    return quarantined(
        resource.name,
        rejected,
        lambda each: str(requests[id(each.row)]),
        resource.redactor,
        capabilities_of_running_load().max_text_data_type_length,
    )


def left_by_contract(
    resource: RunningResource,
    rejected: list[RejectedRow],
    mode: str | None,
    batch: Batch,
) -> list[RejectedRow]:
    """The rows that remain to be set aside, once the schema contract has decided on the others.

    Args:
        resource: The running resource.
        rejected: The rows, each with the reason why it cannot be loaded.
        mode: What the user's schema contract says of values of another type than their column's.
        batch: The batch that they are of.

    Raises:
        RowError: The contract allows no other types.
    """
    misfits = [each for each in rejected if isinstance(each.reason, Misfit)]
    if not misfits or mode not in ("freeze", "discard_row"):
        return rejected
    if mode == "freeze":
        raise refused(resource, misfits[0], batch, _FROZEN)
    resource.figures.discarded += len(misfits)
    resource.figures.loaded_rows -= len(misfits)
    return [each for each in rejected if not isinstance(each.reason, Misfit)]


def refused(
    resource: RunningResource, rejected: RejectedRow, batch: Batch, what_to_do: str
) -> RowError:
    """The error for a row that cannot be loaded.

    Args:
        resource: The running resource.
        rejected: The row, with the reason.
        batch: The batch that it is of.
        what_to_do: What the user can do, as a sentence.
    """
    # Secrets are hidden before the text is cut: half a secret would not be known for one.
    reason = resource.redactor.clean(rejected.reason)
    error = RowError(
        f"resource `{resource.name}`: a row cannot be loaded: {reason}: "
        f"{_shown(rejected.row, resource)[:_LONGEST_SHOWN]}\nNothing was loaded. {what_to_do}",
        resource=resource.name,
    )
    return with_row(error, rejected.row, batch, resource)


def with_row(
    error: RowError, row: msgspec.Raw, batch: Batch, resource: RunningResource
) -> RowError:
    """The error, with the row that it is about, and the URL that brought it.

    Args:
        error: The error.
        row: The JSON of the row.
        batch: The batch that it is of.
        resource: The running resource.
    """
    url = batch.requests()[id(row)].url
    return error.located(url=url, row=_shown(row, resource))


def _shown(row: msgspec.Raw, resource: RunningResource) -> str:
    return resource.redactor.clean(bytes(row).decode("utf-8", "replace"))


def decoded_rows(rows: list[msgspec.Raw]) -> tuple[list[Any], list[RejectedRow]]:
    """The rows that can be read, decoded, and the others.

    Args:
        rows: The JSON of each row.
    """
    decoded: list[Any] = []
    rejected: list[RejectedRow] = []
    for row in rows:
        try:
            decoded.append(msgspec.json.decode(row))
        except (msgspec.MsgspecError, RecursionError) as error:
            rejected.append(RejectedRow(row, why_unreadable(row, error)))
    return decoded, rejected
