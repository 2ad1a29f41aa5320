"""Reads a dataset while syncs go on: it is in no sync's way, and all it sees is of one moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TypeVar

import dlt
import duckdb
from dlt.common.exceptions import DltException

from headrace.core.exceptions import SyncError
from headrace.destination.dlt_clients import asking_through, duckdb_file
from headrace.destination.duckdb_beside import CATALOG, Snapshot, connected_to_nothing
from headrace.destination.sql import DatasetConnection, connect_to_dataset, dialect_of

_T = TypeVar("_T")
_ATTEMPTS = 4
_PAUSE = 0.05


def read_steadily(
    pipeline: dlt.Pipeline, schema: str | None, read: Callable[[dlt.Pipeline], _T]
) -> _T:
    """Reads what a pipeline has loaded, at any destination.

    A DuckDB file is read without a lock: a sync that begins meanwhile, in this process or another,
    does not wait. While one is under way, what it has not yet written into the file itself may not
    be seen. Where there is no file yet, there is nothing to read, also if a sync makes it just now.

    Args:
        pipeline: The pipeline that has loaded the dataset.
        schema: The name of the pipeline's schema whose tables are meant; the default one when None.
        read: A function that reads by the pipeline that it is given. It is called again where the
            file was changed meanwhile.

    Returns:
        What the function gives.

    Raises:
        SyncError: The dataset cannot be read, or changes all the time.
    """

    def read_nothing(file: str) -> _T:
        with connected_to_nothing() as connection:
            return read(asking_through(pipeline, connection, CATALOG))

    return _read(pipeline, schema, read, read_nothing)


def query_steadily(
    pipeline: dlt.Pipeline, schema: str | None, read: Callable[[DatasetConnection], _T]
) -> _T:
    """Reads a dataset in DuckDB or PostgreSQL by SQL, as `read_steadily` does.

    Args:
        pipeline: The pipeline that has loaded the dataset.
        schema: The name of the pipeline's schema whose tables are meant; the default one when None.
        read: A function that reads. It is called again where a file was changed meanwhile.

    Returns:
        What the function gives.

    Raises:
        SyncError: The dataset cannot be read, or changes all the time.
    """

    def query(reading: dlt.Pipeline) -> _T:
        with connect_to_dataset(reading, schema) as database:
            return read(database)

    def refuse(file: str) -> _T:
        raise SyncError(f"there is no file {file}. Load it first: headrace run CONFIG")

    return _read(pipeline, schema, query, refuse)


def file_state(pipeline: dlt.Pipeline, schema: str | None) -> Hashable:
    """Gives something that is another one whenever a pipeline's DuckDB file was changed.

    Args:
        pipeline: The pipeline.
        schema: The name of the pipeline's schema whose tables are meant; the default one when None.

    Returns:
        It; None where that is no DuckDB file, or there is none yet.

    Raises:
        SyncError: The file cannot be read.
    """
    file = _file_of(pipeline, schema)
    is_there = file is not None and Path(file).exists()
    return _snapshot(file, with_log=True).state if file and is_there else None


def _read(
    pipeline: dlt.Pipeline,
    schema: str | None,
    read: Callable[[dlt.Pipeline], _T],
    read_nothing: Callable[[str], _T],
) -> _T:
    """Reads what is there; by the other function where that is a DuckDB file not made yet."""
    file = _file_of(pipeline, schema)
    if file is None:
        return read(pipeline)
    if not Path(file).exists():
        # By a usual connection it would be opened all the same, if a sync has made it meanwhile.
        return read_nothing(file)
    # At last without what is only in the log: a sync appends to it again and again.
    attempts = [(with_log, number) for with_log in (True, False) for number in range(_ATTEMPTS)]
    for with_log, number in attempts:
        is_last = (with_log, number) == attempts[-1]
        found = _read_once(pipeline, read, _snapshot(file, with_log=with_log), is_last=is_last)
        if found is not None:
            return found[0]
        time.sleep(_PAUSE * (number + 1))
    raise SyncError(f"{file} changes faster than it can be read; try again in a while")


def _read_once(
    pipeline: dlt.Pipeline,
    read: Callable[[dlt.Pipeline], _T],
    snapshot: Snapshot,
    *,
    is_last: bool,
) -> tuple[_T] | None:
    """What is read of a snapshot; None where the file was changed or is half written just now."""
    try:
        with snapshot.connection() as connection:
            found = read(asking_through(pipeline, connection, CATALOG))
    except (SyncError, DltException, duckdb.Error) as error:
        of_database = not isinstance(error, SyncError) or isinstance(error.__cause__, DltException)
        # The last line of the log may be half written, or the file, and nothing but time tells.
        is_half_written = snapshot.log_size or (snapshot.is_being_made and not is_last)
        if of_database and (snapshot.has_changed() or is_half_written):
            return None
        if not isinstance(error, duckdb.Error):
            raise
        reason = str(error).partition("\n")[0]
        raise SyncError(f"{snapshot.path} cannot be read: {reason}") from error
    return None if snapshot.has_changed() else (found,)


def _snapshot(file: str, *, with_log: bool) -> Snapshot:
    try:
        return Snapshot(file, with_log=with_log)
    except OSError as error:
        raise SyncError(f"{file} cannot be read: {error.strerror}") from None


def _file_of(pipeline: dlt.Pipeline, schema: str | None) -> str | None:
    """The DuckDB file that a pipeline loads into, be it there or not; None where it is none."""
    if dialect_of(pipeline) != "duckdb":
        return None
    try:
        client = pipeline.destination_client(schema or "")
    except DltException:
        # It is told where the dataset is connected to.
        return None
    return duckdb_file(client)
