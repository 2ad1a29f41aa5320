"""Makes a sync believe of what is known of its listings only what the destination holds.

dlt keeps the state of a pipeline in a local folder and, beside the rows, in the destination, and
prefers the local one where that was changed more often. After a database was restored from a
backup, that one speaks of rows which are not there, and they would never come. So the state of the
destination counts here, whichever is newer: it was committed with the rows that it speaks of. Only
where the destination holds the local one too, that is newer indeed: then a clock was set back, as
dlt takes the state of the load with the greatest id, which is a time, for the last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dlt
from dlt.common.schema import Schema
from dlt.extract import DltSource

from headrace.destination.dlt_clients import (
    dataset_of,
    drop_resources,
    is_sql_destination,
    missing_tables,
)
from headrace.destination.dlt_schema import has_rows, tables_below
from headrace.destination.stored_states import saved_versions, stored_state, take_sources
from headrace.destination.tables import table_names
from headrace.destination.views import release_tables

_OTHER_STATE = (
    "what the pipeline `{pipeline}` knows on this machine is not what the destination holds: that "
    "was restored, emptied, or loaded to from elsewhere. What the destination holds counts, and "
    "what it lacks is listed again"
)
_NO_TABLE = (
    "the table `{table}` is not there any more, though rows were loaded into it: "
    "`{resource}` is loaded anew"
)
_NO_DATASET = (
    "the dataset `{dataset}` holds nothing of what this machine knows to be loaded: everything is "
    "loaded anew"
)


def knows_of_rows(pipeline: dlt.Pipeline, source: DltSource) -> bool:
    """Whether this machine takes rows of a source for loaded, and none for left behind.

    Args:
        pipeline: The pipeline, before anything was asked of its destination.
        source: What is about to be loaded.
    """
    if source.schema.name not in pipeline.schemas or pipeline.has_pending_data:
        return False
    return bool(_loaded_tables(pipeline.schemas[source.schema.name], source))


def note_on_lost_dataset(pipeline: dlt.Pipeline, source: DltSource) -> str:
    """What to tell of a dataset without what this machine has known of.

    Args:
        pipeline: The pipeline.
        source: What is about to be loaded.
    """
    return _NO_DATASET.format(dataset=dataset_of(pipeline, source.schema.name))


def confirm(pipeline: dlt.Pipeline, source: DltSource) -> list[str]:
    """Throws away what is known of listings whose rows the destination does not hold.

    Args:
        pipeline: The pipeline. No load is left behind in it, and its lock is held by the caller.
        source: What is about to be loaded.

    Returns:
        What the user should be told; nothing where all is as it was left.

    Raises:
        DltException: The destination cannot be read, or refuses that what is left of a table is
            dropped.
    """
    return [*_believe_stored(pipeline, source), *_forget_missing(pipeline, source)]


def _believe_stored(pipeline: dlt.Pipeline, source: DltSource) -> Iterator[str]:
    known = pipeline.state.get("sources")
    if not known or not pipeline.config.restore_from_destination:
        return
    name = source.schema.name
    schema = pipeline.schemas.get(name) or pipeline.default_schema
    state = stored_state(pipeline, schema)
    if state is None:
        return
    stored = state.get("sources") or {}
    if not pipeline.config.use_single_dataset:
        # What is stored there of other sources is as old as the last load of this one.
        others = {each: known[each] for each in known if each != name}
        stored = others | ({name: stored[name]} if name in stored else {})
    if stored != known and not _is_newer(pipeline, schema, state):
        take_sources(pipeline, stored)
        yield _OTHER_STATE.format(pipeline=pipeline.pipeline_name)


def _is_newer(pipeline: dlt.Pipeline, schema: Schema, stored: Mapping[str, Any]) -> bool:
    """Whether the state at hand is newer than the one that dlt would restore, and stored too."""
    is_later = pipeline.state["_state_version"] > stored.get("_state_version", 0)
    if not is_later or not is_sql_destination(pipeline):
        return False
    saved = saved_versions(pipeline, schema)
    return saved.last is not None and saved.at_hand == saved.last


def _forget_missing(pipeline: dlt.Pipeline, source: DltSource) -> Iterator[str]:
    """Has dlt forget the resources whose tables are missing, so that it makes them anew."""
    if source.schema.name not in pipeline.schemas:
        return
    schema = pipeline.schemas[source.schema.name]
    loaded = {
        name: [each for each in tables_below(schema, table) if has_rows(schema.tables[each])]
        for name, table in _loaded_tables(schema, source).items()
    }
    missing = missing_tables(pipeline, schema, {table for own in loaded.values() for table in own})
    lost = {name: own for name, own in loaded.items() if not missing.isdisjoint(own)}
    if not lost:
        return
    release_tables(pipeline, schema.name)
    drop_resources(pipeline, schema.name, list(lost))
    for name, own in lost.items():
        table = next(each for each in own if each in missing)
        yield _NO_TABLE.format(table=table, resource=name)


def _loaded_tables(schema: Schema, source: DltSource) -> dict[str, str]:
    """The tables of a source's resources into which rows were loaded, by the resource."""
    return {
        name: table
        for name, table in table_names(source).items()
        if table in schema.tables and has_rows(schema.tables[table])
    }
