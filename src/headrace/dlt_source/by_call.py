"""Makes dlt sources and resources from a config, by the same calls as `dlt.sources.rest_api`.

Only the calls import what they do: a program that imports them may not call them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlt.common.schema import Schema
from dlt.common.schema.typing import TSchemaContract
from dlt.extract import DltResource, DltSource

# The name of dlt's own source. With the same name, a pipeline that ran with that source goes on
# with its schema, its state and its tables.
SOURCE_NAME = "rest_api"


def rest_api_source(
    config: Mapping[str, Any],
    name: str | None = None,
    section: str | None = None,
    max_table_nesting: int | None = None,
    root_key: bool | None = None,
    schema: Schema | None = None,
    schema_contract: TSchemaContract | None = None,
    parallelized: bool = False,
) -> DltSource:
    """Makes a dlt source from a REST API config, as `dlt.sources.rest_api.rest_api_source` does.

    Args:
        config: The config as a dictionary, in dlt's REST API source format, with Headrace's own
            keys where they are wanted.
        name: The name of the source and of its schema; `rest_api` when None.
        section: The section of dlt's config files that settings are looked up in; `rest_api` when
            None.
        max_table_nesting: How many levels of nested data become child tables or columns; what lies
            deeper stays JSON. dlt's default when None.
        root_key: Whether child tables get the id of their root row.
        schema: The dlt schema to use in place of a new one.
        schema_contract: What may change in the tables: `evolve`, `freeze`, `discard_row`, ...
        parallelized: Whether dlt extracts the resources in several threads.

    Returns:
        The source, ready for `headrace.sync` or for dlt's `pipeline.run`.

    Raises:
        ConfigError: The config cannot be used; the message names every fault in it.

    Example:
        `headrace simulate` serves the sample API of this example:

        >>> import dlt, headrace
        >>> config = {
        ...     "client": {
        ...         "base_url": "http://127.0.0.1:8080/api/v1",
        ...         "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "simulator"},
        ...     },
        ...     "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        ...     "resources": [
        ...         {
        ...             "name": "executions",
        ...             "endpoint": {
        ...                 "path": "/executions",
        ...                 "data_selector": "data",
        ...                 "paginator": {"type": "cursor", "cursor_path": "nextCursor"},
        ...             },
        ...         },
        ...         "workflows",
        ...     ],
        ... }
        >>> source = headrace.rest_api_source(config)
        >>> pipeline = dlt.pipeline("sample", destination="duckdb")
        >>> report = headrace.sync(pipeline, source)
        >>> report.tables
        {'executions': 'executions', 'workflows': 'workflows'}
    """
    from headrace.config import config_of_call
    from headrace.dlt_source.source import build_source

    known_as = name or (schema.name if schema is not None else SOURCE_NAME)
    sections = ("sources", section or SOURCE_NAME, known_as)
    return build_source(
        config_of_call(config, sections),
        name=name,
        section=section,
        max_table_nesting=max_table_nesting,
        root_key=root_key,
        schema=schema,
        schema_contract=schema_contract,
        parallelized=parallelized,
    )


def rest_api_resources(config: Mapping[str, Any]) -> list[DltResource]:
    """Makes the dlt resources of a REST API config, for a source of your own.

    Args:
        config: The config, as `rest_api_source` takes it.

    Returns:
        The resources, in the order of the config.

    Raises:
        ConfigError: The config cannot be used; the message names every fault in it.

    Example:
        `headrace simulate` serves the sample API of this example:

        >>> import dlt, headrace
        >>> config = {
        ...     "client": {
        ...         "base_url": "http://127.0.0.1:8080/api/v1",
        ...         "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "simulator"},
        ...     },
        ...     "resources": ["workflows"],
        ... }
        >>> resources = headrace.rest_api_resources(config)
        >>> [resource.name for resource in resources]
        ['workflows']
        >>> pipeline = dlt.pipeline("sample", destination="duckdb")
        >>> load_info = pipeline.run(resources)
        >>> pipeline.last_trace.last_normalize_info.row_counts["workflows"]
        12
    """
    from headrace.config import config_of_call
    from headrace.dlt_source.source import build_resources

    return build_resources(config_of_call(config, None))
