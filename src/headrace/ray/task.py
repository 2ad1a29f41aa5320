"""What one task does: it reads a lane into files, which count once their manifest is returned."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import fsspec
import pyarrow.parquet as pq

from headrace.backfill.lanes import Lane, read_lane
from headrace.core.arrow import pa
from headrace.core.secrets.outlets import told_without_secrets
from headrace.reading.plain_batches import RowSetAside
from headrace.reading.reader import Reader

_BYTES_OF_FILE = 256 * 1024 * 1024
_SET_ASIDE = pa.schema([(name, pa.string()) for name in ("row", "reason", "request")])


@dataclass(frozen=True, slots=True)
class LaneTask:
    """What a task is to read; all of it is seen by whoever sees the cluster.

    Args:
        text: The config, with no secret in it.
        resource: The name of the resource; None where the config has only one.
        secrets: A function that looks up secrets, as `package.module:function`; None for none.
        workers: How many tasks share the limits of the config.
        folder: The URL of the folder that the files of this reading go into.
        schema: The schema of the rows, as `schema_of` gives it.
        lane: The lane.
        number: The number of the task.
        tenant: The column that names the tenant, and its name; None without tenants.
    """

    text: str = field(repr=False)
    resource: str | None
    secrets: str | None
    workers: int
    folder: str
    schema: pa.Schema
    lane: Lane
    number: int
    tenant: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class LaneManifest:
    """What an attempt at a lane wrote.

    Args:
        number: The number of the task.
        files: The paths of its files in the folder, and the bytes of each.
        rows: How many rows they have.
        set_aside: The file with the rows that could not be read; None where there were none.
        rows_set_aside: How many there were.
    """

    number: int
    files: dict[str, int]
    rows: int
    set_aside: str | None = None
    rows_set_aside: int = 0


def run_lane(task: LaneTask) -> LaneManifest:
    """Reads a lane into the files of an attempt of its own.

    Another attempt at the same lane, earlier or at the same time, has other files.

    Args:
        task: What to read.

    Returns:
        What was written. Files that no manifest names count for nothing.

    Raises:
        HeadraceError: The config cannot be used here, or the listing failed.
    """
    with told_without_secrets():
        writing = _Attempt(task)
        try:
            with _reader(task) as reader:
                return writing.of(reader)
        except BaseException:
            writing.remove()
            raise


def _reader(task: LaneTask) -> Reader:
    return read_lane(
        task.text,
        task.resource,
        task.lane,
        schema=task.schema,
        workers=task.workers,
        secrets=task.secrets,
    )


class _Attempt:
    """The files of one attempt."""

    def __init__(self, task: LaneTask) -> None:
        self._number, self._tenant = task.number, task.tenant
        self._filesystem, self._root = fsspec.core.url_to_fs(task.folder)
        self._folder = f"lane-{task.number:05}-{uuid.uuid4().hex}"
        self._filesystem.makedirs(f"{self._root}/{self._folder}", exist_ok=True)

    def of(self, reader: Reader) -> LaneManifest:
        """Writes all that a reader gives."""
        names: list[str] = []
        rows, batch = 0, next(reader, None)
        schema = self._told(pa.RecordBatch.from_pylist([], reader.schema)).schema
        # There is one file at least, also without rows: it has the schema.
        while batch is not None or not names:
            names.append(f"{self._folder}/{len(names):05}.parquet")
            with ExitStack() as stack:
                file = stack.enter_context(self._opened(names[-1]))
                writer = stack.enter_context(pq.ParquetWriter(file, schema, compression="zstd"))
                size = 0
                while batch is not None and size < _BYTES_OF_FILE:
                    writer.write_batch(self._told(batch))
                    rows += batch.num_rows
                    size += batch.nbytes
                    batch = next(reader, None)
        aside = self._set_aside(reader.quarantine)
        sizes = {name: self._filesystem.info(f"{self._root}/{name}")["size"] for name in names}
        return LaneManifest(self._number, sizes, rows, aside, len(reader.quarantine))

    def _told(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the tenant in it, of which its config knows nothing."""
        batch = batch.replace_schema_metadata(None)
        if self._tenant is None:
            return batch
        column, name = self._tenant
        return batch.add_column(0, column, pa.array([name] * batch.num_rows, pa.string()))

    def remove(self) -> None:
        """Removes what was written, as far as that is possible."""
        with suppress(OSError):
            self._filesystem.rm(f"{self._root}/{self._folder}", recursive=True)

    def _set_aside(self, rows: Sequence[RowSetAside]) -> str | None:
        if not rows:
            return None
        columns = [[getattr(each, name) for each in rows] for name in _SET_ASIDE.names]
        name = f"{self._folder}/set_aside.parquet"
        with self._opened(name) as file:
            pq.write_table(pa.table(columns, schema=_SET_ASIDE), file)
        return name

    def _opened(self, name: str) -> Any:
        return self._filesystem.open(f"{self._root}/{name}", "wb")
