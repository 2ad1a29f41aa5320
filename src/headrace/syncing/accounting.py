"""Counts what became of the rows that dlt was given: loaded, discarded, or replaced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import dlt
from dlt.common.destination.exceptions import DestinationException
from dlt.common.exceptions import PipelineException
from dlt.common.schema.typing import TTableSchema
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource

from headrace.core.figures import Figures, ResourceFigures
from headrace.destination.dlt_schema import columns_with

_DIFFERENT = (
    "{keys} of `{table}` came more than once in this load with different rows, of which the last "
    "one stays; such as {example}. Unless the API changed these rows while they were listed, "
    "{key} does not tell them apart: `primary_key` needs all fields that do"
)


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
        hinted = pipeline.schemas[self._schema_name].tables.get(table)
        keys = columns_with(hinted, "primary_key", typed_only=True) if hinted else ()
        if hinted is None or not keys or not _keeps_one_of_a_key(hinted):
            return
        try:
            with pipeline.sql_client(self._schema_name) as client:
                replaced = _staged_twice(client, table, keys)
                counts.replaced += replaced
                counts.loaded_rows -= replaced
                if replaced:
                    self._note_different(client, table, hinted, counts)
        except (PipelineException, DestinationException):
            return  # Not every destination has SQL, or keeps its staging tables.

    def _note_different(
        self,
        client: SqlClientBase[object],
        table: str,
        hinted: TTableSchema,
        counts: ResourceFigures,
    ) -> None:
        """Notes that rows with other content than the one that stays were among the replaced.

        Unless the user has said by `dedup_sort` which of them is to stay.
        """
        keys = columns_with(hinted, "primary_key", typed_only=True)
        columns = {
            name: column
            for name, column in hinted["columns"].items()
            if column.get("data_type") and not name.lower().startswith("_dlt_")
        }
        if any(column.get("dedup_sort") for column in columns.values()):
            return
        different, example = _with_other_content(client, table, keys, list(columns))
        if different:
            counts.note(
                _DIFFERENT.format(
                    table=table,
                    keys=f"{different:,} " + ("key" if different == 1 else "keys"),
                    example=f"`{keys[0]}` = {example}",
                    key=", ".join(f"`{each}`" for each in keys),
                )
            )


def _keeps_one_of_a_key(table: TTableSchema) -> bool:
    """Whether a merge into a table keeps one row for each primary key, whatever a load brings."""
    strategy = table.get("x-merge-strategy") or "delete-insert"
    return table.get("write_disposition") == "merge" and strategy == "delete-insert"


def _with_other_content(
    client: SqlClientBase[object], table: str, keys: Sequence[str], columns: Sequence[str]
) -> tuple[int, object]:
    """How many keys have rows of different content in the staging table, and the least of them."""
    with client.with_staging_dataset():
        name = client.make_qualified_table_name(table)
    key = ", ".join(client.escape_column_name(each) for each in keys)
    content = ", ".join(client.escape_column_name(each) for each in columns)
    grouped = (
        f"SELECT {key} FROM (SELECT DISTINCT {content} FROM {name}) AS c "
        f"GROUP BY {key} HAVING count(*) > 1"
    )
    least = client.escape_column_name(keys[0])
    found = client.execute_sql(f"SELECT count(*), min({least}) FROM ({grouped}) AS k")
    return (int(found[0][0]), found[0][1]) if found else (0, None)


def _staged_twice(client: SqlClientBase[object], table: str, keys: Sequence[str]) -> int:
    with client.with_staging_dataset():
        name = client.make_qualified_table_name(table)
    key = ", ".join(client.escape_column_name(each) for each in keys)
    distinct_keys = f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM {name}) AS k"
    sql = f"SELECT count(*), ({distinct_keys}) FROM {name}"
    found = client.execute_sql(sql)
    staged, distinct = found[0] if found else (0, 0)
    return int(staged) - int(distinct)
