"""Lets a pipeline know the columns of tables that another one made.

dlt compares the rows of a pipeline with the schema of that pipeline alone. In a table of another's
it would find out only when the database refuses the file, or rounds what does not fit.
"""

from __future__ import annotations

from collections import defaultdict

import dlt
from dlt.extract import DltSource

from headrace.destination.dlt_clients import stored_columns
from headrace.destination.dlt_schema import add_columns, has_rows, hinted_table


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
    for resource in source.resources.selected.values():
        if resource.has_dynamic_table_name or resource.has_other_dynamic_hints:
            continue
        table = hinted_table(resource, source.schema)
        name = str(table["name"])
        if name not in tables or not has_rows(tables[name]):
            declared[name] |= {
                each for each, hint in table["columns"].items() if hint.get("data_type")
            }
    for name, columns in stored_columns(pipeline, source.schema, declared).items():
        adopted = {
            each: hint
            for each, hint in columns.items()
            if each not in declared[name] and not each.startswith("_dlt")
        }
        add_columns(source.schema, name, adopted)
