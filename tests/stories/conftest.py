"""Checks in every story that no row got lost on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.figures import Figures, watched


@pytest.fixture(autouse=True)
def every_row_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rows received are rows loaded, quarantined, or cut off by a limit that the test set."""
    seen: list[Figures] = []

    def remembered(pipeline_name: str) -> Figures:
        figures = watched(pipeline_name)
        seen.append(figures)
        return figures

    monkeypatch.setattr("headrace.extraction.watched", remembered)
    yield
    for figures in seen:
        for name, counts in figures.resources.items():
            # A listing that was left before its end has rows that nobody wanted.
            if counts.listings_ended:
                told = counts.loaded_rows + counts.quarantined + counts.discarded + counts.replaced
                assert counts.rows == told, name
