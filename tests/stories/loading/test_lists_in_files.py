"""Rows with lists are not merged where the child rows of shorter lists would stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.extract import DltSource

from headrace import ConfigError, rest_api_source, sync
from headrace.core.causes import chain_of
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

WITH_LIST = {"id": 2, "of": {"tags": [{"t": "a"}]}}
ROWS = [{"id": 1, "of": {"tags": []}}, WITH_LIST]


def source_of(server: JsonServer, **resource: Any) -> DltSource:
    server.answers(ROWS)
    endpoint = {"path": "items", "paginator": "single_page"}
    items = {
        "name": "items",
        "primary_key": "id",
        "write_disposition": "merge",
        "table_format": "delta",
        "endpoint": endpoint,
        **resource,
    }
    return rest_api_source({"client": {"base_url": server.base_url}, "resources": [items]})


def lake(tmp_path: Path) -> dlt.Pipeline:
    place = dlt.destinations.filesystem((tmp_path / "lake").as_uri())
    pipeline: dlt.Pipeline = dlt.pipeline("test", destination=place, dataset_name="test_data")
    return pipeline


def by_sync(pipeline: dlt.Pipeline, source: DltSource) -> None:
    sync(pipeline, source)


def by_dlt(pipeline: dlt.Pipeline, source: DltSource) -> None:
    pipeline.run(source)


def with_steps(pipeline: dlt.Pipeline, source: DltSource) -> None:
    source.resources["items"].add_map(lambda row: {**row, "n": 1})
    sync(pipeline, source)


@pytest.mark.parametrize("load", [by_sync, by_dlt, with_steps])
def test_the_first_list_is_refused(
    server: JsonServer, tmp_path: Path, load: Callable[[dlt.Pipeline, DltSource], None]
) -> None:
    pipeline = lake(tmp_path)
    with pytest.raises(Exception, match="a row has a list in") as failed:
        load(pipeline, source_of(server))

    error = next(each for each in chain_of(failed.value) if isinstance(each, ConfigError))
    assert error.resource == "items"
    told = str(error)
    assert "`of.tags`" in told
    assert "`filesystem` does not delete the child rows of a row that comes again" in told
    assert "`max_table_nesting: 0` or `columns: {of__tags: {data_type: json}}`" in told
    assert not pipeline.has_pending_data


@pytest.mark.parametrize(
    "kept",
    [
        {"max_table_nesting": 0},
        {"columns": {"of__tags": {"data_type": "json"}}},
        {"write_disposition": "append"},
    ],
)
def test_what_makes_no_child_rows_is_extracted(
    server: JsonServer, tmp_path: Path, kept: dict[str, Any]
) -> None:
    pipeline = lake(tmp_path)
    pipeline.extract(source_of(server, **kept))

    assert len(pipeline.list_extracted_load_packages()) == 1


def test_a_database_deletes_them(server: JsonServer, warehouse: Warehouse) -> None:
    upsert = {"disposition": "merge", "strategy": "upsert"}
    for rows in (ROWS, [{"id": 2, "of": {"tags": []}}]):
        source = source_of(server, write_disposition=upsert)
        server.answers(rows)
        sync(warehouse.pipeline(), source)

    assert warehouse.query("SELECT count(*) FROM test_data.items__of__tags") == [(0,)]
