"""How much of a listing has been read, told by its keys."""

from __future__ import annotations

import pytest

from headrace.sansio.tail import Ledger
from headrace.sansio.tail.coverage import Coverage, Span
from headrace.sansio.tail.extent import Hole, holes, share_read
from headrace.sansio.tail.keys import KeyKind


def ledger(*spans: tuple[int, int], has_ended: bool = False, floor: int | None = None) -> Ledger:
    coverage = Coverage([Span(high, low, None) for high, low in spans], has_ended, floor)
    return Ledger(kind=KeyKind.INTEGER, coverage=coverage)


def test_a_first_listing_half_way_down() -> None:
    half = ledger((1_001, 501))

    assert share_read(half, None) == 0.5
    assert holes(half) == [Hole(501, None)]


def test_a_bound_is_the_end() -> None:
    assert share_read(ledger((1_001, 801)), 601) == 0.5
    assert share_read(ledger((1_001, 801)), "601") == 0.5
    assert share_read(ledger((1_001, 801), floor=601), "2026-01-01") == 0.5


@pytest.mark.parametrize("bound", ["2026-01-01", "x"])
def test_a_bound_that_is_no_key_tells_nothing(bound: str) -> None:
    assert share_read(ledger((1_001, 801)), bound) is None


def test_holes_between_what_was_read() -> None:
    torn = ledger((1_001, 901), (801, 701), (501, 1), has_ended=True)

    assert holes(torn) == [Hole(901, 801), Hole(701, 501)]
    assert share_read(torn, None) == pytest.approx(0.7)


def test_all_is_read() -> None:
    whole = ledger((1_001, 7), has_ended=True)

    assert share_read(whole, None) == 1.0
    assert holes(whole) == []


def test_nothing_is_known_before_the_first_row() -> None:
    assert share_read(Ledger(), None) is None
    assert holes(Ledger()) == []


def test_text_has_no_distance_to_its_end() -> None:
    named = Ledger(kind=KeyKind.TEXT, coverage=Coverage([Span("m", "k", None)]))

    assert share_read(named, None) is None
    assert share_read(named, "a") is not None
