"""Writes the config that a newcomer starts from: a general one, or that of a style of API."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from headrace.config.recipes import text_of
from headrace.core.exceptions import ConfigError, Fault

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def write_starter(
    path: Path, *, recipe: str | None = None, overwrite: bool = False
) -> Sequence[str]:
    """Write a config with comments.

    Args:
        path: The path of the file to write.
        recipe: The name of a recipe; None for a config of the usual kind.
        overwrite: Whether a file that is there may be replaced.

    Returns:
        The names of the secrets and settings that the config asks for.

    Raises:
        ConfigError: There is no such recipe, there is a file already, or the file cannot be
            written.
    """
    return write_config(path, _starter(recipe), overwrite=overwrite)


def write_config(path: Path, text: str, *, overwrite: bool = False) -> Sequence[str]:
    """Write a config.

    Args:
        path: The path of the file to write.
        text: The config, as YAML.
        overwrite: Whether a file that is there may be replaced.

    Returns:
        The names of the secrets and settings that the config asks for.

    Raises:
        ConfigError: There is a file already, or the file cannot be written.
    """
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError([Fault("", _is_there(path))]) from None
    except OSError as error:
        raise ConfigError([Fault("", f"cannot write {path}: {error.strerror}")]) from None
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return list(dict.fromkeys(name for line in lines for name in _PLACEHOLDER.findall(line)))


def refuse_written(path: Path, *, overwrite: bool) -> None:
    """Refuse a path that cannot be written, before an API is asked for what goes there.

    Args:
        path: The path of the file to write.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        ConfigError: There is a file, or nothing can be written there.
    """
    told = _why_not(path)
    if told is not None:
        raise ConfigError([Fault("", told)])
    if path.exists() and not overwrite:
        raise ConfigError([Fault("", _is_there(path))])


def _why_not(path: Path) -> str | None:
    """Why no file can be written at a path; None where one can be."""
    if path.is_dir():
        return f"{path} is a folder; name a file in it"
    if not path.parent.is_dir():
        return f"cannot write {path}: there is no folder {path.parent}"
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return f"cannot write {path}: you may not write there"
    return None


def _is_there(path: Path) -> str:
    return f"{path} exists; name another file, or replace it with --force"


def _starter(recipe: str | None) -> str:
    if recipe is not None:
        return text_of(recipe)
    return files("headrace.config").joinpath("starter.yml").read_text(encoding="utf-8")
