"""Which rows the first listing leaves to be fetched again by the next sync."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from headrace.sansio.tail import (
    AnsweredRows,
    Ledger,
    ListAsk,
    ListedPage,
    Planner,
    TailSettings,
    from_state,
    to_state,
)
from tests.unit.sansio.tail.model import tail

NOW = 1_000_000.0


def first_listing(pages: Sequence[AnsweredRows], settings: TailSettings) -> Ledger:
    """Lists the pages from the top, each with the state as it was saved after the one before."""
    ledger = Ledger()
    for number, rows in enumerate(pages):
        planner = Planner(settings, from_state(to_state(ledger)).ledger, sync_started=NOW)
        (ask,) = [ask for ask in planner.asks(NOW) if isinstance(ask, ListAsk)]
        is_last = number == len(pages) - 1
        planner.learn(ask, ListedPage(rows, None if is_last else f"page {number + 1}"), NOW)
        ledger = planner.ledger
    return ledger


@pytest.mark.parametrize(
    ("seconds_before", "is_looked_at_again"), [(10.0, True), (599.0, True), (601.0, False)]
)
def test_a_row_named_long_ago_is_not_looked_at_again(
    seconds_before: float, is_looked_at_again: bool
) -> None:
    newest = AnsweredRows([9, 8, 7], last_change=NOW - 5_000)
    retry = AnsweredRows([6, 5, 4], touches=[(0, "2")], touched_at=[NOW - 5_000 - seconds_before])
    ledger = first_listing([newest, retry, AnsweredRows([3, 2, 1])], tail())

    assert (2 in ledger.touched) == is_looked_at_again


@pytest.mark.parametrize("told", [(None, NOW), (NOW - 10_000, None)])
def test_without_times_it_is_looked_at_again(told: tuple[float | None, float | None]) -> None:
    of_retry, of_newest = told
    top = AnsweredRows([6, 5, 4], touches=[(0, "2")], touched_at=[of_retry], last_change=of_newest)
    ledger = first_listing([top, AnsweredRows([3, 2, 1])], tail())

    assert 2 in ledger.touched
