"""Reads a DuckDB file while another process writes it, without a lock and without being in its way.

DuckDB lets one process write a file, or some read it, and locks out all others meanwhile: who reads
by a usual connection makes a sync fail that begins just then. What is read here takes no lock. It
is right all the same, by how DuckDB writes its files, since it must survive a crash at any moment:

- The first 12 KiB, made 4 at a time, tell which blocks are in use. A block that is in use is never
  overwritten; what changes goes into free ones, and then the first 12 KiB are written anew, with
  another count.
- What was committed since then is appended to the file `.wal` beside it, which is emptied after
  that.

So what was read is of one moment as long as neither has changed by the time the read has ended.
Each read is followed by a look at both; where one of them has changed, the reading has failed.

- A process loses its locks on a file when it closes any descriptor of that file, be it another
  one. So the descriptors of database files stay open here until the process ends.
- DuckDB reads the blocks of a database through a file system in Python by `seek` and `read`, from
  several threads at once, so each has a position of its own. They are threads of DuckDB, for which
  Python's `threading.local` begins anew with each call: they go by their number. The log is read
  on and on, by one thread after the other.

At an upgrade of DuckDB check those sentences; `tests/stories/reporting/test_beside_syncs.py` fails
where one is no longer true.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from fsspec.spec import AbstractFileSystem

CATALOG = "headrace_beside"
"""The name by which the file is attached."""

_PROTOCOL = "headracebeside"
_HEADER = 4_096
_HEADERS = 3 * _HEADER
# What a report keeps of ten million executions, and of the file; more than that goes to disk.
_MEMORY = "600MB"


class _KeptDescriptor:
    """A descriptor of a file, open until the process ends, or the file has been replaced."""

    def __init__(self, path: str) -> None:
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        found = os.fstat(self.number)
        self.identity = found.st_dev, found.st_ino

    def __del__(self) -> None:
        # At the end of the process DuckDB may still be writing.
        if not sys.is_finalizing() and hasattr(self, "number"):
            os.close(self.number)


_kept: dict[str, _KeptDescriptor] = {}
"""The descriptors of database files, by the path of each."""
_keeping = threading.Lock()


class Snapshot:
    """A DuckDB file as it stands at one moment, for as long as nobody changes it.

    Args:
        file: The path of the database file.
        with_log: Whether what stands in its `.wal` counts as well. Without it, the snapshot is that
            of the last checkpoint, and survives what is committed until the next one.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, file: str | Path, *, with_log: bool = True) -> None:
        self.path = str(Path(file).absolute())
        self.log_path = f"{self.path}.wal"
        self._with_log = with_log
        self._kept = _kept_open(self.path)
        self.size = os.fstat(self.descriptor).st_size
        self.state = self._current()
        """What is another one after each change of the file."""
        self._has_changed = False

    @property
    def descriptor(self) -> int:
        """The descriptor of the database file. It is closed by nobody."""
        return self._kept.number

    @property
    def log_size(self) -> int:
        """How many bytes of the `.wal` count."""
        return self.state[1]

    @property
    def is_being_made(self) -> bool:
        """Whether it may be that somebody makes the file just now: its first blocks are missing."""
        return self.size < _HEADERS and self.size % _HEADER == 0

    def has_changed(self) -> bool:
        """Whether somebody has changed the file since: what was read may be of two moments."""
        self._has_changed = self._has_changed or self._current() != self.state
        return self._has_changed

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Attaches the snapshot, as the catalog `CATALOG`, to a database in memory.

        Yields:
            The connection. What is asked of it fails once the file has changed.

        Raises:
            duckdb.Error: The file is no DuckDB database, or has changed meanwhile.
        """
        # What does not fit into memory would else go into the current folder.
        with TemporaryDirectory(prefix="headrace-") as folder:
            connection = duckdb.connect(config={"temp_directory": folder, "memory_limit": _MEMORY})
            try:
                connection.register_filesystem(_Files(self))
                place = f"{_PROTOCOL}://{self.path}".replace("'", "''")
                connection.execute(f"ATTACH '{place}' AS {CATALOG} (READ_ONLY)")
                yield connection
            finally:
                connection.close()

    def _current(self) -> tuple[bytes, int, tuple[int, int]]:
        log = 0
        if self._with_log:
            with suppress(FileNotFoundError):
                log = Path(self.log_path).stat().st_size
        # Last: it changes first.
        return os.pread(self.descriptor, _HEADERS, 0), log, _identity(self.path)


@contextmanager
def connected_to_nothing() -> Iterator[duckdb.DuckDBPyConnection]:
    """Connects to an empty database, for a file that is not there yet.

    Yields:
        The connection, with the catalog `CATALOG`.
    """
    connection = duckdb.connect()
    try:
        connection.execute(f"ATTACH ':memory:' AS {CATALOG}")
        yield connection
    finally:
        connection.close()


def _kept_open(path: str) -> _KeptDescriptor:
    """The descriptor of a database file; of one that was replaced, that of the new file."""
    with _keeping:
        kept = _kept.get(path)
        if kept is None or kept.identity != _identity(path):
            kept = _kept[path] = _KeptDescriptor(path)
        return kept


def _identity(path: str) -> tuple[int, int]:
    found = Path(path).stat()
    return found.st_dev, found.st_ino


class _Files(AbstractFileSystem):  # type: ignore[misc]
    """The file of a snapshot and its log, as the file system that DuckDB is given."""

    protocol = _PROTOCOL
    cachable = False

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._snapshot = snapshot

    def exists(self, path: str, **options: Any) -> bool:
        """Whether there is such a file."""
        wanted = str(self._strip_protocol(path))
        if wanted == self._snapshot.log_path:
            return self._snapshot.log_size > 0
        return wanted == self._snapshot.path

    def isfile(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.exists(path)

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """What is known of a file."""
        is_log = str(self._strip_protocol(path)) == self._snapshot.log_path
        size = self._snapshot.log_size if is_log else self._snapshot.size
        return {"name": path, "size": size, "type": "file"}

    def open(self, path: str, mode: str = "rb", *args: Any, **options: Any) -> Any:
        """Opens a file to read it."""
        snapshot, wanted = self._snapshot, str(self._strip_protocol(path))
        if mode != "rb" or not self.exists(wanted):
            raise FileNotFoundError(path)
        if wanted == snapshot.log_path:
            log = os.open(wanted, os.O_RDONLY | os.O_CLOEXEC)
            return _File(snapshot, log, snapshot.log_size, is_log=True)
        return _File(snapshot, snapshot.descriptor, snapshot.size, is_log=False)


class _File:
    """An open file of a snapshot; each thread reads from where it has put itself."""

    mode = "rb"

    def __init__(self, snapshot: Snapshot, descriptor: int, size: int, *, is_log: bool) -> None:
        self._snapshot = snapshot
        self._descriptor = descriptor
        self._size = size
        self._is_log = is_log
        self._positions: dict[int, int] = {}
        self.closed = False

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a place in the file."""
        before = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        self._positions[self._reader()] = before + offset
        return self.tell()

    def tell(self) -> int:
        """Where this thread is in the file."""
        return self._positions.get(self._reader(), 0)

    def read(self, size: int = -1) -> bytes:
        """Reads on.

        Raises:
            OSError: The file has changed since the snapshot.
        """
        left = self._size - self.tell()
        found = os.pread(self._descriptor, min(left, size) if size >= 0 else left, self.tell())
        if self._snapshot.has_changed():
            raise OSError(f"{self._snapshot.path} was changed while it was read")
        self._positions[self._reader()] = self.tell() + len(found)
        return found

    def _reader(self) -> int:
        """Whose position counts: the thread's, or that of all."""
        return 0 if self._is_log else threading.get_ident()

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether one can go to a place in it."""
        return True

    def writable(self) -> bool:
        """Whether it can be written."""
        return False

    def flush(self) -> None:
        """Does nothing: nothing is written."""

    def close(self) -> None:
        """Closes it, where it is nobody else's."""
        if self._is_log and not self.closed:
            os.close(self._descriptor)
        self.closed = True
