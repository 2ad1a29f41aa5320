"""Checks in every story that no row got lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headrace.extraction import ExtractionContext
from headrace.running import RunningSync


@pytest.fixture(autouse=True)
def every_row_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rows received are rows loaded, quarantined, or cut off by a limit that the test set."""
    seen: list[tuple[str, RunningSync]] = []
    broken_off: list[tuple[str, RunningSync]] = []
    hand_over = ExtractionContext.hand_over

    def watched(self: ExtractionContext, *args: Any, **kwargs: Any) -> Iterator[Any]:
        this = (self.listing.name, self.sync)
        seen.append(this)
        broken_off.append(this)
        yield from hand_over(self, *args, **kwargs)
        broken_off[:] = [each for each in broken_off if each is not this]

    monkeypatch.setattr(ExtractionContext, "hand_over", watched)
    yield
    for name, sync in seen:
        counts = sync.figures.of(name)
        # A listing that was left before its end has rows that nobody wanted.
        is_whole = not any(name == each and sync is other for each, other in broken_off)
        if is_whole and counts.listings_ended:
            told = counts.loaded_rows + counts.quarantined + counts.discarded + counts.replaced
            assert counts.rows == told + counts.known + counts.passed_on, name
