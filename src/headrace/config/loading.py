"""The steps from a file to a config, in order, for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from headrace.config.built.source import SourceConfig
from headrace.config.connectors import find_connector, list_connectors
from headrace.config.files.overrides import apply_overrides
from headrace.config.files.reading import read_document
from headrace.config.files.switches import with_switches_as_written
from headrace.config.parsing import parse_config
from headrace.config.secrets.substitution import Lookup, substitute_secrets
from headrace.core.exceptions import ConfigError
from headrace.core.secrets.redaction import clean

ConfigPart = Literal["everything", "tables", "destination"]
"""What of a config is needed: all of it, what says which tables there are, or where they are."""

_ANY_URL = "http://localhost"


def load_config(
    config: Path | str | Mapping[str, Any],
    overrides: Iterable[str] = (),
    lookup: Lookup | None = None,
    *,
    needed: ConfigPart = "everything",
) -> SourceConfig:
    """Read a config file, set the overrides, put the secrets in, and check it all.

    Args:
        config: The path of a YAML or JSON file, the name of a connector, or a document that has
            been read.
        overrides: Values to set, each written as `path=value`.
        lookup: A function from the NAME in `${NAME}` to its value; None looks where
            `dlt.secrets` does.
        needed: What of the config is used. The rest is left out before anything is looked up,
            so that the secrets in it need not be there. `tables` leaves out how the API is
            reached and asked; `destination` leaves out all but `pipeline`.

    Returns:
        The config. What was not needed means nothing in it.

    Raises:
        ConfigError: The file or the overrides cannot be read; or everything that is wrong with
            the config, missing secrets included.
    """
    document = _reduced(read_config(config, overrides), needed)
    document, substituted, missing = substitute_secrets(document, lookup)
    try:
        loaded = parse_config(document, substituted, numbers_as_text=True)
    except ConfigError as error:
        # Of a value that is not there nothing else can be said.
        places = {clean(fault.path) for fault in missing}
        others = [fault for fault in error.faults if fault.path not in places]
        raise ConfigError([*missing, *others]) from None
    if missing:
        raise ConfigError(missing)
    return loaded


def read_config(
    config: Path | str | Mapping[str, Any], overrides: Iterable[str] = ()
) -> dict[str, Any]:
    """Read a config as it is written, and set the overrides; `${NAME}` still stands in it.

    Args:
        config: As in `load_config`.
        overrides: As in `load_config`.

    Raises:
        ConfigError: The file or the overrides cannot be read.
    """
    document = dict(config) if isinstance(config, Mapping) else _read(config)
    return with_switches_as_written(apply_overrides(document, overrides))


def _reduced(document: dict[str, Any], needed: ConfigPart) -> dict[str, Any]:
    """The document without what is not needed."""
    match needed:
        case "everything":
            return document
        case "destination":
            client = {"base_url": _ANY_URL}
            pipeline = document.get("pipeline")
            return {"client": client, "resources": ["nothing"], "pipeline": pipeline}
        case "tables":
            return _without_requests(document)


def _without_requests(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what only requests need; of the client, its paginator stays."""
    client = document.get("client")
    paginator = client.get("paginator") if isinstance(client, dict) else None
    resources = document.get("resources")
    listed = resources if isinstance(resources, list) else []
    for place in (document.get("resource_defaults"), *listed):
        endpoint = place.get("endpoint") if isinstance(place, dict) else None
        if isinstance(endpoint, dict):
            for key in ("auth", "headers"):
                endpoint.pop(key, None)
    return {**document, "client": {"base_url": _ANY_URL, "paginator": paginator}}


def _read(name: Path | str) -> dict[str, Any]:
    connector = find_connector(str(name))
    if connector is not None:
        return read_document(connector.path)
    return read_document(Path(name), [each.name for each in list_connectors()])
