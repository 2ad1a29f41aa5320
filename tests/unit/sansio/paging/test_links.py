"""Pages that link to the next one: what a link may be, where it leads, and what it may hold."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from headrace.core.exceptions import PageError
from headrace.core.exchange import Headers, Request
from headrace.core.json_path import JsonPath
from headrace.http.link_header import links_by_relation
from headrace.sansio.paging import HeaderLinkPaginator, JsonLinkPaginator, LinkSecrets
from headrace.sansio.paging.links import LinkPaginator
from tests.unit.sansio.paging.pages import FIRST, URL, followed, page

NEXT = JsonPath("paging.next")


def in_json(link: Any, number: int = 1, url: str = URL) -> Any:
    return page({"paging": {"next": link}}, number=number, url=url)


def in_header(link: str, number: int = 1) -> Any:
    return page(number=number, headers={"Link": f'<{link}>; rel="next", </>; rel="first"'})


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://api.example.com/v1/items?page=2", "https://api.example.com/v1/items?page=2"),
        ("/v1/items?page=2", "https://api.example.com/v1/items?page=2"),
        ("?page=2", "https://api.example.com/v1/items?page=2"),
        ("more/2", "https://api.example.com/v1/more/2"),
        ("../2", "https://api.example.com/2"),
        ("//api.example.com/2", "https://api.example.com/2"),
        ("HTTPS://other.example/2#top", "https://other.example/2"),
        ("https://me:secret@api.example.com/2", "https://api.example.com/2"),
        ("/a b?q=ü&empty=&flag", "https://api.example.com/a b?q=ü&empty=&flag"),
    ],
)
def test_a_link_leads_on_from_the_url_that_was_asked(link: str, url: str) -> None:
    for paginator, linking in (
        (JsonLinkPaginator(NEXT), in_json(link)),
        (HeaderLinkPaginator(links_by_relation), in_header(link)),
    ):
        request = followed(paginator, linking)
        assert (request.method, request.path, request.params) == ("GET", url, {})


def test_body_and_headers_go_along_but_parameters_do_not() -> None:
    first = Request("POST", "/items", {"a": 1}, {"X": "y"}, {"q": 1})
    request = followed(JsonLinkPaginator(NEXT), in_json("?page=2"), first)
    assert request == Request("POST", f"{URL}?page=2", {}, {"X": "y"}, {"q": 1})


@pytest.mark.parametrize(
    "document", [{}, {"paging": None}, *({"paging": {"next": v}} for v in (None, ""))]
)
def test_without_a_link_the_listing_ends(document: Any) -> None:
    assert JsonLinkPaginator(NEXT).next_request(FIRST, page(document)) is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        '</x>; rel="prev"',
        "nonsense",
        '<>; rel="next"',
        '</x>; rel="next"; results="false"',
    ],
)
def test_without_a_link_of_that_rel_the_listing_ends(header: str | None) -> None:
    headers = {} if header is None else {"link": header}
    assert HeaderLinkPaginator(links_by_relation).next_request(FIRST, page(headers=headers)) is None


def test_the_rel_may_be_another() -> None:
    answer = page(headers={"Link": '</new>; rel="next", </old>; title="x"; rel="older"'})
    request = followed(HeaderLinkPaginator(links_by_relation, "older"), answer)
    assert request.path == "https://api.example.com/old"


@pytest.mark.parametrize(
    "link", [5, True, ["x"], {"href": "/x"}, "mailto:a@b", "http://[::1", "a:b"]
)
def test_what_is_no_link_is_an_error(link: Any) -> None:
    with pytest.raises(
        PageError, match=r"no link at `paging\.next` that can be followed"
    ) as caught:
        JsonLinkPaginator(NEXT).next_request(FIRST, in_json(link))
    assert "`paginator.next_url_path`" in str(caught.value)


@given(
    # What links to itself is asked for once more: see test_guards.py.
    st.lists(st.integers(0, 5), min_size=1, max_size=8).filter(
        lambda places: all(one != other for one, other in pairwise(places))
    )
)
def test_the_first_link_that_was_followed_before_is_an_error(places: list[int]) -> None:
    for paginator, linking in (
        (JsonLinkPaginator(NEXT), in_json),
        (HeaderLinkPaginator(links_by_relation), in_header),
    ):
        fresh = len(places)
        for index, place in enumerate(places):
            # However it is written, it is the same.
            link = f"?page={place}" if index % 2 else f"{URL}?page={place}#{index}"
            if place in places[:index]:
                fresh = index
                with pytest.raises(PageError, match="followed before: the listing would never"):
                    paginator.next_request(FIRST, linking(link, index + 1))
                break
            followed(paginator, linking(link, index + 1))
        assert fresh == len(places) or places[fresh] in places[:fresh]


SECRETS = LinkSecrets(frozenset({"api_key"}), {"access token": "s3cr&t ü"})


def private(paginator_secrets: LinkSecrets = SECRETS) -> LinkPaginator:
    return JsonLinkPaginator(NEXT, paginator_secrets)


def test_secrets_of_the_request_are_not_in_what_stands_for_a_page() -> None:
    query = urlencode({"api_key": "k3y", "page": 2, "access token": "s3cr&t ü"})
    pages = private()
    cursor = pages.next_cursor(in_json(f"?{query}"))
    assert cursor == f"{URL}?page=2&access+token=***"
    # The credentials put their key in again; what the endpoint's own parameter was is known here.
    assert pages.at_cursor(FIRST, cursor).path == f"{URL}?page=2&access+token=s3cr%26t+%C3%BC"


def test_a_parameter_that_is_not_the_secret_stays() -> None:
    pages = private(LinkSecrets(private_params={"pageToken": "start"}))
    request = followed(pages, in_json("?pageToken=second"))
    assert request.path == f"{URL}?pageToken=second"


@given(st.dictionaries(st.text("ab&=% +*é"), st.text("xy&=% +*é"), max_size=4))
def test_links_without_secrets_come_out_as_they_are(params: dict[str, str]) -> None:
    query = urlencode(params)
    request = followed(private(), in_json(f"?{query}"))
    assert urlsplit(request.path).query == query


def test_two_headers_are_one_list_of_links() -> None:
    first, second = '</a>; rel="prev"', '</b>; rel="next"'
    headers = Headers(CIMultiDict([("Link", first), ("x", "1"), ("X", "2"), ("LINK", second)]))
    assert headers["link"] == f"{first}, {second}"
    assert headers["x"] == "2"
