"""Writes the config that a newcomer starts from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from headrace.core.exceptions import ConfigError, Fault


def write_starter(path: Path, *, overwrite: bool = False) -> None:
    """Write a config with comments.

    Args:
        path: The path of the file to write.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        ConfigError: There is a file already, or the file cannot be written.
    """
    text = files("headrace.config").joinpath("starter.yml").read_text(encoding="utf-8")
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(
            [Fault("", f"{path} exists; name another file, or replace it with --force")]
        ) from None
    except OSError as error:
        raise ConfigError([Fault("", f"cannot write {path}: {error.strerror}")]) from None
