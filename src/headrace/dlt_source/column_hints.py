"""The hints of a running resource's columns, and how they stay the user's own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from dlt.extract import DltResource


@contextmanager
def column_hints_restored(resource: DltResource) -> Iterator[None]:
    """Takes back at its end what the block has told dlt of the columns.

    Else the types that one run infers would be declared ones to the next run of the same resource.

    Args:
        resource: that is running.
    """
    before = copy.deepcopy(resource.columns) if isinstance(resource.columns, dict) else None
    try:
        yield
    finally:
        now = resource.columns
        if before is not None and isinstance(now, dict):
            now.clear()
            now.update(before)
