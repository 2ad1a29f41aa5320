"""Texts of a document in a config, where `${` and braces mean something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.config.format.placeholders import with_doubled_braces


class Written(str):
    """A text that stands in a config as it is: what is meant by `${NAME}` in it is a setting."""

    __slots__ = ()


def setting(name: str) -> Written:
    """What stands for a setting.

    Args:
        name: Its name.
    """
    return Written(f"${{{name}}}")


def without_settings(text: str) -> str:
    """A text of a document in which nothing is looked up.

    Args:
        text: The text.
    """
    return text.replace("${", "$${")


def without_placeholders(text: str) -> Written:
    """A text of a document in which nothing is looked up or filled in.

    Args:
        text: The text.
    """
    # A doubled brace is no setting either, but for a `$$` before it.
    return Written(with_doubled_braces(text).replace("$${", "$$${"))


def as_written(value: Any) -> Any:
    """A config in which no text of the document is taken for a setting.

    Args:
        value: The config, or a part of it.
    """
    if isinstance(value, Written):
        return str(value)
    if isinstance(value, str):
        return without_settings(value)
    if isinstance(value, Mapping):
        return {as_written(key): as_written(each) for key, each in value.items()}
    return [as_written(each) for each in value] if isinstance(value, list) else value


def all_written(value: Any) -> Any:
    """A part of a config that the user has given, in which `${NAME}` is a setting already.

    Args:
        value: The part.
    """
    if isinstance(value, str):
        return Written(value)
    if isinstance(value, Mapping):
        return {key: all_written(each) for key, each in value.items()}
    return [all_written(each) for each in value] if isinstance(value, list) else value
