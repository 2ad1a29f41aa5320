"""Pages are cut into the rows that dlt would find, and the rest is the page without them."""

from __future__ import annotations

import codecs
import copy
import json
from typing import Any

import msgspec
import pytest
from dlt.common import jsonpath
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.detector import find_response_page_data
from hypothesis import given
from hypothesis import strategies as st
from requests import Response

from headrace.core.exceptions import PageError
from headrace.core.json_path import JsonPath
from headrace.sansio.rows.list_detection import find_list
from headrace.sansio.rows.slicing import PageSlicer, SlicedPage
from tests.unit.sansio.rows.cutting import cut

KEYS = st.sampled_from(
    [
        *("data", "items", "results", "rows", "meta", "a", "b", "a b", "a.b", "ü", "", 'q"q'),
        *("pagination", "Data", "next"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=15,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
INDENTS = st.sampled_from([None, 0, 2, "\t"])


def rows_of(sliced: SlicedPage) -> list[Any]:
    return [msgspec.json.decode(row) for row in sliced.rows]


def rows_of_dlt(document: Any, selector: str) -> list[Any]:
    response = Response()
    response._content = json.dumps(document).encode()
    return RESTClient("http://unused").extract_response(response, selector)


def quoted(steps: list[str]) -> str:
    return ".".join(["$", *("'" + step + "'" for step in steps)])


PATHS = st.lists(KEYS.filter(bool), min_size=1, max_size=3)


@given(st.data(), PATHS, VALUES, INDENTS, st.booleans())
def test_rows_are_what_the_path_finds_and_the_rest_is_the_document_without_them(
    data: st.DataObject, steps: list[str], rows: Any, indent: Any, ascii_only: bool
) -> None:
    document, rest = _planted(data, steps, rows)
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    sliced = PageSlicer(quoted(steps)).slice(body)
    (found,) = jsonpath.find_values(quoted(steps), document)
    assert found == rows
    assert rows_of(sliced) == (rows if isinstance(rows, list) else [] if rows is None else [rows])
    assert sliced.rest == rest
    assert sliced.document == rest


def _planted(data: st.DataObject, steps: list[str], rows: Any) -> tuple[Any, Any]:
    """A random document with the rows at the path, and the same without them."""
    document = data.draw(OBJECTS)
    place = document
    for step in steps[:-1]:
        place[step] = data.draw(OBJECTS)
        place = place[step]
    place[steps[-1]] = rows
    rest = copy.deepcopy(document)
    place = rest
    for step in steps[:-1]:
        place = place[step]
    del place[steps[-1]]
    return document, rest


@given(OBJECTS, VALUES)
def test_rows_of_a_plain_path_are_those_of_dlts_client(document: Any, rows: Any) -> None:
    document["data"] = rows
    assert rows_of(cut(document, "data")) == rows_of_dlt(document, "data")


@given(VALUES)
def test_a_whole_page_of_rows_is_that_of_dlts_client(document: Any) -> None:
    assert rows_of(cut(document, "$")) == rows_of_dlt(document, "$")


@given(
    OBJECTS,
    VALUES,
    st.sampled_from(
        [
            *("data[*]", "$.data[*]", "data.*", "data[0:]", "data[:1]", "data[0]", "data[-1]"),
            *("$..data", "data[*].a", "data[*][*]", "data,items", "data[?(@.a==1)]", "$.*"),
        ]
    ),
)
def test_rows_of_other_paths_are_those_of_dlts_client(
    document: Any, rows: Any, selector: str
) -> None:
    document["data"] = rows
    assert rows_of(cut(document, selector)) == rows_of_dlt(document, selector)


@given(OBJECTS, st.lists(VALUES, min_size=2), INDENTS)
def test_a_list_is_found_by_ways_that_are_not_plain_as_well(
    document: Any, rows: list[Any], indent: Any
) -> None:
    document["data"] = rows
    body = json.dumps(document, indent=indent).encode()
    plain = rows_of(PageSlicer("data").slice(body))
    for selector in ("data[*]", "data[0:]", "$.data.*", "`this`.data"):
        assert rows_of(PageSlicer(selector).slice(body)) == plain


@given(VALUES)
def test_a_list_is_detected_where_dlt_detects_it(document: Any) -> None:
    path, _ = find_response_page_data(document)
    assert find_list(document) == (() if path == ("$",) else path)


@given(VALUES)
def test_without_a_selector_the_rows_are_those_that_dlt_detects(document: Any) -> None:
    _, found = find_response_page_data(document)
    # An object without a key is a page without rows; to dlt it is a row without columns.
    none = found is None or document == {}
    expected = found if isinstance(found, list) else [] if none else [found]
    assert rows_of(cut(document)) == expected


def test_a_detected_place_holds_for_the_pages_after_it() -> None:
    slicer = PageSlicer(None)
    assert rows_of(slicer.slice(b'{"a": [1], "b": []}')) == [1]
    assert rows_of(slicer.slice(b'{"items": [2], "a": [3]}')) == [3]
    with pytest.raises(PageError, match="`data_selector` is `a`"):
        slicer.slice(b'{"others": [4]}')


@pytest.mark.parametrize("value", ["{}", "7", "-1.5", "true", "false", '"text"', '""', "0"])
def test_a_single_value_at_the_selector_is_one_row(value: str) -> None:
    assert rows_of(cut({"data": json.loads(value)}, "data")) == [json.loads(value)]


def test_null_at_the_selector_is_no_row() -> None:
    assert cut({"data": None}, "data").rows == []
    assert cut(None, "$").rows == []


def test_null_among_the_rows_is_a_row_to_be_told_of() -> None:
    assert rows_of(cut({"data": [None, 1]}, "data")) == [None, 1]
    assert rows_of(cut({"data": [None, 1]}, "data[0:]")) == [None, 1]


def test_of_duplicate_keys_the_last_counts_as_it_does_in_json() -> None:
    body = b'{"next": "a", "data": [1, 2], "next": "b", "data": [3]}'
    sliced = PageSlicer("data").slice(body)
    assert rows_of(sliced) == [3]
    assert sliced.rest == {"next": "b"}


def test_rows_keep_their_bytes_with_spaces_and_escaped_newlines() -> None:
    body = b'{\n  "data": [\n    {"a" : "x\\n\\u0041"} ,\n 1.50\n  ]\n}\n'
    assert [bytes(row) for row in PageSlicer("data").slice(body).rows] == [
        b'{"a" : "x\\n\\u0041"}',
        b"1.50",
    ]


def test_space_before_a_page_is_skipped_however_long_it_is() -> None:
    padding = b" \r\n\t" * 100
    assert rows_of(PageSlicer("$").slice(padding + b"[1, 2]" + padding)) == [1, 2]
    assert rows_of(PageSlicer("data").slice(padding + b'{"data": [1]}')) == [1]


def test_a_huge_rest_comes_whole() -> None:
    rest = {f"key {number}": [number] * 5 for number in range(20_000)}
    assert cut({"data": [1], **rest}, "data").rest == rest


def test_numbers_beyond_64_bits_in_the_rest_do_not_fail_the_page() -> None:
    sliced = PageSlicer("data").slice(b'{"data": [1], "i": 123456789012345678901234, "f": 1e400}')
    assert sliced.rest == {"i": 123456789012345678901234, "f": float("inf")}


def test_the_document_is_whole_where_a_path_leads_into_the_rows() -> None:
    document = {"data": [{"id": 1}, {"id": 2}], "next": "x"}
    assert cut(document, "data", "data[-1].id").document == document
    assert cut(document, "data", "next", "$..id").document == document
    assert cut(document, "data", "next", "meta.more").document == {"next": "x"}
    assert cut([{"id": 1}], "$", "$[-1].id").document == [{"id": 1}]


def test_the_document_is_whole_where_a_path_leads_to_what_holds_the_rows() -> None:
    document = {"result": {"data": [{"id": 1}], "more": True}, "next": "x"}
    for path in ("$", "result", "result.data"):
        assert cut(document, "result.data", path).document == document
    rest = {"result": {"more": True}, "next": "x"}
    assert cut(document, "result.data", "result.more", "next").document == rest


def test_the_document_of_a_page_of_one_row_is_that_row() -> None:
    assert cut({"id": 1, "next": "x"}, None, "next").document == {"id": 1, "next": "x"}


CHARSETS = ["utf-8", "UTF-8", "utf8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("form", ["; charset={}", ';charset="{}"', "; boundary=x; CHARSET = {}"])
def test_a_page_is_read_in_the_charset_that_it_claims(charset: str, form: str) -> None:
    body = '{"data": ["über"]}'.encode(charset)
    sliced = PageSlicer("data").slice(body, "application/json" + form.format(charset))
    assert rows_of(sliced) == ["über"]


@pytest.mark.parametrize(
    "body",
    [
        codecs.BOM_UTF8 + b'{"data": ["\xc3\xbc"]}',
        '{"data": ["ü"]}'.encode("utf-16"),
        '{"data": ["ü"]}'.encode("utf-16-le"),
        '{"data": ["ü"]}'.encode("utf-32"),
    ],
)
def test_without_a_charset_the_first_bytes_tell_it(body: bytes) -> None:
    assert rows_of(PageSlicer("data").slice(body, "application/json")) == ["ü"]


MISLABELED = ["latin-1", "windows-1252", "utf-16", "utf-32-be", "koi8-r", "klingon", "ascii"]


@pytest.mark.parametrize("charset", MISLABELED)
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_what_can_only_be_utf8_is_read_as_that_whatever_it_claims(
    charset: str, mark: bytes
) -> None:
    body = mark + '{"data": ["über"]}'.encode()
    sliced = PageSlicer("data").slice(body, f"application/json; charset={charset}")
    assert rows_of(sliced) == ["über"]


@pytest.mark.parametrize(
    ("text", "charset"), [("联通", "gbk"), ("ﾃ", "shift_jis"), ("日本", "iso-2022-jp")]
)
def test_what_could_be_utf8_by_chance_is_read_as_it_claims(text: str, charset: str) -> None:
    body = f'{{"data": ["{text}"]}}'.encode(charset)
    sliced = PageSlicer("data").slice(body, f"application/json; charset={charset}")
    assert rows_of(sliced) == [text]


@pytest.mark.parametrize(
    "charset",
    ["klingon", "hex", "rot13", "idna", "undefined", "punycode", "a\0b", "\udcff", "x" * 999],
)
def test_a_charset_that_reads_no_text_is_named(charset: str) -> None:
    with pytest.raises(PageError, match=r"charset|not valid") as caught:
        PageSlicer("data").slice(b'{"data": ["\xfc"]}', f"application/json; charset={charset}")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf7", "unicode_escape"])
def test_an_encoding_that_is_no_charset_is_refused_before_it_costs_hours(charset: str) -> None:
    page = b'{"data": []}-' + b"aaa" * 1_000_000 + b"\xff"
    with pytest.raises(PageError, match=rf"claims the charset `{charset}`, which is unknown"):
        PageSlicer("data").slice(page, f"application/json; charset={charset}")


def test_wrong_utf8_beside_the_rows_is_an_error_that_says_where() -> None:
    with pytest.raises(PageError, match=r"not valid utf-8: invalid start byte at byte 19 of 23"):
        PageSlicer("data").slice(b'{"data": [], "x":  \xff  }')


@pytest.mark.parametrize(
    "odd", [b'"\xff"', b"NaN", b'"\\ud800"', b"[" * 9_999 + b"]" * 9_999, b"no JSON"]
)
@pytest.mark.parametrize("selector", ["data", None, "data[*]"])
def test_a_row_that_cannot_be_read_does_not_take_the_others_with_it(
    selector: str | None, odd: bytes
) -> None:
    slicer = PageSlicer(selector)
    slicer.slice(b'{"data": [], "next": 0}')
    page = slicer.slice(b'{"data": [{"a": 1}, {"a": %b}, {"a": 3}], "next": 7}' % odd)

    assert [bytes(row) for row in page.rows] == [b'{"a": 1}', b'{"a": 3}']
    assert [bytes(each.row) for each in page.unreadable] == [b'{"a": %b}' % odd]
    assert page.rest == {"next": 7}


def test_utf16_cut_in_the_middle_is_an_error_that_says_where() -> None:
    body = '{"data": []}'.encode("utf-16-le")[:-1]
    with pytest.raises(PageError, match=r"truncated data at byte 22 of 23"):
        PageSlicer("data").slice(body, "application/json; charset=utf-16-le")


@pytest.mark.parametrize(
    ("selector", "document", "rest"),
    [
        (
            "odata.value",
            {"odata.value": [1, 2], "odata": {"value": [3]}},
            {"odata": {"value": [3]}},
        ),
        ("d.odata.rows", {"d": {"odata.rows": [1, 2], "n": 2}}, {"d": {"n": 2}}),
        ("$value", {"$value": [1, 2], "$count": 2}, {"$count": 2}),
        ("d.value", {"d": {"value": [1, 2]}, "d.count": 2}, {"d": {}, "d.count": 2}),
    ],
)
def test_a_selector_may_be_the_name_of_a_key(selector: str, document: Any, rest: Any) -> None:
    slicer = PageSlicer(selector)
    for _ in range(3):  # the second page on is cut by the shape of the first
        sliced = slicer.slice(json.dumps(document).encode())
        assert rows_of(sliced) == [1, 2]
        assert sliced.rest == rest


def test_the_first_page_may_lack_the_key_with_dots_that_a_selector_names() -> None:
    slicer = PageSlicer("odata.value")
    with pytest.raises(PageError, match="the keys there are: `error`"):
        slicer.slice(b'{"error": "busy"}')
    assert rows_of(slicer.slice(b'{"odata.value": [1]}')) == [1]


@pytest.mark.parametrize("path", ["@odata.nextLink", "odata.next", "$skip"])
def test_a_path_that_names_a_key_beside_the_rows_needs_no_second_look_at_them(path: str) -> None:
    sliced = cut({"value": [{"id": 1}], path: "there"}, "value", path)
    assert sliced.document is sliced.rest
    assert JsonPath(path).first(sliced.document) == "there"
