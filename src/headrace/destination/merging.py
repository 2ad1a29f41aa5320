"""How dlt merges into a table at a destination, and what that leaves behind.

By dlt 1.31: a merge by `delete-insert` deletes the child rows of a row that comes again, and so
does each merge into a database by SQL. A merge of files by Delta or Iceberg, and of the vector
databases but for LanceDB's, writes the child rows that come and deletes none: those of a list that
became shorter stay. Where there is neither SQL nor a table format, rows are found by their
`_dlt_id`, which has to come of the primary key then. At an upgrade of dlt, `scripts/destinations`
shows what is no longer true.

In DuckDB dlt runs the statements of a merge, or of a table that is replaced, each for itself, as it
does not say there that the destination has transactions: where one fails, what those before it have
deleted is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dlt
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.schema.typing import TTableSchema

from headrace.destination.dlt_clients import destination_kind, is_sql_destination

# What dlt takes for "as the destination does it by itself".
NATIVE = "native"
_DELETES_CHILD_ROWS = ("lance", "lancedb")
_OF_DUCKDB = ("duckdb", "motherduck", "ducklake")


def merge_whole_or_not_at_all(pipeline: dlt.Pipeline) -> None:
    """Has a table keep the rows that a merge deletes where those that come cannot be inserted.

    Args:
        pipeline: The pipeline. Other destinations than DuckDB's are left alone.
    """
    destination = pipeline.destination
    if destination is not None and destination_kind(pipeline) in _OF_DUCKDB:
        destination.caps_params.setdefault("supports_transactions", True)


def merge_strategies(table: TTableSchema, able: DestinationCapabilitiesContext) -> Sequence[str]:
    """How a destination can merge into a table, as dlt calls it; the first way is the usual one.

    Args:
        table: The table with the hints of its resource.
        able: What the destination can do.
    """
    return selected(able.supported_merge_strategies, able.merge_strategies_selector, table, able)


def selected(
    supported: Sequence[Any] | None,
    select: Any,
    table: TTableSchema,
    able: DestinationCapabilitiesContext,
) -> Sequence[Any]:
    """Those of a destination's strategies that hold for a table.

    Args:
        supported: All strategies of the capabilities.
        select: The selector that stands beside them; None where all hold for each table.
        table: The table with the hints of its resource.
        able: What the destination can do.
    """
    found = list(supported or [])
    return found if select is None else list(select(found, table_schema=_as_loaded(table, able)))


def merge_strategy(table: TTableSchema, able: DestinationCapabilitiesContext) -> str | None:
    """How rows are merged into a table; None where they are not merged.

    Args:
        table: The table with the hints of its resource.
        able: What the destination can do.
    """
    if table.get("write_disposition") != "merge":
        return None
    wanted = table.get("x-merge-strategy")
    return str(wanted) if wanted else next(iter(merge_strategies(table, able)), None)


def finds_rows_by_id(table: TTableSchema, able: DestinationCapabilitiesContext) -> bool:
    """Whether a merge finds a row again by its `_dlt_id`, and not by the primary key.

    Args:
        table: The table with the hints of its resource.
        able: What the destination can do.
    """
    is_in_files = bool(_as_loaded(table, able)["table_format"])
    strategies = merge_strategies(table, able)
    return bool(strategies) and "delete-insert" not in strategies and not is_in_files


def leaves_child_rows(
    pipeline: dlt.Pipeline, table: TTableSchema, able: DestinationCapabilitiesContext
) -> bool:
    """Whether a merge leaves the child rows of an earlier version of a row behind.

    Args:
        pipeline: The pipeline that loads the table.
        table: The table with the hints of its resource.
        able: What the destination can do.
    """
    if merge_strategy(table, able) in (None, "delete-insert") or pipeline.destination is None:
        return False
    deletes = destination_kind(pipeline) in _DELETES_CHILD_ROWS
    return not deletes and not is_sql_destination(pipeline)


def _as_loaded(table: TTableSchema, able: DestinationCapabilitiesContext) -> Any:
    table_format: Any = table.get("table_format") or able.preferred_table_format
    return {**table, "table_format": None if table_format == NATIVE else table_format}
