"""What a destination cannot write as it is asked for is refused before anything is fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.destination import DestinationCapabilitiesContext

from headrace import ConfigError, rest_api_source, sync
from headrace.core.causes import chain_of
from headrace.destination.dispositions import refuse_unsupported
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse


def config_of(server: JsonServer, **resource: Any) -> dict[str, Any]:
    server.answers([{"id": 1}, {"id": 2}])
    endpoint = {"path": "items", "paginator": "single_page"}
    items = {"name": "items", "primary_key": "id", "endpoint": endpoint, **resource}
    return {"client": {"base_url": server.base_url}, "resources": ["others", items]}


def lake(tmp_path: Path) -> dlt.Pipeline:
    place = dlt.destinations.filesystem((tmp_path / "lake").as_uri())
    pipeline: dlt.Pipeline = dlt.pipeline("test", destination=place, dataset_name="test_data")
    return pipeline


def by_sync(pipeline: dlt.Pipeline, config: dict[str, Any]) -> None:
    sync(pipeline, rest_api_source(config))


def by_dlt(pipeline: dlt.Pipeline, config: dict[str, Any]) -> None:
    pipeline.run(rest_api_source(config))


@pytest.mark.parametrize("load", [by_sync, by_dlt])
def test_a_merge_into_plain_files(
    server: JsonServer, tmp_path: Path, load: Callable[[dlt.Pipeline, dict[str, Any]], None]
) -> None:
    pipeline = lake(tmp_path)
    with pytest.raises(Exception, match="cannot merge") as failed:
        load(pipeline, config_of(server, write_disposition="merge"))

    error = next(each for each in chain_of(failed.value) if isinstance(each, ConfigError))
    (fault,) = error.faults
    assert fault.path == "resources.items.write_disposition"
    assert fault.message == (
        "`filesystem` cannot merge into plain files, so that each row that comes again would be "
        "there twice. Use `table_format: delta or iceberg`, or `write_disposition: append` or "
        "`replace` where each run lists what it is to add or all, or a destination that merges, as "
        "duckdb or postgres."
    )
    assert server.asked == []
    assert not pipeline.has_pending_data


@pytest.mark.parametrize("disposition", ["append", "replace"])
def test_what_plain_files_can_do(server: JsonServer, tmp_path: Path, disposition: str) -> None:
    sync(lake(tmp_path), rest_api_source(config_of(server, write_disposition=disposition)))

    assert {asked.path for asked in server.asked} == {"/others", "/items"}


@pytest.mark.parametrize(
    ("asked", "path", "message"),
    [
        ({"table_format": "hive"}, "table_format", "has no tables in `hive`, but in `delta` or"),
        (
            {"table_format": "delta", "write_disposition": {"disposition": "merge"}},
            "write_disposition.strategy",
            "does not merge by `scd2`, but by `upsert` or",
        ),
    ],
)
def test_what_files_of_a_table_format_cannot_do(
    server: JsonServer, tmp_path: Path, asked: dict[str, Any], path: str, message: str
) -> None:
    source = rest_api_source(config_of(server))
    hints = {**asked}
    if path.endswith("strategy"):
        hints["write_disposition"] = {"disposition": "merge", "strategy": "scd2"}
    source.resources["items"].apply_hints(**hints)
    with pytest.raises(ConfigError, match=message) as failed:
        sync(lake(tmp_path), source)

    assert failed.value.faults[0].path == f"resources.items.{path}"
    assert server.asked == []


def test_a_destination_that_cannot_replace(server: JsonServer, warehouse: Warehouse) -> None:
    source = rest_api_source(config_of(server, write_disposition="replace"))
    able = DestinationCapabilitiesContext.generic_capabilities()
    able.supported_replace_strategies = []
    selected = source.resources.selected
    with pytest.raises(ConfigError, match="`duckdb` cannot replace a table"):
        refuse_unsupported(warehouse.pipeline(), selected, source.schema, able)


def test_a_table_that_the_rows_name(server: JsonServer, tmp_path: Path) -> None:
    source = rest_api_source(config_of(server))
    source.resources["items"].apply_hints(
        table_name=lambda row: f"items_{row['id']}", write_disposition="merge"
    )
    with pytest.raises(ConfigError, match="`filesystem` cannot merge"):
        sync(lake(tmp_path), source)


@pytest.mark.parametrize(("installed", "is_refused"), [("0.37.1", False), ("0.38.0", True)])
def test_a_library_with_which_dlt_loads_but_once(
    server: JsonServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    installed: str,
    is_refused: bool,
) -> None:
    # What pip leaves of a package is all that is looked at.
    (tmp_path / "site" / f"lancedb-{installed}.dist-info").mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: lancedb\nVersion: {installed}\n"
    (tmp_path / "site" / f"lancedb-{installed}.dist-info" / "METADATA").write_text(metadata)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    place = dlt.destinations.lancedb(lance_uri=str(tmp_path / "lance"))
    source = rest_api_source(config_of(server, write_disposition="merge"))
    able = DestinationCapabilitiesContext.generic_capabilities()
    able.supported_merge_strategies = ["upsert"]
    pipeline = dlt.pipeline("test", destination=place)
    told = ""
    try:
        refuse_unsupported(pipeline, source.resources.selected, source.schema, able)
    except ConfigError as error:
        told = str(error)

    assert ("Use lancedb<0.38, or another destination" in told) is is_refused


def test_a_dataset_of_the_name_of_its_duckdb_file(server: JsonServer, tmp_path: Path) -> None:
    for file, dataset in (("shop.duckdb", "shop"), ("shop.v2.duckdb", "shop"), ("Shop.db", "shop")):
        destination = dlt.destinations.duckdb(str(tmp_path / file))
        pipeline = dlt.pipeline(
            "shop",
            destination=destination,
            dataset_name=dataset,
            pipelines_dir=str(tmp_path / file.partition(".")[2]),
        )
        with pytest.raises(ConfigError, match="`shop_data`"):
            sync(pipeline, rest_api_source(config_of(server)))
    assert server.asked == []


def test_a_function_as_destination_decides_by_itself(server: JsonServer) -> None:
    asked: list[str] = []

    @dlt.destination(name="list", batch_size=10, loader_file_format="typed-jsonl")
    def into_list(rows: Any, table: Any) -> None:
        asked.append(table["write_disposition"])

    source = rest_api_source(config_of(server, write_disposition="merge")).with_resources("items")
    sync(dlt.pipeline("test", destination=into_list()), source, run_history=False)

    assert asked == ["merge"]
