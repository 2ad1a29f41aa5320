"""The steps from a file to a config, in order, for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headrace.config.built.source import SourceConfig
from headrace.config.checks.parsing import parse_config
from headrace.config.connectors import find_connector, list_connectors
from headrace.config.files.overrides import apply_overrides
from headrace.config.files.reading import read_document
from headrace.config.files.scalars import with_texts_as_written
from headrace.config.files.substitution import Lookup, substitute_secrets
from headrace.core.exceptions import ConfigError


def load_config(
    config: Path | str | Mapping[str, Any],
    overrides: Iterable[str] = (),
    lookup: Lookup | None = None,
) -> SourceConfig:
    """Read a config file, set the overrides, put the secrets in, and check it all.

    Args:
        config: a YAML or JSON file, the name of a connector, or a document that has been read.
        overrides: `path=value` each.
        lookup: where `${NAME}` comes from; None looks where `dlt.secrets` does.

    Returns:
        The config.

    Raises:
        ConfigError: the file or the overrides cannot be read; or everything that is wrong with
            the config, missing secrets included.
    """
    document = dict(config) if isinstance(config, Mapping) else _read(config)
    document = apply_overrides(document, overrides)
    document, substituted, missing = substitute_secrets(document, lookup)
    document = with_texts_as_written(document)
    try:
        loaded = parse_config(document, substituted)
    except ConfigError as error:
        # Of a value that is not there nothing else can be said.
        places = {fault.path for fault in missing}
        others = [fault for fault in error.faults if fault.path not in places]
        raise ConfigError([*missing, *others]) from None
    if missing:
        raise ConfigError(missing)
    return loaded


def load_destination(
    config: Path | str, overrides: Iterable[str] = (), lookup: Lookup | None = None
) -> SourceConfig:
    """Read of a config file only where it loads to, for what asks no API and needs no key of it.

    Args:
        config: a YAML or JSON file, or the name of a connector.
        overrides: `path=value` each.
        lookup: where `${NAME}` comes from; None looks where `dlt.secrets` does.

    Returns:
        A config whose `pipeline` is that of the file; the rest of it means nothing.

    Raises:
        ConfigError: the file or the overrides cannot be read, or its `pipeline` is wrong.
    """
    document = apply_overrides(_read(config), overrides)
    reduced = {"client": {"base_url": "http://localhost"}, "resources": ["nothing"]}
    return load_config({**reduced, "pipeline": document.get("pipeline")}, lookup=lookup)


def load_without_client(
    config: Path | str, overrides: Iterable[str] = (), lookup: Lookup | None = None
) -> SourceConfig:
    """Read a config file for what asks its API nothing, so needs neither its address nor a key.

    Args:
        config: a YAML or JSON file, or the name of a connector.
        overrides: `path=value` each.
        lookup: where `${NAME}` comes from; None looks where `dlt.secrets` does.

    Returns:
        A config whose `client` says only how its listings go on.

    Raises:
        ConfigError: as `load_config`, but for what is left out.
    """
    document = apply_overrides(_read(config), overrides)
    client = document.get("client")
    paginator = client.get("paginator") if isinstance(client, dict) else None
    document["client"] = {"base_url": "http://localhost", "paginator": paginator}
    resources = document.get("resources")
    listed = resources if isinstance(resources, list) else []
    for place in (document.get("resource_defaults"), *listed):
        endpoint = place.get("endpoint") if isinstance(place, dict) else None
        if isinstance(endpoint, dict):
            for key in ("auth", "headers"):
                endpoint.pop(key, None)
    return load_config(document, lookup=lookup)


def _read(name: Path | str) -> dict[str, Any]:
    connector = find_connector(str(name))
    if connector is not None:
        return read_document(connector.path)
    return read_document(Path(name), [each.name for each in list_connectors()])
