"""Whether two pages show that rows keep their order: what comes or goes is told from what moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.lanes.seams import keep_order


def keys(text: str) -> list[bytes]:
    return [each.encode() for each in text]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("abcd", "defg"),
        ("abcd", "efgh"),
        ("abcd", "bcde"),
        ("bcde", "abcd"),
        ("abcd", "abcd"),
        ("abcd", "abd"),
        ("abd", "abcd"),
        ("abcd", "bce"),
        ("abcd", "xcde"),
        ("abcd", ""),
    ],
)
def test_what_came_or_went_keeps_the_order(above: str, below: str) -> None:
    assert keep_order(keys(above), keys(below))


@pytest.mark.parametrize(
    ("above", "below"), [("abcd", "dcef"), ("abcd", "bxde"), ("abcd", "xbef"), ("abce", "axed")]
)
def test_what_moved_does_not(above: str, below: str) -> None:
    assert not keep_order(keys(above), keys(below))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30))
def test_two_pages_of_one_listing_do(first: int, second: int, size: int, other: int) -> None:
    rows = [b"%d" % number for number in range(60)]
    assert keep_order(rows[first : first + size], rows[second : second + other])
