"""Reads a YAML or JSON file into a document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from headrace.config.files.plain_scalars import FLOAT, INTEGER, NULL, SWITCH, as_number
from headrace.config.files.quick_yaml import read_quickly
from headrace.config.format.wording import kind_of
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import nearest

YAML_SUFFIXES = (".yml", ".yaml")
JSON_SUFFIXES = (".json",)
_MOST_VALUES = 100_000
_DEEPEST = 100


def read_document(path: Path, connectors: Iterable[str] = ()) -> dict[str, Any]:
    """Read a config file.

    Args:
        path: The path of a `.yml`, `.yaml` or `.json` file.
        connectors: Names of connectors, to suggest one of them where the file is missing.

    Returns:
        The document. Each `${NAME}` in it still stands as written, and dates are kept as text.

    Raises:
        ConfigError: The file is missing, empty, no mapping, or cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in YAML_SUFFIXES + JSON_SUFFIXES and path.is_file():
        raise _error(f"{path} is neither YAML (.yml, .yaml) nor JSON (.json)")
    return document_of_text(_text(path, connectors), path, is_json=suffix in JSON_SUFFIXES)


def document_of_text(text: str, path: Path | str, *, is_json: bool) -> dict[str, Any]:
    """Read a document out of the text of a config.

    Args:
        text: The text.
        path: The file it came from, or other words that say where; for messages.
        is_json: Whether it is JSON, and not YAML.

    Returns:
        The document. Each `${NAME}` in it still stands as written, and dates are kept as text.

    Raises:
        ConfigError: It is empty, no mapping, or cannot be read.
    """
    if not text.strip():
        raise _error(f"{path} is empty; begin with `client:` and `resources:`")
    document = _json(text, path) if is_json else _yaml(text, path)
    if not isinstance(document, dict):
        raise _error(
            f"{path} must hold a mapping with `client` and `resources`, not {kind_of(document)}"
        )
    _check_size(document, path)
    return document


def _error(message: str) -> ConfigError:
    return ConfigError([Fault("", message)])


def _text(path: Path, connectors: Iterable[str]) -> str:
    problem = f"{path} cannot be read"
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problem = f"there is no file {path}{_similar(path, connectors)}"
    except IsADirectoryError:
        problem = f"{path} is a folder; name a file in it"
    except UnicodeDecodeError:
        problem = f"{path} is not text in UTF-8"
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror}"
    raise _error(problem)


def _similar(path: Path, connectors: Iterable[str]) -> str:
    names = list(connectors)
    if path.parent.is_dir():
        names += sorted(
            entry.name
            for entry in path.parent.iterdir()
            if entry.suffix.lower() in YAML_SUFFIXES + JSON_SUFFIXES
        )
    near = nearest(path.name, names) or nearest(path.stem, names)
    return f"; did you mean {near}?" if near else ""


# --- JSON ---------------------------------------------------------------------------------------


class _DuplicateKey(Exception):  # noqa: N818 - carries a key out of the parser
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKey(key)
        found[key] = value
    return found


def _json(text: str, path: Path | str) -> Any:
    problem = f"{path} is nested too deeply"
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_float=as_number)
    except _DuplicateKey as error:
        problem = f"{path}: the key `{error.args[0]}` stands twice in one mapping"
        problem += _second_line_of(str(error.args[0]), text)
    except json.JSONDecodeError as error:
        problem = f"{path}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
    except RecursionError:
        pass
    raise _error(problem)


def _second_line_of(key: str, text: str) -> str:
    lines = [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if json.dumps(key) in line or f'"{key}"' in line
    ]
    # Where the key is elsewhere too, which lines are meant is not known.
    return f" (lines {lines[0]} and {lines[1]})" if len(lines) == 2 else ""


# --- YAML ---------------------------------------------------------------------------------------


class ConfigLoader(yaml.SafeLoader):
    """Plain YAML in which a key stands once and a date is text, as it is in JSON."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping.

        Args:
            node: The node of the mapping in PyYAML's tree.
            deep: Whether the values are built at once.

        Returns:
            The mapping.

        Raises:
            yaml.constructor.ConstructorError: A key stands twice.
        """
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = getattr(key_node, "value", None)
            if isinstance(key, str) and key in seen:
                message = f"the key `{key}` stands twice in one mapping"
                raise yaml.constructor.ConstructorError(None, None, message, key_node.start_mark)
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep=deep)


# The rules of PyYAML are those of YAML 1.1, where 012 is ten, 12:30 is 750 and `no` is false.
ConfigLoader.yaml_implicit_resolvers = {}
for _tag, _rule, _first in (
    ("null", NULL, [*"~nN", ""]),
    ("bool", SWITCH, [*"tTfF"]),
    ("int", INTEGER, [*"-0123456789"]),
    ("float", FLOAT, [*"-.0123456789"]),
    ("merge", re.compile("<<"), ["<"]),
):
    ConfigLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_rule.pattern})\Z"), _first
    )
ConfigLoader.add_constructor(
    "tag:yaml.org,2002:float", lambda loader, node: as_number(str(node.value))
)


def _yaml(text: str, path: Path | str) -> Any:
    problem = f"{path} is nested too deeply"
    try:
        # A subclass of the safe loader.
        return read_quickly(text, ConfigLoader) or yaml.load(text, Loader=ConfigLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = f"{path}{where}: {_yaml_problem(error)}"
    except yaml.YAMLError:
        problem = f"{path} holds a character that YAML does not allow"
    except (ValueError, TypeError):
        problem = f"{path} holds a value that YAML cannot read"
    except RecursionError:
        pass
    raise _error(problem)


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "not YAML"
    if "stands twice" in problem:
        return problem
    # These messages of PyYAML quote at most one character or a tag. Others may quote a scalar,
    # which may be a secret.
    known = ("mapping values are not allowed", "could not find expected ':'", "found character")
    if problem.startswith(known) or problem.startswith("expected <block end>"):
        return f"not YAML: {problem}"
    return "not YAML here; look for a missing quote, bracket or space"


def _check_size(document: dict[str, Any], path: Path | str) -> None:
    """Refuse what is too large, such as aliases that make an endless document of a small file."""
    count = 0
    todo: list[tuple[Any, int]] = [(document, 1)]
    while todo:
        value, depth = todo.pop()
        count += 1
        if count > _MOST_VALUES or depth > _DEEPEST:
            raise _error(f"{path} is too large or nested too deeply for a config")
        if isinstance(value, dict):
            todo.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, (list, set, tuple)):
            todo.extend((inner, depth + 1) for inner in value)
