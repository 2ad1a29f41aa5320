"""The steps from a file to a config, in order, for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headrace.config.overrides import apply_overrides
from headrace.config.parsing import parse_config
from headrace.config.reading import read_document
from headrace.config.scalars import with_texts_as_written
from headrace.config.source import SourceConfig
from headrace.config.substitution import Lookup, substitute_secrets
from headrace.connectors import find_connector, list_connectors
from headrace.exceptions import ConfigError


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


def _read(name: Path | str) -> dict[str, Any]:
    connector = find_connector(str(name))
    if connector is not None:
        return read_document(connector.path)
    return read_document(Path(name), [each.name for each in list_connectors()])
