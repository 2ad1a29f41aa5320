"""A cursor in a header: where it goes, and where it ends."""

from __future__ import annotations

import pytest

from headrace.core.exceptions import PageError
from headrace.sansio.paging import HeaderCursorPaginator
from tests.unit.sansio.paging.pages import FIRST, followed, page


def test_the_cursor_goes_to_its_parameter() -> None:
    pages = HeaderCursorPaginator("X-Next", "after")
    request = followed(pages, page(headers={"x-next": "a=b&c"}))
    assert request == FIRST.with_param("after", "a=b&c")
    request = followed(pages, page(headers={"X-NEXT": "d"}), request)
    assert request == FIRST.with_param("after", "d")


@pytest.mark.parametrize("headers", [{}, {"next": ""}, {"other": "x"}])
def test_without_one_the_listing_ends(headers: dict[str, str]) -> None:
    assert HeaderCursorPaginator().next_request(FIRST, page(headers=headers)) is None


@pytest.mark.parametrize("chain", ["aa", "aba", "abcb"])
def test_the_first_that_comes_again_is_an_error(chain: str) -> None:
    pages = HeaderCursorPaginator()
    for number, cursor in enumerate(chain[:-1], start=1):
        followed(pages, page(number=number, headers={"next": cursor}))
    with pytest.raises(PageError, match="a cursor in its header `next` that was followed before"):
        pages.next_request(FIRST, page(number=len(chain), headers={"next": chain[-1]}))
