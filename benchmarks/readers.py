"""The road of readers: executions to whoever asks for them, without a destination.

`headrace.read` gives Arrow; the others give their messages, each from a virtual environment of its
own, as what they need goes with nothing else. It is made beside the project when it is first used.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.load_roads import load_once
from benchmarks.processes import run_alone, served
from benchmarks.roads import FULL, WITH_IDS, Contender, Road, Run, share
from benchmarks.shapes import API_KEY, SHAPES

_PROJECT = Path(__file__).parents[1]
_ENVIRONMENTS = _PROJECT / "build" / "peers"
# What is installed, by the file in `benchmarks/peers` that uses it.
REQUIREMENTS = {"airbyte": "airbyte-cdk==7.39.*", "singer": "singer-sdk==0.54.*"}
LOADED = "pipeline.run"
READ = "headrace.read"
_SHARES = {"airbyte": 100_000, "singer": 50_000}
# Ten times as many, of which memory should know nothing.
_MORE = 10


def python_with(requirement: str, name: str) -> Path:
    """The Python of a virtual environment with a library, which is made where it is not there.

    Args:
        requirement: What to install.
        name: The name of the environment.

    Raises:
        CalledProcessError: It could not be installed.
    """
    folder = _ENVIRONMENTS / name
    python, is_made = folder / "bin" / "python", folder / "made"
    if not is_made.exists():
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", requirement], check=True)
        is_made.touch()
    return python


def read_with_peer(name: str, python: Path, base_url: str) -> Run:
    """Reads with the library of others, in a process of its own."""
    path = SHAPES["executions"].path
    program = _PROJECT / "benchmarks" / "peers" / f"{name}.py"
    ran = subprocess.run(
        [python, program, base_url, path, API_KEY],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
    )
    return Run(**json.loads(ran.stdout.splitlines()[-1]))


def read_once(base_url: str) -> Run:
    """Reads with `headrace.read`, in a process of its own."""
    return Run(**run_alone("reading", "--base-url", base_url))


@contextmanager
def readers(rows: int) -> Iterator[list[Contender]]:
    """All of them, over the rows of one server.

    Args:
        rows: of a full reading.
    """
    shape = SHAPES["executions"]
    pythons = {name: python_with(each, name) for name, each in REQUIREMENTS.items()}
    with served(*shape.serve, "--rows", str(rows)) as base_url:
        ours: list[tuple[str, Callable[[], Run]]] = [
            (LOADED, partial(load_once, WITH_IDS, shape, base_url)),
            (READ, partial(read_once, base_url)),
        ]
        contenders = [Contender(name, measure, rows) for name, measure in ours]
        for name, python in pythons.items():
            count = share(_SHARES[name], rows)
            contenders.append(_peer(name, python, count))
        yield contenders


def _peer(name: str, python: Path, rows: int) -> Contender:
    def measure() -> Run:
        with served(*SHAPES["executions"].serve, "--rows", str(rows)) as base_url:
            return read_with_peer(name, python, base_url)

    return Contender(REQUIREMENTS[name].partition("=")[0], measure, rows)


ROADS = (
    Road(
        "readers",
        "Executions to Arrow, or to the messages of others",
        ("singer-sdk", "airbyte-cdk", LOADED),
        readers,
        large=True,
    ),
)


def main() -> None:
    """Tells the memory that a reading takes, of a full load and of ten times as many rows."""
    for rows in (FULL, FULL * _MORE):
        with served(*SHAPES["executions"].serve, "--rows", str(rows)) as base_url:
            run = read_once(base_url)
        print(f"{rows:,} rows: {run.peak_bytes / 1e6:,.0f} MB, {rows / run.seconds:,.0f} rows/s")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
