"""Rows that have no place in the schema: an error that says what to do, or kept as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from headrace.core.arrow import pa
from headrace.core.exceptions import ConfigError, Fault, RowError
from headrace.core.secrets.redaction import one_line
from headrace.reading.plain_batches import RowSetAside
from headrace.reading.reader import Reader
from headrace.sansio.rows.plain_types import REST
from headrace.spark.options import OnMisfit

_SHOWN = 200
_ADVICE = (
    f"With a column `{REST}` of type STRING in the schema, as it has where you give none, values "
    "without a place stand there as JSON; with the value `keep` for the option `on_misfit`, so do "
    "whole rows that lack their key or are no objects. Or give the column another type, here or in "
    "`columns` of the config."
)
_NO_COLUMN = (
    f"`keep` keeps rows in the column `{REST}`, which the schema does not have: add it, of type "
    "STRING, or leave the option out"
)


def refuse_without_column(on_misfit: OnMisfit, names: Sequence[str]) -> None:
    """Sees that rows can be kept, where they are to be.

    Args:
        on_misfit: What becomes of them.
        names: The columns of the schema.

    Raises:
        ConfigError: They cannot.
    """
    if on_misfit == "keep" and REST not in names:
        raise ConfigError([Fault("option `on_misfit`", _NO_COLUMN)])


def batches(reader: Reader, on_misfit: OnMisfit, resource: str) -> Iterator[pa.RecordBatch]:
    """All batches of a reader, and what becomes of the rows that are in none.

    Args:
        reader: The reader, which has a schema.
        on_misfit: What becomes of such rows.
        resource: The name of the resource.

    Raises:
        RowError: There is such a row, and it is to be an error.
        HeadraceError: The listing failed.
    """
    for batch in reader:
        yield batch
        yield from _set_aside(reader, on_misfit, resource)
    yield from _set_aside(reader, on_misfit, resource)


def _set_aside(reader: Reader, on_misfit: OnMisfit, resource: str) -> Iterator[pa.RecordBatch]:
    rows = list(reader.quarantine)
    reader.quarantine.clear()
    if not rows:
        return
    if on_misfit == "fail":
        first = rows[0]
        raise RowError(
            f"resource `{resource}`: a row of {first.request} {first.reason}: "
            f"{one_line(first.row, _SHOWN)}. {_ADVICE}",
            resource=resource,
            row=first.row,
        )
    yield _kept(rows, reader.schema)


def _kept(rows: Sequence[RowSetAside], schema: pa.Schema) -> pa.RecordBatch:
    told = [
        msgspec.json.encode(
            {
                "_headrace_row": each.row,
                "_headrace_reason": each.reason,
                "_headrace_request": each.request,
            }
        ).decode()
        for each in rows
    ]
    columns = [
        pa.array(told, each.type) if each.name == REST else pa.nulls(len(rows), each.type)
        for each in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
