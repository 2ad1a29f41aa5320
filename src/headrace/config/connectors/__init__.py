"""Configs that ship with Headrace and are used by their name."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from headrace.core.quick_dataclasses import dataclass

_SUFFIX = ".yml"


@dataclass(frozen=True, slots=True)
class Connector:
    """A config that ships with the package.

    Args:
        name: The name to use in place of a file.
        summary: What it loads, in one line, which is the first comment line of the file.
        path: The path of the file.
    """

    name: str
    summary: str
    path: Path


def list_connectors() -> list[Connector]:
    """All connectors, sorted by name."""
    return sorted((_connector(file) for file in _files()), key=lambda each: each.name)


def find_connector(name: str) -> Connector | None:
    """Find a connector.

    Args:
        name: The name of the connector.

    Returns:
        The connector; None when there is none with that name.
    """
    return next((each for each in list_connectors() if each.name == name), None)


def _files() -> list[Traversable]:
    return [file for file in files(__name__).iterdir() if file.name.endswith(_SUFFIX)]


def _connector(file: Traversable) -> Connector:
    first_line = file.read_text(encoding="utf-8").splitlines()[0]
    path = Path(str(file))
    return Connector(file.name.removesuffix(_SUFFIX), first_line.removeprefix("# "), path)
