"""Checks in every story that no row got lost on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.running import RunningSync, running_sync


@pytest.fixture(autouse=True)
def every_row_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rows received are rows loaded, quarantined, or cut off by a limit that the test set."""
    seen: list[RunningSync] = []

    def remembered(pipeline_name: str) -> RunningSync:
        sync = running_sync(pipeline_name)
        seen.append(sync)
        return sync

    monkeypatch.setattr("headrace.extraction.running_sync", remembered)
    yield
    for sync in seen:
        for name, counts in sync.figures.resources.items():
            # A listing that was left before its end has rows that nobody wanted.
            if counts.listings_ended:
                told = counts.loaded_rows + counts.quarantined + counts.discarded + counts.replaced
                assert counts.rows == told + counts.known, name
