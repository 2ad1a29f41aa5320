"""What a backfill takes: each step in processes of its own, with their memory.

    python -m benchmarks.backfill --parents 100000 --lanes 100

A listing for each row of a parent, of which two processes read half of the lanes each. The server
answers at once, so that what is measured is the work of Headrace.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.app_serving import served_app
from benchmarks.children import app, config
from benchmarks.processes import Alone, run_python

_WORKERS = 2


def headrace(*arguments: str, folder: Path) -> Alone:
    """Runs the command line in a new process.

    Args:
        arguments: What follows `headrace`.
        folder: To run it in.
    """
    return run_python("-m", "headrace", *arguments, folder=folder)


def told(name: str, *ran: Alone, parents: int) -> None:
    """Prints what a step took.

    Args:
        name: The name of the step.
        ran: Its processes, which ran at the same time.
        parents: How many rows the parent has.
    """
    cpu = sum(each.cpu_seconds for each in ran)
    seconds = max(each.seconds for each in ran)
    peak = max(each.peak_bytes for each in ran)
    print(
        f"{name:8} {seconds:7.1f} s  CPU {cpu:7.1f} s  {cpu * 1_000 / parents:6.3f} ms a parent  "
        f"{peak / 1e6:5.0f} MB"
    )


def measure(base_url: str, parents: int, lanes: int, folder: Path) -> None:
    """Plans, reads and commits, and prints what each took.

    Args:
        base_url: Of the server.
        parents: How many rows the parent has.
        lanes: How many lanes there are.
        folder: An empty folder.
    """
    file, out = folder / "parents.json", str(folder / "plan")
    document = config(base_url, parallelized=False)
    document["pipeline"] = {"destination": f"duckdb:///{folder / 'parents.duckdb'}"}
    file.write_text(json.dumps(document))
    call = ("backfill", "plan", str(file), "--resource", "children", "--out", out, "-q")
    told("plan", headrace(*call, "--lanes", str(lanes), folder=folder), parents=parents)
    shares = [[str(n) for n in range(place, lanes, _WORKERS)] for place in range(_WORKERS)]
    with ThreadPoolExecutor(_WORKERS) as pool:
        reads = [
            pool.submit(headrace, "backfill", "lane", out, *share, "-q", folder=folder)
            for share in shares
        ]
        told("lanes", *(each.result() for each in reads), parents=parents)
    told("commit", headrace("backfill", "commit", out, folder=folder), parents=parents)
    size = sum(each.stat().st_size for each in Path(out).rglob("*") if each.is_file())
    files = sum(each.is_file() for each in Path(out).rglob("*"))
    print(f"folder   {size / 1e6:.1f} MB in {files:,} files")


def main() -> None:
    """Measures one backfill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parents", type=int, default=100_000)
    parser.add_argument("--lanes", type=int, default=100)
    arguments = parser.parse_args()
    with (
        served_app(app, arguments.parents, 0.0) as base_url,
        tempfile.TemporaryDirectory() as folder,
    ):
        measure(base_url, arguments.parents, arguments.lanes, Path(folder))


if __name__ == "__main__":
    main()
