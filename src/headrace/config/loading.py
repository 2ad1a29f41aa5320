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


def load_config(
    path_or_document: Path | str | Mapping[str, Any],
    overrides: Iterable[str] = (),
    lookup: Lookup | None = None,
) -> SourceConfig:
    """Read a config file, set the overrides, put the secrets in, and check it all.

    Args:
        path_or_document: a YAML or JSON file, or a document that has been read.
        overrides: `path=value` each.
        lookup: where `${NAME}` comes from; None looks where `dlt.secrets` does.

    Returns:
        The config.

    Raises:
        ConfigError: what is wrong in the first of these steps that fails.
    """
    if isinstance(path_or_document, Mapping):
        document = dict(path_or_document)
    else:
        document = read_document(Path(path_or_document))
    document = apply_overrides(document, overrides)
    document, substituted = substitute_secrets(document, lookup)
    return parse_config(document, substituted)
