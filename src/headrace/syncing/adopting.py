"""Lets a pipeline know the columns of tables that another one made.

dlt compares the rows of a pipeline with the schema of that pipeline alone. In a table of another's
it would find out only when the database refuses the file, or rounds what does not fit.
"""

from __future__ import annotations

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
    for resource in source.resources.selected.values():
        if resource.has_dynamic_table_name or resource.has_other_dynamic_hints:
            continue
        table = hinted_table(resource, source.schema)
        name = str(table["name"])
        if known is not None and name in known.tables and has_rows(known.tables[name]):
            continue
        declared = {each for each, hint in table["columns"].items() if hint.get("data_type")}
        found = stored_columns(pipeline, source.schema, name)
        add_columns(
            source.schema,
            name,
            {each: hint for each, hint in found.items() if each not in declared},
        )
