"""The folder that the machines of a backfill share, wherever fsspec finds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from secrets import token_hex
from typing import IO, Any, cast

import fsspec

from headrace.config.secrets.masking import secrets_of_url
from headrace.core.exceptions import ConfigError, Fault, SyncError
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import clean, keep_secret

_UNKNOWN = (
    "`{url}` is no folder that can be reached: {error}. Expected a path, or a URL of a file system "
    "that fsspec knows, as s3://bucket/folder (with `pip install s3fs`) or gs://bucket/folder "
    "(with `pip install gcsfs`)"
)
_FAILED = "{what} {path} failed: {error}. See that this machine may read and write there"


@dataclass(frozen=True)
class SharedFolder:
    """A folder that several machines read and write.

    Args:
        url: A path, or a URL that fsspec knows.

    Raises:
        ConfigError: fsspec knows no such file system, or lacks what it needs for it.
    """

    url: str

    def __post_init__(self) -> None:
        # A password may stand in it, and orchestrators keep what is said.
        keep_secret(secrets_of_url(self.url))

    @property
    def shown(self) -> str:
        """The URL, without its secrets."""
        return clean(self.url)

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        try:
            files, root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            told = _UNKNOWN.format(url=self.shown, error=clean(str(error)))
            raise ConfigError([Fault("", told)]) from None
        except OSError as error:
            raise SyncError(
                _FAILED.format(what="opening", path=self.shown, error=clean(str(error)))
            ) from None
        # What other machines have written since must not come out of a listing that was kept.
        files.use_listings_cache = False
        return files, root.rstrip("/")

    def path(self, name: str) -> str:
        """The path of a file in the folder, as its file system writes it.

        Args:
            name: The name of the file, with slashes between folders.
        """
        return f"{self._opened[1]}/{name}"

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder below, sorted; none where there is no such folder.

        Args:
            folder: The name of the folder.
        """
        files, _ = self._opened
        with _told("listing", self.path(folder)):
            files.invalidate_cache()
            try:
                found = files.ls(self.path(folder), detail=False)
            except FileNotFoundError:
                return []
            return sorted(str(each).rstrip("/").rsplit("/", 1)[-1] for each in found)

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where there is none.

        Args:
            name: The name of the file.
        """
        with _told("reading", self.path(name)):
            try:
                return cast(bytes, self._opened[0].cat_file(self.path(name)))
            except FileNotFoundError:
                return None

    def size(self, name: str) -> int | None:
        """The size of a file, in bytes; None where there is none.

        Args:
            name: The name of the file.
        """
        with _told("reading", self.path(name)):
            try:
                return int(self._opened[0].size(self.path(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        """Writes a file that is there whole or not at all.

        Args:
            name: The name of the file.
            content: What it holds.
        """
        files, _ = self._opened
        path = self.path(name)
        with _told("writing", path, whatever=True):
            files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            # Somebody else may be writing it as well.
            part = f"{path}.{token_hex(4)}.part"
            files.pipe_file(part, content)
            files.mv(part, path)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Writes a file piece by piece; until the block ends it may be there in part.

        Args:
            name: The name of the file.
        """
        files, _ = self._opened
        path = self.path(name)
        with _told("writing", path, whatever=True):
            files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            with files.open(path, "wb") as file:
                yield file

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """Reads a file piece by piece.

        Args:
            name: The name of the file.
        """
        with (
            _told("reading", self.path(name), whatever=True),
            self._opened[0].open(self.path(name), "rb") as file,
        ):
            yield file

    def delete(self, name: str) -> None:
        """Deletes a file, where there is one.

        Args:
            name: The name of the file.
        """
        with _told("deleting", self.path(name)):
            try:
                self._opened[0].rm_file(self.path(name))
            except FileNotFoundError:
                return


@contextmanager
def _told(what: str, path: str, *, whatever: bool = False) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not whatever:
            raise
        raise SyncError(
            _FAILED.format(what=what, path=clean(path), error=clean(str(error)))
        ) from error
