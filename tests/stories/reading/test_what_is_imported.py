"""What is imported with a reader: pandas takes longer than most listings, and nobody asked."""

from __future__ import annotations

import subprocess
import sys

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
