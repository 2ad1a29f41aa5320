"""Keeps the types that a run infers apart from the columns that the user has declared."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from dlt.extract import DltResource


@contextmanager
def column_hints_restored(resource: DltResource) -> Iterator[None]:
    """Restores the column hints of a resource when the block ends.

    The hints that go to dlt with a table of rows (`dlt.mark.with_hints`) stay in the resource.
    Types that one run has inferred would then count as declared in the next run of that resource.

    Args:
        resource: The resource that is running.
    """
    before = copy.deepcopy(resource.columns) if isinstance(resource.columns, dict) else None
    try:
        yield
    finally:
        now = resource.columns
        if before is not None and isinstance(now, dict):
            now.clear()
            now.update(before)
