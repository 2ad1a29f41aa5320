"""Loads one table as JSON, NDJSON and CSV, with Headrace and with dlt's own source.

    python -m benchmarks.formats --rows 500000 --page 5000

dlt's source reads NDJSON and CSV by a function in `response_actions` that makes JSON of them. With
`--page` as large as `--rows` all comes in one body. How to read it: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.format_loading import SOURCES
from benchmarks.format_serving import FORMATS
from benchmarks.processes import run_alone


@contextmanager
def served(rows: int, page: int) -> Iterator[str]:
    """Serves the table from a process of its own; gives its base URL."""
    command = [sys.executable, "-m", "benchmarks.format_serving", "--rows", str(rows)]
    with subprocess.Popen(
        [*command, "--page", str(page)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            yield next(word for word in server.stdout.readline().split() if word[:4] == "http")
        finally:
            server.terminate()


def measure(source: str, written: str, base_url: str) -> dict[str, Any]:
    """Runs one load in an empty folder and a new process."""
    return run_alone("format_loading", source, written, base_url)


def report(rows: int, measured: dict[tuple[str, str], list[dict[str, Any]]]) -> list[Any]:
    """Prints the least seconds with their ratios, and returns them."""
    least = {key: min(run["seconds"] for run in runs) for key, runs in measured.items()}
    print(
        f"\n{'':20}{'rows/s':>10}{'seconds':>9}{'CPU':>8}{'memory':>10}{'of JSON':>9}{'x dlt':>7}"
        f"{'x tuned':>9}"
    )
    lines = []
    for (source, written), runs in measured.items():
        seconds = least[source, written]
        of_json = least.get((source, "json"), seconds) / seconds
        times, tuned = (
            least[each, written] / seconds if (each, written) in least else 1.0
            for each in ("dlt", "dlt, tuned")
        )
        cpu = min(run["cpu_seconds"] for run in runs)
        memory = max(run["peak_bytes"] for run in runs)
        print(
            f"{source + ', ' + written:20}{rows / seconds:>10,.0f}{seconds:>9.2f}"
            f"{cpu:>8.2f}{memory / 1e6:>7,.0f} MB{of_json:>9.2f}{times:>7.1f}{tuned:>9.1f}"
        )
        lines.append({"source": source, "format": written, "rows": rows, "runs": runs})
    return lines


def main() -> None:
    """Runs the loads in turn and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--page", type=int, default=5_000, help="rows of each answer")
    parser.add_argument("--runs", type=int, default=3, help="of each load; the least counts")
    parser.add_argument("--sources", nargs="*", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--formats", nargs="*", choices=list(FORMATS), default=list(FORMATS))
    parser.add_argument("--output", type=Path, default=Path("formats.json"))
    arguments = parser.parse_args()
    pairs = [(source, each) for source in arguments.sources for each in arguments.formats]
    measured: dict[tuple[str, str], list[dict[str, Any]]] = {pair: [] for pair in pairs}
    with served(arguments.rows, arguments.page) as base_url:
        for run in range(arguments.runs):
            for (source, written), runs in measured.items():
                runs.append(measure(source, written, base_url))
                print(
                    f"run {run + 1}, {source}, {written}: {runs[-1]['seconds']:.2f} s", flush=True
                )
    assert len({run["sums"] for runs in measured.values() for run in runs}) == 1
    arguments.output.write_text(json.dumps(report(arguments.rows, measured), indent=2))


if __name__ == "__main__":
    main()
