"""`headrace.read`: the rows of a config as Arrow, without a pipeline.

What dlt knows of a table is asked of a schema that no pipeline has; what the reader itself does
stands in `reading/`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from headrace.config import ResourceConfig, SourceConfig, load_config
from headrace.config.selection import listed_resources, select_resources, select_tenants
from headrace.core.arrow import pa
from headrace.core.dlt_door.settings import traces_forgotten
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.figures import Figures
from headrace.dlt_source.passing_rows import RowPassing, RowSteps
from headrace.dlt_source.plain_columns import PlainTableColumns
from headrace.dlt_source.resource_tree import ResourceTree
from headrace.dlt_source.source import build_resources
from headrace.reading.plain_batches import PlainBatches, ReadSettings
from headrace.reading.plain_pages import Pages
from headrace.reading.reader import Reader
from headrace.sansio.rows.plain_types import PlainTypes
from headrace.sansio.rows.portable_schema import hints_in

_MADE_WITH_DLT = (
    "`{name}` is made in Python with dlt, so that only dlt reads it: iterate over it, or load it "
    "with a pipeline"
)
_NONE = "none of the resources is selected: name the one to read"


Nested = Literal["list", "tables"]
"""What becomes of lists: Arrow lists in their column, or a table of their own."""


def read(
    config: Path | str | Mapping[str, Any],
    resource: str | None = None,
    *,
    nested: Nested = "list",
    limit_rows: int | None = None,
    batch_rows: int = 25_000,
    tenants: Collection[str] = (),
) -> Reader:
    """Reads the rows of a config as Arrow, batch by batch, without a pipeline or a destination.

    All of the listing is read, as in a first sync: an incremental begins at its `initial_value`, a
    listing that is kept up with is listed from its top to its end. Nothing is remembered.

    Args:
        config: The path of a config file, the name of a connector, or a config as a dictionary.
            In it `${NAME}` stands for a secret, as on the command line.
        resource: The name of the resource to read; the first one when None.
        nested: What becomes of lists: `list` keeps each in its column, as an Arrow list; `tables`
            makes tables of their own of them, which `Reader.tables` gives.
        limit_rows: The number of rows after which to stop; None for all rows.
        batch_rows: The number of rows at which a batch is full, a page more or less.
        tenants: The names of the tenants to read, where the config has `tenants`; all when empty.

    Returns:
        The reader. Nothing is asked for before the schema or a batch is wanted.

    Raises:
        ConfigError: The config cannot be used, or the resource cannot be read without a pipeline.
        ValueError: An argument is none of those that are possible.

    Example:
        `headrace simulate` serves the sample API of this example:

        >>> import headrace
        >>> config = {
        ...     "client": {
        ...         "base_url": "http://127.0.0.1:8080/api/v1",
        ...         "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "simulator"},
        ...     },
        ...     "resources": ["workflows"],
        ... }
        >>> with headrace.read(config) as reader:
        ...     sum(batch.num_rows for batch in reader)
        12
    """
    return read_resource(
        load_config(config),
        resource,
        nested=nested,
        limit_rows=limit_rows,
        batch_rows=batch_rows,
        tenants=tenants,
    )


def read_resource(
    config: SourceConfig,
    resource: str | None = None,
    *,
    nested: Nested = "list",
    limit_rows: int | None = None,
    batch_rows: int = 25_000,
    tenants: Collection[str] = (),
) -> Reader:
    """Reads the rows of a config that was read before: `read`.

    Args:
        config: The config, as `load_config` returns it.
        resource: As in `read`.
        nested: As in `read`.
        limit_rows: As in `read`.
        batch_rows: As in `read`.
        tenants: As in `read`.

    Raises:
        ConfigError: The resource cannot be read without a pipeline.
        ValueError: An argument is none of those that are possible.
    """
    _refuse_unknown(nested, limit_rows, batch_rows)
    loaded = select_tenants(select_resources(config, [resource] if resource else []), tenants)
    chosen = _chosen(loaded)
    tree = replace(ResourceTree.of_config(loaded, Figures()), limit_rows=limit_rows)
    settings = ReadSettings(batch_rows, limit_rows)
    if tree.apis is None:
        return reader_of(tree, chosen, tree.pages(chosen), settings, nested=nested)
    # Each tenant's incremental begins by itself, and so it has decided already.
    passing = RowPassing(chosen.name, tree.figures, RowSteps(()))
    pages = tree.pages_of_tenants(chosen, tree.apis)
    return reader_of(tree, chosen, pages, settings, nested=nested, passing=passing)


def reader_of(
    tree: ResourceTree,
    resource: ResourceConfig,
    pages: Pages,
    settings: ReadSettings,
    *,
    nested: Nested = "list",
    schema: pa.Schema | None = None,
    passing: RowPassing | None = None,
) -> Reader:
    """Reads some pages of a resource.

    Args:
        tree: The resources of its config.
        resource: The resource.
        pages: The pages.
        settings: How much is read, and how much at once.
        nested: As in `read`.
        schema: The schema of all batches; None for that of the first one. Where it is no portable
            one and has no `_headrace_rest`, fields that it does not name are not wanted, and a row
            with a value that has no place in its column is set aside.
        passing: Decides on the rows; None to decide as in a first sync.
    """
    config, limit_rows = tree.config, settings.limit_rows
    passing = passing or RowPassing.of(resource, tree.figures)
    with traces_forgotten():
        built = build_resources(config)
        (hinted,) = (each for each in built if each.name == resource.hints["name"])
        columns = PlainTableColumns(hinted, hints_in(schema))
    batches = PlainBatches(
        resource.name,
        pages,
        passing,
        PlainTypes(columns, schema),
        tree.new_lanes(),
        tree.authentications.of(resource.endpoint.auth),
        settings,
        page_by_page=passing.may_end_early or (passing.filters and limit_rows is not None),
        figures=tree.figures,
    )
    return Reader(batches, columns if nested == "tables" else None)


def _refuse_unknown(nested: str, limit_rows: int | None, batch_rows: int) -> None:
    if nested not in get_args(Nested):
        raise ValueError(f'`nested` is {nested!r}: expected "list" or "tables"')
    for name, value in (("limit_rows", limit_rows), ("batch_rows", batch_rows)):
        if value is not None and value < 1:
            raise ValueError(f"`{name}` is {value!r}: expected a number from 1 on")


def _chosen(config: SourceConfig) -> ResourceConfig:
    listed = listed_resources(config)
    if listed:
        return listed[0]
    if not config.chosen:
        raise ConfigError([Fault("resources", _NONE)])
    message = _MADE_WITH_DLT.format(name=config.chosen[0])
    raise ConfigError([Fault("resources", message)])
