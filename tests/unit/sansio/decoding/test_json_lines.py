"""NDJSON: each line is a row or says why not."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.json_path import JsonPath
from headrace.sansio.decoding.json_lines import JsonLinesSlicer
from headrace.sansio.rows import SlicedPage

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def rows(page: SlicedPage) -> list[Any]:
    return [msgspec.json.decode(row) for row in page.rows]


@given(
    st.lists(st.fixed_dictionaries({"id": st.integers(0, 9), "value": JSON}), max_size=6),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.booleans(),
)
def test_any_rows_come_back(documents: list[Any], end: str, ends: bool) -> None:
    text = end.join(json.dumps(each) for each in documents) + (end if ends else "")
    page = JsonLinesSlicer().slice(text.encode())
    assert [bytes(row) for row in page.rows] == [json.dumps(each).encode() for each in documents]
    assert not page.unreadable


@pytest.mark.parametrize("line", [b'{"id": 2, "x": NaN}', b'{"id": "\xff"}', b'{"id": 2', b"{" * 5])
def test_a_broken_line_is_set_apart_alone(line: bytes) -> None:
    page = JsonLinesSlicer().slice(b'{"id": 1}\n' + line + b'\n{"id": 3}\n')
    assert rows(page) == [{"id": 1}, {"id": 3}]
    assert [bytes(each.row) for each in page.unreadable] == [line]
    assert "cannot be read as JSON in UTF-8" in page.unreadable[0].reason


def test_a_last_line_that_is_cut_off_makes_the_page_incomplete() -> None:
    with pytest.raises(IncompletePage, match="in the middle of its last line"):
        JsonLinesSlicer().slice(b'{"id": 1}\n{"id": 2, "na')
    ended = JsonLinesSlicer().slice(b'{"id": 1}\n{"id": 2, "na\n')
    assert len(ended.unreadable) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html><p>Sign in</p>", "is HTML or XML where NDJSON was due"),
        (b'[{"id": 1}]', "is one JSON document where a document in each line was due"),
        (b'{\n "error": "quota"\n}', "is one JSON document where a document in each line was due"),
        (b'{"error": "quota"}', "line 1 of the answer is an error in the guise of a row"),
        (b'{"id": 1}\n{"error": "timeout", "code": 500}\n', "line 2 of the answer is an error"),
        (b"Rate limit exceeded", "the answer is not NDJSON"),
    ],
)
def test_what_is_no_listing_is_an_error_that_says_so(body: bytes, message: str) -> None:
    with pytest.raises(PageError, match=message):
        JsonLinesSlicer().slice(body)


def test_a_row_of_a_log_is_no_error() -> None:
    for line in (b'{"message": "started", "level": "info"}', b'{"message": "x", "status": "ok"}'):
        assert len(JsonLinesSlicer().slice(line).rows) == 1


def test_a_sequence_of_json_texts_is_read_too() -> None:
    assert rows(JsonLinesSlicer().slice(b'\x1e{"id": 1}\n\x1e{"id": 2}\n')) == [
        {"id": 1},
        {"id": 2},
    ]


def test_an_empty_body_has_no_rows() -> None:
    assert rows(JsonLinesSlicer().slice(b"")) == []


def test_a_selector_leads_into_each_line_and_a_path_beside() -> None:
    slicer = JsonLinesSlicer("item", paths=lambda: (JsonPath("next"),))
    page = slicer.slice(b'{"item": {"id": 1}}\n{"item": {"id": 2}, "next": "abc"}\n')
    assert rows(page) == [{"id": 1}, {"id": 2}]
    assert JsonPath("next").first(page.document) == "abc"
    with pytest.raises(PageError, match="line 2: `data_selector` is `item`"):
        slicer.slice(b'{"item": {"id": 1}}\n{"error": {"code": 5}, "id": 3}\n')


def test_an_empty_list_is_a_page_without_rows() -> None:
    assert JsonLinesSlicer().slice(b"[]\n").rows == []


def test_an_unknown_charset_is_told_where_it_matters() -> None:
    slicer = JsonLinesSlicer()
    slicer.slice('{"a": "\u00e9"}\n'.encode(), "application/x-ndjson; charset=x-odd")
    assert "claim the charset `x-odd`, which is unknown, and are read as UTF-8" in str(slicer.guess)
