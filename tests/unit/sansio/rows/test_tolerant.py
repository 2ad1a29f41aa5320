"""Rows are found in pages that no JSON reader takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.rows.tolerant import FoundRows, find_rows

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(JSON), st.dictionaries(st.text(), JSON), st.booleans(), st.integers(0, 2))
def test_of_a_sound_page_it_finds_what_json_finds(
    rows: list[Any], others: dict[str, Any], ascii_only: bool, indent: int
) -> None:
    document = {"before": others, "result": {**others, "items": rows}, "after": others}
    page = json.dumps(document, ensure_ascii=ascii_only, indent=indent or None)

    found = find_rows(page.encode("utf-8", "surrogatepass"), ("result", "items"))
    assert found is not None
    assert [json.loads(row.decode("utf-8", "surrogatepass")) for row in found.rows] == rows
    rest = json.loads(found.rest.decode("utf-8", "surrogatepass"))
    assert rest == {**document, "result": {**others, "items": []}}


@pytest.mark.parametrize(
    "odd", [b"NaN", b'"\\ud800"', b'"\xff"', b"[" * 9_999 + b"]" * 9_999, b'"\\q"', b"nonsense"]
)
def test_the_odd_row_is_found_among_the_others(odd: bytes) -> None:
    page = b'{"data": [{"id": 1}, {"id": 2, "v": %b}, {"id": 3}], "next": null}' % odd

    found = find_rows(page, ("data",))
    assert found is not None
    assert found.rows == [b'{"id": 1}', b'{"id": 2, "v": %b}' % odd, b'{"id": 3}']
    assert found.rest == b'{"data": [], "next": null}'


@pytest.mark.parametrize(
    "page",
    [b"", b"<html>", b'{"data": [1, 2', b'{"data": 1}', b'{"other": [1]}', b'{"data": [1, "'],
)
def test_what_is_no_list_of_rows_is_not_taken_for_one(page: bytes) -> None:
    assert find_rows(page, ("data",)) is None


def test_a_page_that_is_the_list() -> None:
    assert find_rows(b" [1, {}] ", ()) == FoundRows([b"1", b"{}"], b" [] ")
    assert find_rows(b"[]", ()) == FoundRows([], b"[]")
