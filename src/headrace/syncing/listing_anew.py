"""Has resources listed anew, from the first row to the last, while the rows of their tables stay.

What is listed is merged into the table. So a row that the API has no more stays as it was last
seen, which a full refresh would lose.
"""

from __future__ import annotations

from collections.abc import Iterator

import dlt
from dlt.common.schema import Schema
from dlt.extract import DltSource

from headrace.core.exceptions import ConfigError, Fault
from headrace.destination.dataset import state_by_resource
from headrace.destination.dlt_schema import has_rows, is_appended_to
from headrace.destination.tables import table_names
from headrace.dlt_source import saved_state

_APPENDED = (
    "its rows are appended, so to list everything again would add them to the table `{table}` once "
    "more. `write_disposition: merge` with a `primary_key` keeps each row once; to list only other "
    "resources again, name them: --resource NAME"
)


def list_anew(pipeline: dlt.Pipeline, schema: str, resource: str, *, keeps_bound: bool) -> None:
    """Has the next load list all of a resource; what is known by then is saved with that load.

    Args:
        pipeline: The pipeline. No load is left behind in it.
        schema: The name of the source.
        resource: The name of the resource, which has a state.
        keeps_bound: Whether rows below the bound of the first sync are still not wanted.
    """
    with pipeline.managed_state() as state:
        known = state["sources"][schema]["resources"][resource]
        saved_state.list_anew(known, keeps_bound=keeps_bound)


def list_all_anew(pipeline: dlt.Pipeline, source: DltSource) -> None:
    """Has the next load list all of the selected resources.

    Args:
        pipeline: The pipeline. No load is left behind in it.
        source: What is about to be loaded.

    Raises:
        ConfigError: Rows of a resource would be in its table twice then. Nothing was changed.
    """
    schema = pipeline.schemas.get(source.schema.name)
    if schema is None:
        return
    names = list(partly_listed(pipeline, source, schema))
    tables = table_names(source)
    faults = [
        Fault(f"resources.{name}", _APPENDED.format(table=table))
        for name in names
        if (table := tables.get(name)) in schema.tables
        and has_rows(schema.tables[table])
        and is_appended_to(schema, table)
    ]
    if faults:
        raise ConfigError(faults)
    for name in names:
        list_anew(pipeline, schema.name, name, keeps_bound=False)


def partly_listed(pipeline: dlt.Pipeline, source: DltSource, schema: Schema) -> Iterator[str]:
    """The selected resources of which a sync does not list all, as it knows what it has loaded.

    Args:
        pipeline: The pipeline.
        source: What is about to be loaded.
        schema: The schema of the source, as the pipeline knows it.
    """
    states = state_by_resource(pipeline.state, schema.name)
    for name in source.resources.selected:
        if any(map((states.get(name) or {}).get, saved_state.LISTING_STATES)):
            yield name
