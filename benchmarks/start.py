"""The roads of the start, and of a sync in which nothing is new.

What counts is the CPU time of the whole process, the start of Python included.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.processes import run_python, served
from benchmarks.roads import DLT, FULL, Contender, Road, Run
from benchmarks.shapes import API_KEY, SHAPES

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
        by: whose source it uses, and how.
        arguments: of Python.
    """

    by: str
    arguments: tuple[str, ...]


def config(base_url: str) -> dict[str, Any]:
    """A listing that is read newest first, in words that dlt's own source understands too.

    Args:
        base_url: of the server.
    """
    listing: dict[str, Any] = SHAPES["executions"].config(base_url)
    endpoint = listing["resources"][0]["endpoint"]
    endpoint["incremental"] = {"cursor_path": "id", "row_order": "desc"}
    return listing


def imports(_base_url: str) -> list[Program]:
    """The import of `rest_api_source`."""
    return [Program(by, ("-c", _IMPORT.format(source=_MODULES[by]))) for by in _RUNS]


def sources(base_url: str) -> list[Program]:
    """The import, and a source made of a config."""
    return _programs(base_url, dict.fromkeys(_RUNS, "rest_api_source(config)\n"))


def quiet_syncs(base_url: str) -> list[Program]:
    """A sync; the first one aside, nothing is new."""
    overrides = ("--set", f"client.base_url={base_url}", "--set", f"client.auth.api_key={API_KEY}")
    command = ("-m", "headrace", "run", "executions", "--quiet", *overrides)
    runs = {by: _PIPELINE + run for by, run in _RUNS.items()}
    return [*_programs(base_url, runs), Program(COMMAND, command)]


def _programs(base_url: str, texts: dict[str, str]) -> list[Program]:
    said = _CONFIG.format(config=json.dumps(config(base_url)))
    return [
        Program(by, ("-c", _IMPORT.format(source=_MODULES[by]) + said + text))
        for by, text in texts.items()
    ]


def measure(program: Program, folder: Path) -> Run:
    """Runs a program once.

    Args:
        program: the program.
        folder: where it runs, and where dlt keeps what it knows.
    """
    alone = run_python(*program.arguments, folder=folder)
    return Run(alone.seconds, alone.cpu_seconds, alone.peak_bytes, None)


@contextmanager
def contenders(made: Callable[[str], list[Program]], rows: int) -> Iterator[list[Contender]]:
    """The programs, which have run twice in their folders, while their server runs.

    Args:
        made: makes the programs for a base URL.
        rows: of a full load.
    """
    count = max(20_000 * rows // FULL, 1_000)
    command = (*SHAPES["executions"].serve, "--rows", str(count))
    with tempfile.TemporaryDirectory() as folder, served(*command) as base_url:
        found = []
        for program in made(base_url):
            place = Path(folder, program.by)
            place.mkdir()
            # From then on the bytecode of what is imported is there, and the first rows.
            for _ in range(2):
                measure(program, place)
            found.append(Contender(program.by, partial(measure, program, place)))
        yield found


def _road(name: str, title: str, made: Callable[[str], list[Program]]) -> Road:
    return Road(name, title, (DLT,), partial(contenders, made), by_cpu=True)


ROADS = (
    _road("import", "The import of `rest_api_source`, by CPU", imports),
    _road("make-source", "The import, and a source of a config, by CPU", sources),
    _road("quiet-sync", "A sync in which nothing is new, by CPU", quiet_syncs),
)
