"""Hints for dlt that cannot work together, although each is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.format.hints import TableHints
from headrace.config.format.places import Path


def function_faults(resource: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Functions given as hints that dlt would never call with a row.

    Args:
        resource: The merged keys as written; they may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    if callable(resource.get("table_name")):
        return
    for key in TableHints.model_fields:
        hint = resource.get(key)
        if callable(hint) and not isinstance(hint, type):
            yield (
                (key,),
                "is a function, which dlt asks row by row only where `table_name` is one as well; "
                "make `table_name` a function, or give a plain value",
            )
