"""What servers say of a window that is too large, and what they say of other things."""

from __future__ import annotations

import pytest

from headrace.sansio.windows import says_too_many


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (413, ""),
        (400, "at most 31 days"),
        (400, "The date range cannot exceed 90 days"),
        (400, "Date range is too large"),
        (400, "Time interval must not exceed 24 hours"),
        (422, "start and end may be no more than 7 days apart: more than 7 days"),
        (400, "Too many results. Please narrow your search"),
        (400, "Result window is too large, from + size must be less than or equal to: [10000]"),
        (403, "The maximum time range is 1 month"),
        (400, "please use a smaller date range"),
        (400, "Requested 50,000 rows; limited to 10,000 rows"),
        (416, "the response would be too large"),
    ],
)
def test_too_large(status: int, words: str) -> None:
    assert says_too_many(status, words.encode())


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, "at most 31 days"),
        (400, "from and to are required"),
        (400, "to lies before from"),
        (400, "unknown field `window`"),
        (401, "too many results"),
        (404, "at most 31 days"),
        (429, "Too many requests"),
        (403, "API rate limit exceeded"),
        (400, "invalid token"),
        (500, "too many rows"),
    ],
)
def test_another_matter(status: int, words: str) -> None:
    assert not says_too_many(status, words.encode())
