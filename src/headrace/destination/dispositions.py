"""Refuses to load what a destination cannot write as a resource's `write_disposition` asks.

dlt finds some of that when all rows are fetched already, in each run anew, and does some of it
otherwise without an error: a merge into a destination that has none is an `append` then, and each
row that comes again is there twice.

A function as destination (`dlt.destination`) has no capabilities by dlt 1.31, and gets the
disposition with its rows. At an upgrade of dlt the tests of the dispositions fail where that is no
longer true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.destinations.impl.destination.configuration import CustomDestinationClientConfiguration
from dlt.extract import DltResource
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

from headrace.core.exceptions import ConfigError, Fault
from headrace.destination.dlt_clients import destination_kind, duckdb_file, new_job_client
from headrace.destination.dlt_schema import hinted_table
from headrace.destination.merging import NATIVE, merge_strategies, selected
from headrace.destination.pipeline import destination_name

# dlt 1.31 quotes what it looks up in LanceDB as names are quoted from this version on.
_TAKE_ONE_LOAD = {"lancedb": ("lancedb", (0, 38))}


def refuse_unsupported(
    pipeline: dlt.Pipeline,
    resources: Mapping[str, DltResource],
    schema: Schema,
    capabilities: DestinationCapabilitiesContext | None = None,
) -> None:
    """Refuses resources whose rows the pipeline's destination cannot write as they ask for it.

    Args:
        pipeline: The pipeline that would load them.
        resources: The resources with rows to load, by their names.
        schema: The schema whose naming convention applies.
        capabilities: What the destination can do; it is asked when None.

    Raises:
        ConfigError: There is such a resource. The message says what to use instead.
    """
    destination = pipeline.destination
    if destination is None or issubclass(destination.spec, CustomDestinationClientConfiguration):
        return
    able = capabilities or destination.capabilities(naming=schema.naming)
    kind = destination_name(pipeline)
    faults = [
        Fault(f"resources.{name}.{key}", message)
        for name, resource in resources.items()
        for key, message in _faults(_table_of(resource, schema), able, kind)
    ]
    if (defect := _defect(pipeline)) is not None:
        faults.append(Fault("pipeline.destination", defect))
    if faults:
        raise ConfigError(faults)


def refuse_dataset_named_as_its_file(pipeline: dlt.Pipeline, schema: Schema) -> None:
    """Refuses a dataset of the name of its DuckDB file: DuckDB cannot tell the two apart.

    Args:
        pipeline: The pipeline that would load.
        schema: The schema of its tables.

    Raises:
        ConfigError: The two have one name.
    """
    client = new_job_client(pipeline, schema)
    file = duckdb_file(client)
    # DuckDB calls a database by the name of its file, up to the first dot.
    name = None if file is None else Path(file).name.partition(".")[0]
    dataset = client.sql_client.dataset_name if name else None
    if name and dataset and name.lower() == dataset.lower():
        message = (
            f"`{dataset}` is the name of the DuckDB file as well (`{Path(str(file)).name}`), and "
            f"DuckDB cannot tell the two apart: name another one, as `{dataset}_data`"
        )
        raise ConfigError([Fault("pipeline.dataset", message)])


def _faults(
    table: TTableSchema, able: DestinationCapabilitiesContext, kind: str
) -> Iterator[tuple[str, str]]:
    """The key that asks for too much, and what to do about it."""
    table_format = table.get("table_format")
    formats = list(able.supported_table_formats or [])
    if table_format and formats and table_format not in (*formats, NATIVE):
        yield "table_format", f"`{kind}` has no tables in `{table_format}`, but in {_or(formats)}."
        return
    disposition = table.get("write_disposition")
    if disposition == "merge":
        yield from _merge_faults(table, able, kind, formats)
    elif disposition == "replace" and not selected(
        able.supported_replace_strategies, able.replace_strategies_selector, table, able
    ):
        yield (
            "write_disposition",
            f"`{kind}` cannot replace a table, so that each run would add all rows once more. "
            "Use `write_disposition: append`, or a destination that can, as duckdb or postgres.",
        )


def _merge_faults(
    table: TTableSchema, able: DestinationCapabilitiesContext, kind: str, formats: Sequence[str]
) -> Iterator[tuple[str, str]]:
    strategies = merge_strategies(table, able)
    wanted = table.get("x-merge-strategy")
    if not strategies:
        merging = [
            each
            for each in formats
            if merge_strategies({**table, "table_format": each}, able)  # type: ignore[typeddict-item]
        ]
        with_format = f"`table_format: {' or '.join(merging)}`, or " if merging else ""
        yield (
            "write_disposition",
            f"`{kind}` cannot merge into "
            + ("plain files" if merging else "its tables")
            + ", so that each row that comes again would be there twice. Use "
            f"{with_format}`write_disposition: append` or `replace` where each run lists what it is"
            " to add or all, or a destination that merges, as duckdb or postgres.",
        )
    elif wanted is not None and wanted not in strategies:
        yield (
            "write_disposition.strategy",
            f"`{kind}` does not merge by `{wanted}`, but by {_or(strategies)}.",
        )


def _table_of(resource: DltResource, schema: Schema) -> TTableSchema:
    try:
        return hinted_table(resource, schema)
    except DataItemRequiredForDynamicTableHints:
        # Its name, say, depends on the rows; what is to be done with them mostly does not.
        given: Any = resource.write_disposition
        disposition = given.get("disposition") if isinstance(given, dict) else given
        return {"write_disposition": disposition} if isinstance(disposition, str) else {}  # type: ignore[typeddict-item]


def _defect(pipeline: dlt.Pipeline) -> str | None:
    """Why the destination takes no second load, whatever is loaded; None where it does."""
    kind = destination_kind(pipeline)
    package, too_new = _TAKE_ONE_LOAD.get(kind, ("", ()))
    with suppress(PackageNotFoundError, ValueError):
        found = version(package) if package else "0"
        if package and tuple(map(int, found.split(".")[:2])) >= too_new:
            before = ".".join(map(str, too_new))
            return (
                f"`{kind}` takes one load only: with {package} {found} dlt cannot find its own "
                f"tables again. Use {package}<{before}, or another destination, as duckdb or "
                "postgres."
            )
    return None


def _or(names: Sequence[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)
