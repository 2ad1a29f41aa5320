"""Runs a load, or a server, as a process of its own: it starts cold, and its memory is its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Alone:
    """What a process said and used, as a whole.

    Args:
        told: its output.
        seconds: from its start to its end.
        cpu_seconds: of the processor, its own and the system's for it.
        peak_bytes: the most memory that it held.
    """

    told: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int


def run_alone(module: str, *arguments: str, folder: Path | None = None) -> Any:
    """Runs a module of the benchmarks in a new process; gives what it tells, which is JSON.

    Args:
        module: The name of the module.
        arguments: The arguments of its command line.
        folder: To run it in; an empty one where it is None.

    Raises:
        CalledProcessError: It failed.
    """
    told = run_python("-m", f"benchmarks.{module}", *arguments, folder=folder).told
    return json.loads(told.splitlines()[-1])


def run_python(
    *arguments: str, folder: Path | None = None, settings: Mapping[str, str] | None = None
) -> Alone:
    """Runs Python in a new process.

    Args:
        arguments: Of Python.
        folder: To run it in, which is where dlt keeps what it knows; an empty one where it is None.
        settings: What stands in its environment besides.

    Raises:
        CalledProcessError: It failed.
    """
    command = [sys.executable, *arguments]
    with tempfile.TemporaryDirectory() as empty:
        place = folder or empty
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "ERROR",
            "DLT_DATA_DIR": str(place),
            **(settings or {}),
        }
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=place, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        try:
            with process.stdout as output:
                told = output.read()
            # `Popen.wait` forgets what the process used.
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Alone(told, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """Serves from a process of its own while the block runs; gives the base URL.

    Args:
        arguments: Of the Python that serves, and whose first line names the URL.
    """
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            words = server.stdout.readline().split()
            yield next(word for word in words if "://" in word)
        finally:
            server.terminate()
