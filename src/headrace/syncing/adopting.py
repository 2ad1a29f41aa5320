"""Brings together what is declared of tables and what they are in the destination already.

dlt compares the rows of a pipeline with the schema of that pipeline alone. In a table of another's
it would find out only when the database refuses the file, or rounds what does not fit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import dlt
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.extract import DltSource

from headrace.destination.dlt_clients import stored_columns
from headrace.destination.dlt_schema import add_columns, has_rows, hinted_table
from headrace.destination.nullability import let_columns_be_null


def adopt_columns(pipeline: dlt.Pipeline, source: DltSource) -> None:
    """Adds to the schema of a source the columns that its tables have in the destination already.

    Args:
        pipeline: The pipeline that is about to load.
        source: What is to be loaded. Columns that it declares with a type stay as they are, and so
            do tables that the pipeline has loaded to.

    Raises:
        DltException: The destination cannot be read.
    """
    known = pipeline.schemas.get(source.schema.name)
    tables = known.tables if known is not None else {}
    declared: dict[str, set[str]] = defaultdict(set)
    for name, columns in _declared(source):
        if name not in tables or not has_rows(tables[name]):
            declared[name] |= {each for each, hint in columns.items() if hint.get("data_type")}
    for name, columns in stored_columns(pipeline, source.schema, declared).items():
        adopted = {
            each: hint
            for each, hint in columns.items()
            if each not in declared[name] and not each.startswith("_dlt")
        }
        add_columns(source.schema, name, adopted)


def let_declared_columns_be_null(pipeline: dlt.Pipeline, source: DltSource) -> list[str]:
    """Has tables take rows without a value in columns that the config lets be null.

    Args:
        pipeline: The pipeline that is about to load.
        source: What is to be loaded.

    Returns:
        What the user should be told, of columns that stay as they are.

    Raises:
        DltException: The destination cannot be read, or refuses that.
    """
    wanted: dict[str, TTableSchemaColumns] = defaultdict(dict)
    for name, columns in _declared(source):
        wanted[name] |= {
            each: hint
            for each, hint in columns.items()
            if hint.get("nullable") and not (hint.get("primary_key") or hint.get("merge_key"))
        }
    wanted = {name: columns for name, columns in wanted.items() if columns}
    return list(let_columns_be_null(pipeline, source.schema, wanted))


def _declared(source: DltSource) -> Iterator[tuple[str, TTableSchemaColumns]]:
    """The tables of a source's resources, and their columns as those declare them."""
    for resource in source.resources.selected.values():
        if not (resource.has_dynamic_table_name or resource.has_other_dynamic_hints):
            table = hinted_table(resource, source.schema)
            yield str(table["name"]), table["columns"]
