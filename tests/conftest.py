"""What all tests share: a clean dlt, destinations, and servers on loopback."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from headrace.core.secrets import redaction
from tests.support.kept_databases import keep_databases, release_databases
from tests.support.postgres import PostgresDatabase, PostgresServer, fresh_database, shared_server
from tests.support.remembered_settings import remember_settings
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

# A shell has what it starts in the background ignore Ctrl-C, and its children with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_MEMORY = Path("/dev/shm")
_ENOUGH_MEMORY = 4 * 1024**3

_EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "50"))

# How long an example takes says more of the machine than of the code.
settings.register_profile("headrace", deadline=None, max_examples=_EXAMPLES)
settings.load_profile("headrace")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait for a server."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    """Spares the tests what is no part of them."""
    # DuckDB waits for the disk at each commit, and PostgreSQL makes hundreds of files for each
    # database; memory answers at once.
    if _MEMORY.exists() and shutil.disk_usage(_MEMORY).free > _ENOUGH_MEMORY:
        os.environ.setdefault("TMPDIR", str(_MEMORY))
        tempfile.tempdir = None
    keep_databases()
    if "HEADRACE_PLAIN_DLT" not in os.environ:
        remember_settings()


def pytest_collection_finish() -> None:
    """Tells the garbage collector that what is imported by now stays: it is most of all objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def clean_dlt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test in a folder of its own: no settings, state or telemetry from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "ERROR")
    # A test that wants a second attempt says so.
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")


@pytest.fixture(autouse=True)
def databases_released() -> Iterator[None]:
    """A test leaves no file open behind it."""
    yield
    release_databases()


@pytest.fixture(autouse=True)
def no_secret_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is secret in one test may be any word in another."""
    monkeypatch.setattr(redaction, "_kept", redaction._Kept())


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty DuckDB file with pipelines that load into it."""
    return Warehouse(tmp_path)


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[PostgresServer]:
    """The PostgreSQL that all processes of this run of the tests share."""
    folder = tmp_path_factory.getbasetemp()
    with shared_server((folder if worker_id == "master" else folder.parent) / "postgres") as server:
        yield server


@pytest.fixture
def postgres(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[PostgresDatabase]:
    """An empty database in PostgreSQL with pipelines that load into it."""
    with fresh_database(postgres_server, tmp_path) as database:
        yield database


@pytest.fixture
def server() -> Iterator[JsonServer]:
    """An HTTP server that answers what the test tells it to."""
    with JsonServer() as running:
        yield running
