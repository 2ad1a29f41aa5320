"""Rows at the newest cursor value that an earlier load has loaded already.

dlt keeps a hash of each row at that value, so that it can leave them out when they are listed
again: for 20,000 rows of one day some 275 kB, with each state. Where rows are merged by their key
the merge makes sure that none is there twice, and a row that has changed since is not left out.
"""

from __future__ import annotations

from typing import Any

import dlt
from dlt.extract import DltResource, Incremental
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

from headrace.destination.dlt_schema import columns_with
from headrace.dlt_source.dlt_pipe import depends_elsewhere
from headrace.dlt_source.incremental.dlt_step import keep_hashes, keep_no_hashes

_BY_KEY = (None, "delete-insert", "upsert", "insert-only")


def leave_to_merge(incremental: Incremental[Any], resource: DltResource) -> None:
    """Has an incremental let known rows pass where a merge replaces them by their key.

    Args:
        incremental: The incremental, as dlt has bound it for this run.
        resource: The running resource. Where others depend on it known rows do not pass, as each
            may be a request, but where the merge would lose them.
    """
    if _passes_known(resource, incremental.cursor_path):
        keep_no_hashes(incremental)
    else:
        keep_hashes(incremental)


def _passes_known(resource: DltResource, cursor: str) -> bool:
    try:
        table = resource.compute_table_schema()
    except DataItemRequiredForDynamicTableHints:
        return False
    is_merged_by_key = (
        table.get("write_disposition") == "merge"
        and table.get("x-merge-strategy") in _BY_KEY
        and "x-merge-destination-scope" not in table
    )
    if not is_merged_by_key:
        return False
    name_of = dlt.current.source_schema().naming.normalize_identifier
    merge_key = {name_of(each) for each in columns_with(table, "merge_key")}
    if merge_key:
        # The merge deletes all rows of that key: the known ones have to come along where they are
        # of it, and must not bring others to be deleted that are not listed again.
        return name_of(cursor) in merge_key
    return bool(columns_with(table, "primary_key")) and not depends_elsewhere(())
