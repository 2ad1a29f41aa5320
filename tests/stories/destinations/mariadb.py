"""A private MariaDB on loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_USER, _PASSWORD = "headrace", "not-a-secret"
_LONGEST_START = 60.0


@contextmanager
def mariadb(folder: Path) -> Iterator[str]:
    """Starts a server with an empty database, and stops it at the end of the block.

    Args:
        folder: Where to keep it; it is deleted at the end.

    Yields:
        The URL of the database, for SQLAlchemy.
    """
    folder.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = (f"--datadir={folder}/data", f"--socket={folder}/s")
    own = ("--no-defaults", "--user=root", f"--datadir={folder}/data")
    # Under a user of the server's own it could not read the folder.
    subprocess.run(
        ["mariadb-install-db", *own, "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )
    listening = (f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s")
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        ["mariadbd", *own, *listening, "--innodb-flush-log-at-trx-commit=0"], stderr=log
    )
    try:
        _run_once_ready(
            where[1],
            f"CREATE DATABASE shop; CREATE USER {_USER}@'127.0.0.1' IDENTIFIED BY '{_PASSWORD}'; "
            f"GRANT ALL ON *.* TO {_USER}@'127.0.0.1'",
        )
        yield f"mysql+pymysql://{_USER}:{_PASSWORD}@127.0.0.1:{port}/shop"
    finally:
        server.terminate()
        server.wait()
        log.close()
        with suppress(OSError):
            shutil.rmtree(folder)


def _run_once_ready(connection: str, statements: str) -> None:
    client = ["mariadb", "--no-defaults", "-uroot", connection, "-e", statements]
    end = time.monotonic() + _LONGEST_START
    while (ran := subprocess.run(client, capture_output=True, text=True)).returncode:
        if time.monotonic() > end:
            raise RuntimeError(ran.stderr)
        time.sleep(0.2)
