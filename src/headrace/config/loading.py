"""The steps from a file to a config, in order, for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headrace.config.overrides import apply_overrides
from headrace.config.parsing import parse_config
from headrace.config.reading import read_document
from headrace.config.source import SourceConfig
from headrace.config.substitution import Lookup, substitute_secrets
from headrace.connectors import find_connector, list_connectors


def load_config(
    config: Path | str | Mapping[str, Any],
    overrides: Iterable[str] = (),
    lookup: Lookup | None = None,
    connectors: Iterable[str] = (),
) -> SourceConfig:
    """Read a config file, set the overrides, put the secrets in, and check it all.

    Args:
        config: a YAML or JSON file, the name of a connector, or a document that has been read.
        overrides: `path=value` each.
        lookup: where `${NAME}` comes from; None looks where `dlt.secrets` does.
        connectors: names to suggest where the file is missing.

    Returns:
        The config.

    Raises:
        ConfigError: what is wrong in the first of these steps that fails.
    """
    document = dict(config) if isinstance(config, Mapping) else _read(config)
    document = apply_overrides(document, overrides)
    document, substituted = substitute_secrets(document, lookup)
    return parse_config(document, substituted)


def _read(name: Path | str) -> dict[str, Any]:
    connector = find_connector(str(name))
    if connector is not None:
        return read_document(connector.path)
    return read_document(Path(name), [each.name for each in list_connectors()])
