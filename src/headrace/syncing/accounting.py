"""Counts what became of the rows that dlt was given: loaded, discarded, or replaced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import dlt
from dlt.common.destination.exceptions import DestinationException
from dlt.common.exceptions import PipelineException
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource

from headrace.core.figures import Figures, ResourceFigures
from headrace.destination.dlt_schema import columns_with


class LoadAccount:
    """Corrects the figures after a load, so that each received row is counted in one place.

    It is made before the load, and settled after it.

    Args:
        figures: The figures that the load counts on.
        source: The source that is loaded.
    """

    def __init__(self, figures: Figures, source: DltSource) -> None:
        self._figures = figures
        # The default schema of the pipeline may be another source's.
        self._schema_name = source.schema.name
        naming = source.schema.naming
        self._before = {name: each.loaded_rows for name, each in figures.resources.items()}
        self._tables: dict[str, list[str]] = defaultdict(list)
        for name, resource in source.resources.selected.items():
            if isinstance(resource.table_name, str):
                self._tables[naming.normalize_tables_path(resource.table_name)].append(name)

    def settle(self, pipeline: dlt.Pipeline) -> None:
        """Takes the rows that did not get into their table off the loaded ones.

        dlt counts the rows that it has written for each table, not for each resource. Where several
        resources fill one table, the missing rows are shared out among them in their order.

        Args:
            pipeline: The pipeline that has just run the load.
        """
        trace = pipeline.last_trace
        info = trace.last_normalize_info if trace else None
        written: Mapping[str, int] = info.row_counts if info else {}
        for table, names in self._tables.items():
            handed = {name: self._handed(name) for name in names}
            lost = sum(handed.values()) - written.get(table, 0)
            for name in names:
                counts, discarded = self._figures.of(name), max(0, min(lost, handed[name]))
                counts.discarded += discarded
                counts.loaded_rows -= discarded
                lost -= discarded
            unordered = [name for name in names if self._figures.of(name).unordered]
            if unordered:
                self._count_replaced(pipeline, table, self._figures.of(unordered[-1]))

    def _handed(self, name: str) -> int:
        return self._figures.of(name).loaded_rows - self._before.get(name, 0)

    def _count_replaced(self, pipeline: dlt.Pipeline, table: str, counts: ResourceFigures) -> None:
        """Counts the rows of the load whose key came again in it: the merge keeps one of them.

        dlt leaves the rows of the last merge in the staging dataset, where they can be counted.
        """
        counts.unordered = False
        hinted = pipeline.schemas[self._schema_name].tables[table]
        keys = columns_with(hinted, "primary_key", typed_only=True)
        try:
            with pipeline.sql_client(self._schema_name) as client:
                replaced = _staged_twice(client, table, keys)
        except (PipelineException, DestinationException):
            return  # Not every destination has SQL, or keeps its staging tables.
        counts.replaced += replaced
        counts.loaded_rows -= replaced


def _staged_twice(client: SqlClientBase[object], table: str, keys: Sequence[str]) -> int:
    with client.with_staging_dataset():
        name = client.make_qualified_table_name(table)
    key = ", ".join(client.escape_column_name(each) for each in keys)
    distinct_keys = f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM {name}) AS k"
    sql = f"SELECT count(*), ({distinct_keys}) FROM {name}"
    found = client.execute_sql(sql)
    staged, distinct = found[0] if found else (0, 0)
    return int(staged) - int(distinct)
