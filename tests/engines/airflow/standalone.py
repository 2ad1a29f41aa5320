"""`airflow standalone`: the scheduler, the API server and the DAG processor, with SQLite."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.engines.running import end, program, run
from tests.stories.real_servers.running import free_port

_LONGEST = 240.0
_ENDED = ("success", "failed")


class Airflow:
    """An Airflow that runs.

    Args:
        folder: Its folder, with its database.
        environment: The variables that its programs are told of it by.
        server: Its first process.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], server: subprocess.Popen[bytes]
    ) -> None:
        self._folder = folder
        self._environment = environment
        self._server = server

    def run_dag(self, name: str) -> str:
        """Triggers a DAG, and waits for its end.

        Args:
            name: Its id.

        Returns:
            The state that it ended in.
        """
        self._wait_for(f"SELECT 1 FROM dag WHERE dag_id = '{name}'", ("1",))
        airflow = [program("airflow"), "dags", "trigger", name]
        run(airflow, self._folder, self._environment)
        return self._wait_for("SELECT state FROM dag_run", _ENDED)

    def tries(self, task: str) -> list[int]:
        """How often each instance of a task was tried.

        Args:
            task: The id of the task.
        """
        sql = f"SELECT try_number FROM task_instance WHERE task_id = '{task}'"
        return [tries for (tries,) in self._asked(sql)]

    def _wait_for(self, sql: str, values: Sequence[str]) -> str:
        until = time.monotonic() + _LONGEST
        while time.monotonic() < until and self._server.poll() is None:
            for (value,) in self._asked(sql):
                if str(value) in values:
                    return str(value)
            time.sleep(0.5)
        log = (self._folder / "log").read_text(errors="replace")
        raise RuntimeError(f"Airflow has not come to {values}: {log[-3000:]}")

    def _asked(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(self._folder / "airflow.db", timeout=10)) as database:
                return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            # Its tables are still being made, or it writes.
            return []


@contextmanager
def airflow_standalone(folder: Path, environment: Mapping[str, str]) -> Iterator[Airflow]:
    """Runs `airflow standalone` until the end of the block.

    Args:
        folder: Where it keeps all that it has; its DAGs are in `dags`.
        environment: Variables for it and for its tasks.
    """
    port = free_port()
    given = {
        **environment,
        "PATH": f"{Path(program()).parent}{os.pathsep}{os.environ['PATH']}",
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
    }
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program("airflow"), "standalone"],
            cwd=folder,
            env={**os.environ, **given},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield Airflow(folder, given, server)
    finally:
        # All at once: those that lose the one that started them go on.
        end(server.pid)
        server.wait()
