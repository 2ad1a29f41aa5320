"""What a backfill takes: each step in processes of its own, with their memory.

    python -m benchmarks.backfill --parents 100000 --lanes 100
    python -m benchmarks.backfill --parents 100000 --tenants 1000 --lanes 100
    python -m benchmarks.backfill --rows 3000000 --lanes 60

A listing for each row of a parent, or one long listing of executions, of which two processes read
half of the lanes each. The server answers at once: what is measured is the work of Headrace.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.app_serving import served_app
from benchmarks.children import app, config
from benchmarks.processes import Alone, run_python, served
from benchmarks.shapes import API_KEY, SHAPES

_WORKERS = 2


def headrace(*arguments: str, folder: Path, settings: Mapping[str, str]) -> Alone:
    """Runs the command line in a new process.

    Args:
        arguments: What follows `headrace`.
        folder: To run it in.
        settings: What stands in its environment.
    """
    return run_python("-m", "headrace", *arguments, folder=folder, settings=settings)


def told(name: str, *ran: Alone, count: int, what: str) -> None:
    """Prints what a step took.

    Args:
        name: The name of the step.
        ran: Its processes, which ran at the same time.
        count: How many there are of what its CPU is divided by.
        what: What that is.
    """
    cpu = sum(each.cpu_seconds for each in ran)
    seconds = max(each.seconds for each in ran)
    peak = max(each.peak_bytes for each in ran)
    each = cpu * 1_000_000 / count
    print(
        f"{name:8} {seconds:7.1f} s  CPU {cpu:7.1f} s  {each:8.1f} us {what}  {peak / 1e6:5.0f} MB",
        flush=True,
    )


def measure(
    call: Sequence[str],
    settings: Mapping[str, str],
    folder: Path,
    lanes: int,
    count: int,
    what: str,
) -> None:
    """Plans, reads and commits, and prints what each took.

    Args:
        call: What is planned: the config and options.
        settings: What stands in the environment of all processes.
        folder: An empty folder.
        lanes: How many lanes there are.
        count: How many there are of what CPU is divided by.
        what: What that is.
    """
    out, run = str(folder / "plan"), partial(headrace, folder=folder, settings=settings)
    planned = run("backfill", "plan", *call, "--out", out, "--lanes", str(lanes), "-q")
    told("plan", planned, count=count, what=what)
    made = int(planned.told.split()[-1])
    shares = [[str(n) for n in range(place, made, _WORKERS)] for place in range(_WORKERS)]
    with ThreadPoolExecutor(_WORKERS) as pool:
        reads = [pool.submit(run, "backfill", "lane", out, *share, "-q") for share in shares]
        told("lanes", *(each.result() for each in reads), count=count, what=what)
    target = f"duckdb:///{folder / 'loaded.duckdb'}"
    committed = run("backfill", "commit", out, "--destination", target, "-q")
    told("commit", committed, count=count, what=what)
    files = [each for each in Path(out).rglob("*") if each.is_file()]
    print(
        f"folder   {sum(each.stat().st_size for each in files) / 1e6:.1f} MB, {len(files):,} files"
    )


def tenants(base_url: str, count: int) -> list[dict[str, Any]]:
    """Accounts of the API of parents, each below a path of its own.

    Args:
        base_url: Of the server.
        count: How many there are.
    """
    return [
        {"name": f"account-{n}", "set": {"client.base_url": f"{base_url}/account-{n}"}}
        for n in range(count)
    ]


def main() -> None:
    """Measures one backfill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parents", type=int, default=100_000)
    parser.add_argument("--tenants", type=int)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--lanes", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.rows is not None:
            with served(*SHAPES["executions"].serve, "--rows", str(arguments.rows)) as base_url:
                settings = {"EXECUTIONS_BASE_URL": base_url, "API_KEY": API_KEY}
                call = ("executions", "--resource", "executions")
                measure(call, settings, folder, arguments.lanes, arguments.rows, "a row")
            return
        file, each = folder / "parents.json", arguments.parents // (arguments.tenants or 1)
        with served_app(app, each, 0.0) as base_url:
            document = config(base_url, parallelized=False)
            if arguments.tenants is not None:
                document["tenants"] = tenants(base_url, arguments.tenants)
            file.write_text(json.dumps(document))
            call = (str(file), "--resource", "children")
            measure(call, {}, folder, arguments.lanes, arguments.parents, "a parent")


if __name__ == "__main__":
    main()
