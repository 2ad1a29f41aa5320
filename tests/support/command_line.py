"""Runs Headrace's commands as their users do."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path

from typer.testing import CliRunner

from headrace.cli import main
from headrace.cli.app import app

Ran = subprocess.CompletedProcess[str]

_LONGEST_RUN = 120.0
# Most of a short run is the import of these; a fork of a process that has them starts at once.
_PRELOADED = [
    "tests.support.crashing.machine",
    "headrace.cli.progress",
    "headrace.cli.sync_summary",
    "headrace.destination.pipeline",
    "headrace.dlt_source.source",
    "headrace.syncing.sync",
    "dlt.destinations.impl.duckdb.duck",
    "dlt.destinations.impl.postgres.postgres",
    "adbc_driver_manager.dbapi",
    "pyarrow.parquet",
]


def headrace(*arguments: str, columns: int = 200) -> Ran:
    """Runs a command in this process: most of a new one's time would go into imports.

    Args:
        arguments: What follows `headrace` on the command line.
        columns: How wide the terminal is, in characters.
    """
    ran = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, arguments)
    return Ran(arguments, ran.exit_code, ran.stdout, ran.stderr)


def headrace_apart(*arguments: str, columns: int = 200) -> Ran:
    """Runs a command in a process of its own: for what holds for a whole process.

    Args:
        arguments: What follows `headrace` on the command line.
        columns: How wide the terminal is, in characters.

    Raises:
        TimeoutError: The command did not end.
    """
    with tempfile.TemporaryDirectory() as folder:
        stdout, stderr = Path(folder, "stdout"), Path(folder, "stderr")
        environment = {**os.environ, "COLUMNS": str(columns)}
        process = forks().Process(
            target=run_in_this_process, args=(arguments, environment, Path.cwd(), stdout, stderr)
        )
        process.start()
        process.join(_LONGEST_RUN)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"no end after {_LONGEST_RUN} s: {stderr.read_text()}")
        return Ran(arguments, process.exitcode, stdout.read_text(), stderr.read_text())


def forks() -> ForkServerContext:
    """Makes processes that are forks of a clean one, which has imported what commands need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def run_in_this_process(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    stdout: Path,
    stderr: Path,
) -> None:
    """Does what `python -m headrace` does; the process is good for nothing else afterwards.

    Args:
        arguments: What follows `headrace` on the command line.
        environment: All environment variables of the command.
        folder: Where the command runs.
        stdout: The file to write the output to.
        stderr: The file to write errors and progress to; it may be the same.
    """
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, number in ((stdout, 1), (stderr, 2)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    sys.argv = ["headrace", *arguments]
    main()
