"""Runs Headrace's commands as their users do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TextIO

from typer.testing import CliRunner

from headrace.cli import main
from headrace.cli.app import app
from tests.support.kept_databases import release_databases
from tests.support.remembered_settings import remember_settings

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
    "dlt.common.libs.sql_alchemy_compat",
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
        process = _started(arguments, columns, stdout, stderr)
        process.join(_LONGEST_RUN)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"no end after {_LONGEST_RUN} s: {stderr.read_text()}")
        return Ran(arguments, process.exitcode, stdout.read_text(), stderr.read_text())


class RunningCommand:
    """A command in a process of its own, as long as it runs.

    Args:
        process: The process.
        stdout: What it writes as its output.
        stderr: What it writes about its progress and errors.
    """

    def __init__(self, process: BaseProcess, stdout: TextIO, stderr: TextIO) -> None:
        self._process = process
        self.stdout = stdout
        self.stderr = stderr

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        os.kill(self.pid, number)

    def rest(self) -> tuple[str, str]:
        """What it writes from now to its end on its output, and about progress and errors."""
        with ThreadPoolExecutor() as reader:
            told, warned = reader.map(_read, (self.stdout, self.stderr))
        self.wait()
        return told, warned

    def wait(self) -> None:
        """Waits for its end.

        Raises:
            TimeoutError: It did not end.
        """
        self._process.join(_LONGEST_RUN)
        if self._process.exitcode is None:
            raise TimeoutError(f"no end after {_LONGEST_RUN} s")


@contextmanager
def headrace_running(*arguments: str, columns: int = 200) -> Iterator[RunningCommand]:
    """Runs a command in a process of its own, beside the test.

    Args:
        arguments: What follows `headrace` on the command line.
        columns: How wide the terminal is, in characters.
    """
    with tempfile.TemporaryDirectory() as folder:
        places = Path(folder, "stdout"), Path(folder, "stderr")
        for place in places:
            os.mkfifo(place)
        process = _started(arguments, columns, *places)
        try:
            # Each of them opens once the process opens it as well, in this order.
            with places[0].open() as stdout, places[1].open() as stderr:
                yield RunningCommand(process, stdout, stderr)
                process.join(_LONGEST_RUN)
        finally:
            process.kill()
            process.join()


def _started(arguments: Sequence[str], columns: int, stdout: Path, stderr: Path) -> BaseProcess:
    environment = {**os.environ, "COLUMNS": str(columns)}
    process = forks().Process(
        target=run_in_this_process, args=(arguments, environment, Path.cwd(), stdout, stderr)
    )
    release_databases()
    process.start()
    return process


def _read(stream: TextIO) -> str:
    return stream.read()


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
    remember_settings()
    main()
