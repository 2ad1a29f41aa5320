"""The tenants of a config, from the config itself or from a file beside it."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from headrace.config.files.overrides import parsed_value, parts_of
from headrace.config.files.reading import JSON_SUFFIXES, YAML_SUFFIXES, ConfigLoader
from headrace.config.format.tenants import COLUMN
from headrace.config.format.wording import kind_of, listed
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import did_you_mean
from headrace.core.secrets.names import is_secret

_PLACES = ("list", "file", "table", "query")
_KEYS = ("column", *_PLACES)
_KEYS_OF_TENANT = ("name", "set", "secrets")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_REFERENCE = re.compile(r"[^$]*\$\{[^{}]+\}[^$]*")
_LINES = (".jsonl", ".ndjson")
_LONGEST_NAME = 200
_EXAMPLE = "write it as `{name: acme, set: {client.base_url: https://acme.example.com}}`"
_NOT_HERE = (
    "is read from the destination by the commands that load a config into one, as `headrace run`; "
    "here the tenants have to stand under `list`, or in a `file`"
)
_SHARED = ("client.concurrency", "client.session")


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant of an API, as JSON values: nothing in it is a secret.

    Args:
        name: Its name.
        set: The values of the config that are its own, by their dotted paths.
        secrets: The names of its secrets, by the names that stand in the config.
    """

    name: str
    set: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


def tenant_column(document: Mapping[str, Any]) -> str:
    """The column that names the tenant of a row.

    Args:
        document: The config as written.

    Raises:
        ConfigError: The name of the column cannot be used.
    """
    written = document.get("tenants")
    column = written.get("column", COLUMN) if isinstance(written, Mapping) else COLUMN
    if not isinstance(column, str) or not _COLUMN.fullmatch(column):
        message = "must be a name of letters, digits and underscores, for example `account`"
        raise ConfigError([Fault("tenants.column", message)])
    return column


def tenants_of(document: Mapping[str, Any], folder: Path | None = None) -> list[Tenant]:
    """Read the tenants of a config.

    Args:
        document: The config as written, with its secrets as `${NAME}`.
        folder: Where a file with a relative path is looked for; the current folder when None.

    Returns:
        The tenants, in order; none where the config has no `tenants`.

    Raises:
        ConfigError: The key cannot be read, there is no tenant, or one has what no tenant can have.
    """
    written = document.get("tenants")
    if written is None:
        return []
    tenant_column(document)
    rows, place = _rows(written, folder or Path())
    if not rows:
        raise ConfigError([Fault("tenants", f"{place} has no tenant; {_EXAMPLE}")])
    faults: list[Fault] = []
    tenants = []
    for number, row in enumerate(rows):
        found, wrong = _tenant(row)
        faults += [Fault(f"tenants[{number}]{path}", message) for path, message in wrong]
        tenants.append(found)
    counts = Counter(each.name for each in tenants if each.name)
    faults += [
        Fault("tenants", f"the name `{name}` stands {count} times; each tenant has its own")
        for name, count in counts.items()
        if count > 1
    ]
    if faults:
        raise ConfigError(faults)
    return tenants


def with_tenants_inside(document: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """The config with the tenants in it that stand in a file beside it.

    Args:
        document: The config as written.
        folder: Where a file with a relative path is looked for; the current folder when None.

    Raises:
        ConfigError: As from `tenants_of`, where there is such a file.
    """
    written = document.get("tenants")
    if not isinstance(written, Mapping) or written.get("file") is None:
        return dict(document)
    listed = [
        {"name": each.name, "set": dict(each.set), "secrets": dict(each.secrets)}
        for each in tenants_of(document, folder)
    ]
    return {**document, "tenants": {"column": tenant_column(document), "list": listed}}


@dataclass(frozen=True, slots=True)
class TenantQuery:
    """Where the tenants stand in the destination.

    Args:
        key: The key of the config that says it: `table` or `query`.
        text: The name of the table, or the SQL.
    """

    key: str
    text: str


def with_tenants_named(document: Mapping[str, Any], names: Container[str]) -> dict[str, Any]:
    """The config with some of its tenants alone: each of them takes a while to be read.

    Args:
        document: The config as written, in which the tenants stand.
        names: The names of those that are wanted.
    """
    written = document.get("tenants")
    rows = written.get("list") if isinstance(written, Mapping) else written
    if not isinstance(rows, list):
        return dict(document)
    wanted = [each for each in rows if isinstance(each, Mapping) and each.get("name") in names]
    own = {**written, "list": wanted} if isinstance(written, Mapping) else wanted
    return {**document, "tenants": own}


def tenant_query(document: Mapping[str, Any]) -> TenantQuery | None:
    """Where the tenants stand in the destination; None where they stand elsewhere.

    Args:
        document: The config as written; it may be wrong in any way.

    Raises:
        ConfigError: What should be a table or a query is none.
    """
    written = document.get("tenants")
    for key in ("table", "query"):
        text = written.get(key) if isinstance(written, Mapping) else None
        if isinstance(text, str) and text.strip():
            return TenantQuery(key, text)
        if text is not None:
            raise ConfigError([Fault(f"tenants.{key}", f"expected a text; got {kind_of(text)}")])
    return None


def with_rows_as_tenants(
    document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The config with the tenants in it that stand in the destination.

    Args:
        document: The config as written.
        rows: The rows, by the names of their columns.

    Raises:
        ConfigError: As from `tenants_of`.
    """
    written = [
        {
            name: value
            for name, value in row.items()
            if value is not None and name in _KEYS_OF_TENANT
        }
        for row in rows
    ]
    changed = {**document, "tenants": {"column": tenant_column(document), "list": written}}
    tenants_of(changed)
    return changed


def _rows(written: Any, folder: Path) -> tuple[Sequence[Any], str]:
    """The tenants as written, and where they stand, for messages."""
    if isinstance(written, list | tuple):
        return written, "the list"
    if not isinstance(written, Mapping):
        raise _wrong(
            f"expected a list of tenants, or a mapping with `file`; got {kind_of(written)}"
        )
    for key in written:
        if key not in _KEYS:
            raise _wrong(f"unknown key `{key}`; {did_you_mean(str(key), _KEYS)}{listed(_KEYS)}")
    given = [key for key in _PLACES if written.get(key) is not None]
    if len(given) != 1:
        raise _wrong(f"needs one of {listed(_PLACES)}: the tenants, or where they stand")
    value = written[given[0]]
    if given[0] in ("table", "query"):
        raise ConfigError([Fault(f"tenants.{given[0]}", _NOT_HERE)])
    if given == ["file"]:
        if not isinstance(value, str) or not value:
            raise ConfigError([Fault("tenants.file", f"expected a path; got {kind_of(value)}")])
        path = folder / value
        return _rows_of_file(path), str(path)
    if not isinstance(value, list | tuple):
        raise ConfigError([Fault("tenants.list", f"expected a list; got {kind_of(value)}")])
    return value, "the list"


def _wrong(message: str) -> ConfigError:
    return ConfigError([Fault("tenants", message)])


def _rows_of_file(path: Path) -> Sequence[Any]:
    suffix = path.suffix.lower()
    if suffix not in (".csv", *JSON_SUFFIXES, *_LINES, *YAML_SUFFIXES):
        raise _of_file(f"{path} is neither CSV, JSON, JSON Lines (.jsonl) nor YAML")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _of_file(f"{path} is not text in UTF-8") from None
    except OSError as error:
        raise _of_file(f"{path} cannot be read: {error.strerror}") from None
    try:
        rows = _parsed(text, suffix)
    except (csv.Error, ValueError, yaml.YAMLError, RecursionError):
        raise _of_file(f"{path} cannot be read as {suffix[1:].upper()}") from None
    if not isinstance(rows, list):
        raise _of_file(f"{path} must hold a list of tenants, not {kind_of(rows)}")
    return rows


def _of_file(message: str) -> ConfigError:
    return ConfigError([Fault("tenants.file", message)])


def _parsed(text: str, suffix: str) -> Any:
    if suffix == ".csv":
        return [
            {column: parsed_value(cell) for column, cell in row.items() if column and cell}
            for row in csv.DictReader(text.splitlines(), strict=True)
        ]
    if suffix in _LINES:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if suffix in JSON_SUFFIXES:
        return json.loads(text)
    return yaml.load(text, Loader=ConfigLoader) or []


def _tenant(row: Any) -> tuple[Tenant, list[tuple[str, str]]]:
    """A tenant, and what is wrong with it: the path below it, and a message."""
    if not isinstance(row, Mapping):
        return Tenant(""), [("", f"expected a tenant, got {kind_of(row)}; {_EXAMPLE}")]
    row = _gathered(row)
    faults: list[tuple[str, str]] = []
    for key in row:
        if key not in _KEYS_OF_TENANT:
            guess = did_you_mean(str(key), _KEYS_OF_TENANT)
            faults.append(
                ("", f"unknown key `{key}`; {guess}a tenant has {listed(_KEYS_OF_TENANT)}")
            )
    name = row.get("name")
    name = str(name) if isinstance(name, int) and not isinstance(name, bool) else name
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        faults.append((".name", f"must be a text of up to {_LONGEST_NAME} characters"))
        name = ""
    values, secrets = row.get("set") or {}, row.get("secrets") or {}
    faults += _faults_of_values(values)
    faults += _faults_of_secrets(secrets)
    return Tenant(name, dict(values), dict(secrets)) if not faults else Tenant(name), faults


def _gathered(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """A row with its columns `set.PATH` and `secrets.NAME` put into the mappings of those names."""
    found: dict[Any, Any] = {}
    for key, value in row.items():
        value = _mapping_in(value) if key in ("set", "secrets") else value
        kind, dot, rest = str(key).partition(".")
        if not dot or kind not in ("set", "secrets"):
            is_nested = key in ("set", "secrets") and isinstance(value, Mapping)
            found[key] = {**found.get(key, {}), **value} if is_nested else value
        elif isinstance(inner := found.setdefault(kind, {}), dict):
            inner[rest] = value
    return found


def _mapping_in(value: Any) -> Any:
    """The mapping that a text of JSON holds, as a table has it; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, dict) else value


def _faults_of_values(values: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(values, Mapping):
        yield ".set", f"expected a mapping of dotted paths to values; got {kind_of(values)}"
        return
    for path, value in values.items():
        if message := _fault_of_path(str(path)):
            yield f".set.{path}", message
        elif _shows_secret(parts_of(str(path)), value):
            yield (
                f".set.{path}",
                "is a secret, which may not stand here: write ${NAME}, or name it under `secrets`",
            )


def _fault_of_path(path: str) -> str | None:
    """Why a tenant cannot have a value of its own at a path; None where it can."""
    parts = parts_of(path)
    if parts[:1] == ["client"] and len(parts) > 1:
        is_shared = any(parts[:2] == each.split(".") for each in _SHARED)
        return "is shared by all tenants: set it in the config itself" if is_shared else None
    depth = {"resources": 2, "resource_defaults": 1}.get(parts[0]) if parts else None
    if depth is not None and parts[depth : depth + 1] == ["endpoint"] and len(parts) > depth + 1:
        if parts[depth + 1] not in ("incremental", "batch", "lanes"):
            return None
        return "is shared by all tenants: set it in the config itself"
    return (
        "no tenant can have this of its own: what can be set are keys below `client` and below "
        "the `endpoint` of a resource, as `client.base_url` or "
        "`resources.NAME.endpoint.params.site`"
    )


def _shows_secret(parts: Sequence[str], value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_shows_secret([*parts, str(key)], inner) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return any(_shows_secret(parts, inner) for inner in value)
    is_named_so = bool(parts) and is_secret(parts[-1]) and parts[-1] != "auth"
    return isinstance(value, str) and is_named_so and not _REFERENCE.fullmatch(value)


def _faults_of_secrets(secrets: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(secrets, Mapping):
        yield ".secrets", f"expected a mapping of names to names; got {kind_of(secrets)}"
        return
    for name, other in secrets.items():
        if not _is_name(name):
            yield ".secrets", "its keys are names that stand in the config, as API_KEY"
        elif not _is_name(other):
            # It may be the secret itself.
            yield f".secrets.{name}", "must be the name of a secret, as ACME_API_KEY; not its value"


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and bool(_SECRET_NAME.fullmatch(text))
