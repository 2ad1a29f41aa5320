"""The files of a load are compressed where they travel, and not where this machine reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import pyarrow.parquet as pq
import pytest

from headrace import rest_api_source
from tests.support.servers import Answer, JsonServer

ROWS = [{"id": number, "name": "the same name" * 9} for number in range(2_000)]


def compressions(api: JsonServer, destination: Any, folder: Path) -> set[str]:
    """How the columns of the Parquet files of one extraction are compressed."""
    api.handler = lambda asked: Answer(ROWS)
    source = rest_api_source(
        {
            "client": {"base_url": api.base_url, "paginator": "single_page"},
            "resource_defaults": {"primary_key": "id", "write_disposition": "append"},
            "resources": ["items"],
        }
    )
    pipeline = dlt.pipeline(
        "files", destination=destination, pipelines_dir=str(folder), dataset_name="files"
    )
    pipeline.extract(source, loader_file_format="parquet")
    found = [pq.ParquetFile(file).metadata for file in folder.rglob("items.*.parquet")]
    assert sum(each.num_rows for each in found) == len(ROWS)
    return {
        each.row_group(0).column(place).compression
        for each in found
        for place in range(each.num_columns)
    }


@pytest.fixture
def api() -> Any:
    with JsonServer() as server:
        yield server


def test_files_for_a_database_of_this_machine_are_as_they_are(
    api: JsonServer, tmp_path: Path
) -> None:
    database = dlt.destinations.duckdb(str(tmp_path / "files.duckdb"))

    assert compressions(api, database, tmp_path) == {"UNCOMPRESSED"}


def test_files_that_are_what_is_loaded_are_compressed(api: JsonServer, tmp_path: Path) -> None:
    place = dlt.destinations.filesystem((tmp_path / "lake").as_uri())

    assert compressions(api, place, tmp_path) == {"SNAPPY"}


def test_what_the_user_says_goes_first(
    api: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_WRITER__COMPRESSION", "gzip")
    database = dlt.destinations.duckdb(str(tmp_path / "files.duckdb"))

    assert compressions(api, database, tmp_path) == {"GZIP"}
