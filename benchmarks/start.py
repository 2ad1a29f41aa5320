"""Measures what it costs to start, and a sync in which nothing is new: dlt's source and Headrace.

    python -m benchmarks.start

Each program runs in a process of its own, in turn, and what counts is the CPU time of the whole
process, the start of Python included. How to read it: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.full_load import served
from benchmarks.shapes import API_KEY, SHAPES

DLT = "dlt"
HEADRACE = "headrace"
COMMAND = "headrace run"

_IMPORT = "from {source} import rest_api_source\n"
_CONFIG = "from json import loads\nconfig = loads({config!r})\n"
_PIPELINE = (
    "import dlt\npipeline = dlt.pipeline('start', destination='duckdb', dataset_name='mirror')\n"
)
_MODULES = {DLT: "dlt.sources.rest_api", HEADRACE: "headrace"}
# dlt's own source stops a listing that is newest first where it meets a key that it knows.
_RUNS = {
    DLT: "pipeline.run(rest_api_source(config))\n",
    HEADRACE: "import headrace\nheadrace.sync(pipeline, rest_api_source(config))\n",
}


@dataclass(frozen=True)
class Program:
    """What is run.

    Args:
        does: what it does.
        by: whose source it uses, and how.
        arguments: of Python.
        prepared: whether what it does is done once before it is measured, in the same folder.
    """

    does: str
    by: str
    arguments: tuple[str, ...]
    prepared: bool = False


@dataclass(frozen=True)
class Cost:
    """The costs of a program, in each of its runs.

    Args:
        does: what it does.
        by: whose source it uses, and how.
        cpu_seconds: of the process, from its first to its last instruction.
        seconds: that passed meanwhile.
        times_dlt: the median of the CPU seconds over that of dlt's source in the same run.
    """

    does: str
    by: str
    cpu_seconds: list[float]
    seconds: list[float]
    times_dlt: float


def config(base_url: str) -> dict[str, Any]:
    """A listing that is read newest first, in words that dlt's own source understands too.

    Args:
        base_url: of the server.
    """
    listing: dict[str, Any] = SHAPES["executions"].config(base_url)
    endpoint = listing["resources"][0]["endpoint"]
    endpoint["incremental"] = {"cursor_path": "id", "row_order": "desc"}
    return listing


def programs(base_url: str) -> list[Program]:
    """All that is measured.

    Args:
        base_url: of the server.
    """
    said = _CONFIG.format(config=json.dumps(config(base_url)))
    told: list[Program] = []
    for does, rest, prepared in (
        ("import", {DLT: "", HEADRACE: ""}, False),
        ("import, make a source", dict.fromkeys(_RUNS, f"{said}rest_api_source(config)\n"), False),
        ("next sync", {by: f"{said}{_PIPELINE}{run}" for by, run in _RUNS.items()}, True),
    ):
        for by, text in rest.items():
            program = _IMPORT.format(source=_MODULES[by]) + text
            told.append(Program(does, by, ("-c", program), prepared))
    overrides = ("--set", f"client.base_url={base_url}", "--set", f"client.auth.api_key={API_KEY}")
    command = ("-m", "headrace", "run", "executions", "--quiet", *overrides)
    told.append(Program("next sync", COMMAND, command, prepared=True))
    return told


def measure(program: Program, folder: Path) -> tuple[float, float]:
    """Runs a program once; gives its CPU seconds, and the seconds that passed.

    Args:
        program: the program.
        folder: where it runs, and where dlt keeps what it knows.

    Raises:
        CalledProcessError: It failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
        "DLT_DATA_DIR": str(folder),
    }
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, *program.arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, seconds


def compared(measured: dict[Program, list[tuple[float, float]]]) -> list[Cost]:
    """The costs of all programs, each beside that of dlt's source.

    Args:
        measured: the CPU seconds and the seconds of each run of each program.
    """
    medians = {
        (program.does, program.by): statistics.median(cpu for cpu, _ in runs)
        for program, runs in measured.items()
    }
    return [
        Cost(
            program.does,
            program.by,
            [cpu for cpu, _ in runs],
            [seconds for _, seconds in runs],
            medians[program.does, program.by] / medians[program.does, DLT],
        )
        for program, runs in measured.items()
    ]


def report(costs: list[Cost]) -> None:
    """Prints the medians.

    Args:
        costs: of all programs.
    """
    print(f"\n{'':24}{'':14}{'CPU seconds':>12}{'seconds':>10}{'x dlt':>8}")
    for cost in costs:
        cpu, seconds = statistics.median(cost.cpu_seconds), statistics.median(cost.seconds)
        print(f"{cost.does:24}{cost.by:14}{cpu:>12.2f}{seconds:>10.2f}{cost.times_dlt:>8.2f}")


def main() -> None:
    """Runs the programs in turn and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000, help="that were loaded before")
    parser.add_argument("--runs", type=int, default=7, help="of each program; medians count")
    parser.add_argument("--output", type=Path, default=Path("start.json"))
    arguments = parser.parse_args()
    shape = SHAPES["executions"]
    with tempfile.TemporaryDirectory() as folder, served(shape, arguments.rows) as base_url:
        all_programs = programs(base_url)
        folders = {each: Path(folder, f"{each.does} {each.by}") for each in all_programs}
        measured: dict[Program, list[tuple[float, float]]] = {each: [] for each in all_programs}
        for each in all_programs:
            # Of what is imported, bytecode is there from then on.
            for _ in range(2 if each.prepared else 1):
                measure(each, folders[each])
        for _ in range(arguments.runs):
            for each, runs in measured.items():
                runs.append(measure(each, folders[each]))
    costs = compared(measured)
    report(costs)
    arguments.output.write_text(json.dumps([asdict(each) for each in costs], indent=2))


if __name__ == "__main__":
    main()
