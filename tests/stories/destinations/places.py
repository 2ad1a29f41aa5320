"""The destinations of the matrix: how each is set up in a folder, and what it needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt

from tests.stories.destinations.mariadb import mariadb
from tests.support.postgres import fresh_database, shared_server


@dataclass(frozen=True)
class Place:
    """A destination as a user would set it up.

    Args:
        title: what it is called in the documentation.
        opened: gives dlt's destination, for as long as the block lasts, by the folder to keep all
            in.
        hints: keys that the config's resources have for it.
        needs: what has to be installed besides, as pip calls it.
        without: modules that are not to be there.
    """

    title: str
    opened: Callable[[Path], Any]
    hints: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@contextmanager
def _duckdb(folder: Path) -> Iterator[Any]:
    yield dlt.destinations.duckdb(str(folder / "x.duckdb"))


@contextmanager
def _postgres(folder: Path) -> Iterator[Any]:
    with shared_server(folder / "postgres") as server, fresh_database(server, folder) as database:
        yield dlt.destinations.postgres(database.url)


@contextmanager
def _sqlite(folder: Path) -> Iterator[Any]:
    yield dlt.destinations.sqlalchemy(f"sqlite:///{folder / 'x.db'}")


@contextmanager
def _mariadb(folder: Path) -> Iterator[Any]:
    with mariadb(folder / "mariadb") as url:
        yield dlt.destinations.sqlalchemy(url)


@contextmanager
def _files(folder: Path) -> Iterator[Any]:
    # pyiceberg keeps its catalog in the current folder otherwise.
    yield dlt.destinations.filesystem((folder / "lake").as_uri())


@contextmanager
def _ducklake(folder: Path) -> Iterator[Any]:
    os.chdir(folder)
    yield dlt.destinations.ducklake()


@contextmanager
def _lancedb(folder: Path) -> Iterator[Any]:
    yield dlt.destinations.lancedb(lance_uri=str(folder / "lance"))


_ADBC = ("adbc_driver_postgresql", "adbc_driver_manager")

PLACES = {
    "duckdb": Place("DuckDB", _duckdb),
    "postgres": Place("PostgreSQL, psycopg2 alone", _postgres, without=_ADBC),
    "postgres-adbc": Place("PostgreSQL, with ADBC", _postgres),
    "sqlite": Place("SQLite (`sqlalchemy`)", _sqlite, needs=("sqlalchemy",)),
    "mariadb": Place("MariaDB (`sqlalchemy`)", _mariadb, needs=("sqlalchemy", "pymysql")),
    "ducklake": Place("DuckLake", _ducklake, needs=("duckdb-extension-ducklake", "sqlalchemy")),
    "parquet": Place("files: Parquet (`filesystem`)", _files, {"file_format": "parquet"}),
    "delta": Place(
        "files: Delta (`filesystem`)",
        _files,
        {"table_format": "delta"},
        needs=("deltalake", "duckdb-extension-delta"),
    ),
    "iceberg": Place(
        "files: Iceberg (`filesystem`)",
        _files,
        {"table_format": "iceberg"},
        needs=("pyiceberg", "duckdb-extension-iceberg"),
    ),
    "lancedb": Place("LanceDB before 0.38", _lancedb, needs=("lancedb", "duckdb-extension-lance")),
}
