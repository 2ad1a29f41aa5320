"""Makes values of the text of a document, JSON or YAML, within bounds."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import msgspec
import yaml

from headrace.config.files.reading import ConfigLoader
from headrace.core.exceptions import ConfigError, Fault

MOST_BYTES = 32 * 2**20
"""A document is refused beyond so many bytes."""

_DEEPEST = 500
_WIDEST = 1_000
_LINE_BEGINNING = re.compile(r"^[ \-?:]*", re.MULTILINE)
_BRACKETS = re.compile(r"[\[\]{}]")

# Where there is libyaml, it reads six times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _DocumentLoader(_Loader):  # type: ignore[misc]
    """Reads scalars as configs have them.

    A document of OpenAPI has keys of its own alone: `<<` merges nothing, which could make an
    endless document of a small file.
    """

    yaml_constructors: ClassVar = ConfigLoader.yaml_constructors
    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, rule) for tag, rule in rules if not tag.endswith(":merge")]
        for first, rules in ConfigLoader.yaml_implicit_resolvers.items()
    }

    def flatten_mapping(self, node: Any) -> None:
        """Leaves the keys of a mapping as they are written."""


def document_of(body: bytes, source: str) -> dict[str, Any]:
    """The document that a text holds.

    Args:
        body: The text, in UTF-8.
        source: Where it came from, for messages.

    Raises:
        ConfigError: It is neither JSON nor YAML, too large, nested too deeply, or no mapping.
    """
    if len(body) > MOST_BYTES:
        raise unreadable(source, f"has more than {MOST_BYTES // 2**20} MiB; no document is so long")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise unreadable(source, "is not text in UTF-8") from None
    if text.lstrip().startswith("<"):
        told = "is a page of HTML or XML; the document itself is often at /openapi.json beside it"
        raise unreadable(source, f"is no OpenAPI document: it {told}")
    document = _json(text, source) if text.lstrip().startswith("{") else _yaml(text, source)
    if not isinstance(document, dict):
        raise unreadable(source, "is no OpenAPI document; it must hold a mapping with `paths`")
    return document


def unreadable(source: str, problem: str) -> ConfigError:
    """The error of a document that cannot be used.

    Args:
        source: Where it came from.
        problem: What is wrong with it, behind its name.
    """
    return ConfigError([Fault("", f"{source} {problem}")])


def _json(text: str, source: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise unreadable(source, "is nested too deeply") from None
    except (msgspec.MsgspecError, ValueError) as error:
        problem = str(error)
    # Braces and brackets are YAML as well.
    try:
        return _yaml(text, source)
    except ConfigError:
        raise unreadable(source, f"is not JSON: {problem}") from None


def _yaml(text: str, source: str) -> Any:
    if not _is_shallow(text):
        raise unreadable(source, "is nested too deeply")
    try:
        return yaml.load(text, Loader=_DocumentLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = f"is not YAML{where}: {error.problem or 'it cannot be read'}"
    except (yaml.YAMLError, ValueError, TypeError):
        problem = "holds something that YAML does not allow"
    except RecursionError:
        problem = "is nested too deeply"
    raise unreadable(source, problem)


def _is_shallow(text: str) -> bool:
    """Whether a text is far from as deep as parsers can go, who would not all say so."""
    if any(len(match.group()) > _WIDEST for match in _LINE_BEGINNING.finditer(text)):
        return False
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth = depth + 1 if match.group() in "[{" else max(0, depth - 1)
        if depth > _DEEPEST:
            return False
    return True
