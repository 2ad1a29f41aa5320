"""Runs commands of `headrace` in processes of their own, to their end or until they are killed."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.command_line import forks, run_in_this_process
from tests.support.crashing.gate import Gate
from tests.support.crashing.kill_switch import build_in
from tests.support.crashing.moments import Moment
from tests.support.kept_databases import release_databases

_LONGEST_RUN = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """How a process ended.

    Args:
        code: its exit code; minus the signal's number if one killed it.
        told: what it wrote.
        seconds: that it took.
    """

    code: int | None
    told: str
    seconds: float

    @property
    def was_killed(self) -> bool:
        """Whether the moment came before the end."""
        return self.code == -signal.SIGKILL


class Machine:
    """Where a command runs, with the pipeline's folder that it keeps there.

    Args:
        folder: to work in.
        arguments: of `headrace`, as `["run", "executions", "--destination", ...]`.
        settings: environment variables besides those of this process.
        data: dlt's data folder, with the pipeline's folder somewhere in it; `dlt` in `folder` if
            None.
    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        settings: Mapping[str, str],
        data: Path | None = None,
    ) -> None:
        self._folder = folder
        self._data = data or folder / "dlt"
        self._arguments = list(arguments)
        self._settings = dict(settings)

    def run(self, gate: Gate, moment: Moment | None = None) -> Run:
        """Runs the command.

        Args:
            gate: through which it asks the API.
            moment: to kill it at; None to let it come to its end.

        Raises:
            TimeoutError: it did not end.
        """
        started = time.monotonic()
        output = self._folder / "told.txt"
        environment = {**os.environ, **self._settings, "DLT_DATA_DIR": str(self._data)}
        output.unlink(missing_ok=True)
        process = forks().Process(
            target=_headrace, args=(self._arguments, environment, self._folder, output, moment)
        )
        gate.watch(_killer(process, moment))
        release_databases()
        process.start()
        process.join(_LONGEST_RUN)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"no end after {_LONGEST_RUN} s: {output.read_text()}")
        if moment is not None and moment.new_machine:
            shutil.rmtree(self._data, ignore_errors=True)
        return Run(process.exitcode, output.read_text(), time.monotonic() - started)


def _headrace(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    output: Path,
    moment: Moment | None,
) -> None:
    if moment is not None and moment.event != "request":
        build_in(moment, Path(environment["DLT_DATA_DIR"]) / "pipelines")
    run_in_this_process(arguments, environment, folder, output, output)


def _killer(process: BaseProcess, moment: Moment | None) -> Callable[[int], None]:
    def on_request(number: int) -> None:
        if moment is None or moment.event != "request" or number != moment.number:
            return
        if moment.delay:
            threading.Timer(moment.delay, process.kill).start()
        else:
            process.kill()

    return on_request
