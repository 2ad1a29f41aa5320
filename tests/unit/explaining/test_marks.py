"""What is not known before the API is asked is said in words, wherever it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headrace.explaining.marks import is_marked, link, mark, names_in, setting, shown
from headrace.http.url import with_query

words = st.text(st.characters(exclude_characters="\ufdd2\ufdd3$<>", exclude_categories=["Cs"]))


@given(words)
def test_a_mark_is_said_as_it_is_and_in_a_url(meaning: str) -> None:
    assert shown(f"a{mark(meaning)}b") == f"a<{meaning}>b"
    assert shown(with_query("/x", {"a": mark(meaning), "b": 1})) == f"/x?a=<{meaning}>&b=1"


def test_a_setting_is_said_by_its_name() -> None:
    assert shown(f"Token {setting('API_KEY')}") == "Token ${API_KEY}"
    assert names_in(setting("API_KEY") + mark("token of dlt's settings")) == [
        "${API_KEY}",
        "token of dlt's settings",
    ]


def test_a_link_has_no_origin() -> None:
    told = shown(link("https://api.example.com", "page 1 has at next"))
    assert told == "<the URL that page 1 has at next>"


def test_marks_are_seen_at_any_depth() -> None:
    assert is_marked({"a": [{"b": mark("x")}]})
    assert not is_marked({"a": [1, "x", None]})
