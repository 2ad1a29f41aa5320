"""A Spark standalone cluster: a master and two workers, each a process with an address of its own.

Java's processes are told of nothing that the tests know: what is in their environment is what a
cluster's machines would have.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pyspark

HOME = Path(pyspark.__file__).parent
ADDRESSES = ("127.0.0.1", "127.0.0.2")
_LONGEST_START = 60.0


class Cluster:
    """Runs for as long as the `with` block lasts.

    Args:
        folder: where its logs and its work go.
        environment: what its machines have in theirs, such as secrets.
        cores: how many tasks a worker runs at once.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], cores: int = 4) -> None:
        self.folder = folder
        self._environment = environment
        self._cores = cores
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.url = ""

    def __enter__(self) -> Self:
        port = _free_port()
        self.url = f"spark://{ADDRESSES[0]}:{port}"
        listening = ("--host", ADDRESSES[0], "--port", str(port), "--webui-port", str(_free_port()))
        try:
            self._start("master", "org.apache.spark.deploy.master.Master", *listening)
            for address in ADDRESSES:
                self.add_worker(address)
            for address in ADDRESSES:
                self._wait_for(f"worker-{address}", "Successfully registered with master")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._end()

    def add_worker(self, address: str) -> None:
        """Starts a worker with that address."""
        self.workers[address] = self._start(
            f"worker-{address}",
            "org.apache.spark.deploy.worker.Worker",
            *("--host", address, "--cores", str(self._cores), "--memory", "1200m"),
            *("--work-dir", str(self.folder / f"work-{address}"), "--webui-port", "0", self.url),
        )

    def kill_worker(self, address: str) -> None:
        """Ends a worker, its executors and their Python as a machine that loses its power."""
        worker = self.workers.pop(address)
        for pid in [*_descendants(worker.pid), worker.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        worker.wait()

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        told = {
            "SPARK_HOME": str(HOME),
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
            "SPARK_DAEMON_MEMORY": "256m",
            "PYSPARK_PYTHON": sys.executable,
        }
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with self._log(name).open("ab") as log:
            started = subprocess.Popen(
                [HOME / "bin" / "spark-class", *command],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**kept, **told, **self._environment},
                start_new_session=True,
            )
        self._processes.append(started)
        return started

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _wait_for(self, name: str, words: str) -> None:
        end = time.monotonic() + _LONGEST_START
        while words not in self._log(name).read_text():
            if time.monotonic() > end:
                raise TimeoutError(self._log(name).read_text())
            time.sleep(0.05)

    def _end(self) -> None:
        for process in self._processes:
            for pid in [*_descendants(process.pid), process.pid]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((ADDRESSES[0], 0))
        port: int = listener.getsockname()[1]
        return port


def _descendants(pid: int) -> list[int]:
    """The processes below one, those that were started last first."""
    below: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            below = [*_descendants(int(child)), int(child), *below]
    return below
