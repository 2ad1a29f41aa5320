"""What readers and loads import: pandas takes longer than most listings, and nobody asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.stories.reading.test_reading import Items
from tests.support.servers import JsonServer


def test_pandas_is_not_imported_though_it_is_there(server: JsonServer) -> None:
    program = (
        "import sys, headrace\n"
        f"rows = sum(batch.num_rows for batch in headrace.read({Items(server).config!r}))\n"
        "print(rows, sorted({'pandas', 'polars', 'duckdb'} & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "200 []\n"


def test_a_load_does_not_import_it_either(server: JsonServer, tmp_path: Path) -> None:
    program = (
        "import sys, dlt, headrace\n"
        "to = dlt.destinations.duckdb('w.duckdb')\n"
        "pipeline = dlt.pipeline('p', destination=to, pipelines_dir='pipelines')\n"
        f"source = headrace.rest_api_source({Items(server).config!r})\n"
        "pipeline.run(source)\n"
        "headrace.sync(pipeline, source)\n"
        "rows = pipeline.last_trace.last_normalize_info.row_counts['items']\n"
        "print(rows, sorted({'pandas', 'polars'} & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert told.stdout == "200 []\n"
