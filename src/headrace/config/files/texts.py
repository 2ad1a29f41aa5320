"""A config as one text, which can be sent to another machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from headrace.config.files.plain_scalars import WrittenFloat
from headrace.config.files.reading import ConfigLoader, document_of_text


class _ConfigDumper(yaml.SafeDumper):
    """Writes what `ConfigLoader` reads back the same: it knows which plain scalars are numbers."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write each value where it stands, however often it is used."""
        return True


_ConfigDumper.yaml_implicit_resolvers = ConfigLoader.yaml_implicit_resolvers
_ConfigDumper.add_representer(
    WrittenFloat,
    lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", str(number)),
)
# dlt's own secrets and others are texts of a class of their own.
_ConfigDumper.add_multi_representer(str, lambda dumper, text: dumper.represent_str(str(text)))


def text_of_document(document: Mapping[str, Any]) -> str:
    """Write a document as YAML, without the comments that its file may have had.

    Args:
        document: The document, of values that a file can hold.
    """
    text: str = yaml.dump(dict(document), Dumper=_ConfigDumper, sort_keys=False, allow_unicode=True)
    return text


def read_text(text: str) -> dict[str, Any]:
    """Read a config out of a text of YAML or JSON.

    Args:
        text: The text.

    Returns:
        The document. Each `${NAME}` in it still stands as written.

    Raises:
        ConfigError: The text holds no mapping, or cannot be read.
    """
    is_json = text.lstrip().startswith("{")
    return document_of_text(text, "the config's text", is_json=is_json)
