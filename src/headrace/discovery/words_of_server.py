"""Names that a server gave, as a config has them: nothing in them is looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SETTING = re.compile(r"(?<!\$)\$\{")
# What an answer shows; all else of an endpoint is the user's, whose `${NAME}` is meant.
_SHOWN = ("data_selector", "rows", "paginator", "incremental")


def literal(value: Any) -> Any:
    """A part of a config in which no `${NAME}` of a server stands for a secret.

    Args:
        value: The part; what has come through here before stays as it is.
    """
    if isinstance(value, str):
        return _SETTING.sub("$${", value)
    if isinstance(value, Mapping):
        return {literal(key): literal(each) for key, each in value.items()}
    return [literal(each) for each in value] if isinstance(value, list | tuple) else value


def literal_places(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """An endpoint whose places and fields are those of the answer, whatever they are called.

    Args:
        endpoint: The endpoint.
    """
    return {key: literal(each) if key in _SHOWN else each for key, each in endpoint.items()}


def shown_places(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """What an endpoint has of what an answer shows.

    Args:
        endpoint: The endpoint.
    """
    return {key: each for key, each in endpoint.items() if key in _SHOWN}


def as_written(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource whose fields are those of the answer, whatever they are called.

    Args:
        resource: The resource.
    """
    fields = {key: literal(each) for key, each in resource.items() if key != "endpoint"}
    return {**resource, **fields, "endpoint": literal_places(resource["endpoint"])}
