"""The door to the states of pipelines, at hand and at a destination.

What the functions here rest on, by dlt 1.31:

- The state of a pipeline is its `state`, and `managed_state()` keeps what is changed in it. Only
  with a load is it stored in the destination.
- It has a version, which grows with each change, and a hash of all but what is local.
- Of several stored states dlt restores the one whose load has the greatest id, which is a time.

At an upgrade of dlt check those sentences; the tests of restored backups, and of clocks that go
back, fail where one is no longer true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dlt
from dlt.common.destination.client import WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dlt_clients import new_job_client


def saved_state(pipeline_name: str, client: Any) -> Mapping[str, Any] | None:
    """The state that a pipeline has saved at its destination.

    Args:
        pipeline_name: The name of the pipeline.
        client: A job client of the destination, not yet open.

    Returns:
        The state, or None where there is none, or the destination keeps none.

    Raises:
        DestinationUndefinedEntity: Nothing has been loaded there yet.
    """
    if not isinstance(client, WithStateSync):
        return None
    with client:  # type: ignore[attr-defined]
        return load_pipeline_state_from_destination(pipeline_name, client)


@dataclass(frozen=True, slots=True)
class SavedVersions:
    """The versions of the states that a pipeline has saved at its destination.

    Of several states dlt 1.31 restores the one whose load has the greatest id, which is a time.
    Where a clock was set back, that is not the last one.

    Args:
        last: The greatest version; None where no state is saved.
        at_hand: The version of the state that the pipeline has now; None where that is not saved.
    """

    last: int | None = None
    at_hand: int | None = None


def saved_versions(pipeline: dlt.Pipeline, schema: Schema) -> SavedVersions:
    """Looks which states a pipeline has saved at a destination that takes SQL.

    Args:
        pipeline: The pipeline.
        schema: The schema of a source: what is stored beside its tables counts.

    Raises:
        DltException: The destination cannot be read.
    """
    with pipeline.sql_client(schema.name) as client:

        def column(name: str) -> str:
            return client.escape_column_name(schema.naming.normalize_identifier(name))

        states, loads = map(
            client.make_qualified_table_name, (schema.state_table_name, schema.loads_table_name)
        )
        version, is_at_hand = f"s.{column('version')}", f"s.{column('version_hash')} = %s"
        sql = (
            f"SELECT max({version}), max(CASE WHEN {is_at_hand} THEN {version} END) "
            f"FROM {states} AS s JOIN {loads} AS l "
            f"ON l.{column('load_id')} = s.{column('_dlt_load_id')} "
            f"WHERE s.{column('pipeline_name')} = %s AND l.{column('status')} = 0"
        )
        try:
            found = client.execute_sql(sql, pipeline.state["_version_hash"], pipeline.pipeline_name)
        except DestinationUndefinedEntity:
            return SavedVersions()
    return SavedVersions(*found[0]) if found else SavedVersions()


def stored_state(pipeline: dlt.Pipeline, schema: Schema) -> Mapping[str, Any] | None:
    """What the destination holds of the state of a pipeline.

    Args:
        pipeline: The pipeline.
        schema: The schema of a source: what is stored beside its tables counts.

    Returns:
        The state, an empty mapping where nothing has been loaded yet; None where the destination
        keeps no state.
    """
    client = new_job_client(pipeline, schema)
    if not isinstance(client, WithStateSync):
        return None
    try:
        return saved_state(pipeline.pipeline_name, client) or {}
    except DestinationUndefinedEntity:
        return {}


def take_sources(pipeline: dlt.Pipeline, sources: Mapping[str, Any]) -> None:
    """Replace what a pipeline knows of its sources; the next load stores that.

    Args:
        pipeline: The pipeline.
        sources: The states by the names of the sources.
    """
    with pipeline.managed_state() as state:
        state["sources"] = dict(sources)
