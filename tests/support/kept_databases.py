"""Keeps the DuckDB files that a test opens open until it ends.

DuckDB takes some 20 ms to open a file that nothing else in the process has open, and a sync opens
its file six times: a third of what a test with a sync costs. While one connection stays, each
further one costs nothing. The tests see no difference: a file that was replaced, or is wanted in
another mode, is opened anew, and `release_databases` gives the files to another process.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

connect_anew = duckdb.connect
# By the file's path and inode.
_kept: dict[tuple[str, int], duckdb.DuckDBPyConnection] = {}


def keep_databases() -> None:
    """From now on the files that DuckDB opens in this process stay open."""
    duckdb.connect = _connect


def release_databases() -> None:
    """Closes what was kept, as another process that needs a file wants it."""
    while _kept:
        _kept.popitem()[1].close()


@contextmanager
def held_open(file: Path, statement: str = "SELECT 1") -> Iterator[None]:
    """Another process has a database open, with something committed that is not yet in the file."""
    code = (
        "import duckdb, sys; connection = duckdb.connect(sys.argv[1]); "
        "connection.execute(sys.argv[2]); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(file), statement]
    release_databases()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate("")
    assert holder.returncode == 0


def _connect(database: Any = ":memory:", *args: Any, **options: Any) -> duckdb.DuckDBPyConnection:
    path = str(Path(database).absolute())
    for kept in [each for each in _kept if each[0] == path and each != _identity(path)]:
        _kept.pop(kept).close()
    try:
        connection = connect_anew(database, *args, **options)
    except duckdb.ConnectionException:
        # Perhaps for the mode in which it is kept.
        release_databases()
        connection = connect_anew(database, *args, **options)
    identity = _identity(path)
    if identity is not None and identity not in _kept:
        _kept[identity] = connect_anew(database, *args, **options)
    return connection


def _identity(path: str) -> tuple[str, int] | None:
    try:
        return path, Path(path).stat().st_ino
    except OSError:
        return None
