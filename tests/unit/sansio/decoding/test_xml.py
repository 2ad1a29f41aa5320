"""XML: rows by the way to their element, and nothing that XML could do beyond."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.json_path import JsonPath
from headrace.sansio.decoding import XmlDecoder
from headrace.sansio.decoding.xml_pages import XmlSlicer
from headrace.sansio.rows import SlicedPage


def cut(text: str | bytes, selector: str | None = None, **settings: Any) -> SlicedPage:
    body = text if isinstance(text, bytes) else text.encode()
    return XmlSlicer(selector, XmlDecoder(**settings)).slice(body)


def rows(page: SlicedPage) -> list[Any]:
    return [msgspec.json.decode(row) for row in page.rows]


def test_an_element_becomes_an_object_of_its_texts_and_attributes() -> None:
    page = cut(
        '<?xml version="1.0"?><!-- c --><r total="9"><i id="1"><n>a &amp; b</n><e/></i>'
        '<i id="2"><n lang="de">c</n><t>x</t><t><![CDATA[<y>]]></t></i></r>',
        "r.i",
    )
    assert rows(page) == [
        {"@id": "1", "n": "a & b", "e": None},
        {"@id": "2", "n": {"@lang": "de", "#text": "c"}, "t": ["x", "<y>"]},
    ]
    assert JsonPath("r.'@total'").first(page.document) == "9"


def test_blanks_belong_to_a_text_and_not_to_the_layout() -> None:
    page = cut("<r>\n  <i>\n    <a> x </a>\n    <b>two\nlines</b><c> </c>\n  </i>\n</r>", "r.i")

    assert rows(page) == [{"a": " x ", "b": "two\nlines", "c": None}]


@pytest.mark.parametrize("selector", ["r.i", "r.i[*]", None])
def test_one_element_is_one_row_and_none_are_none(selector: str | None) -> None:
    slicer = XmlSlicer(selector, XmlDecoder())
    assert rows(slicer.slice(b"<r><n>2</n><i><id>1</id></i><i><id>2</id></i></r>")) == [
        {"id": "1"},
        {"id": "2"},
    ]
    assert rows(slicer.slice(b"<r><n>2</n><i><id>3</id></i></r>")) == [{"id": "3"}]
    for empty in (b"<r/>", b"<r></r>", b'<r xmlns="urn:x"/>', b"<r><n>0</n></r>"):
        assert rows(slicer.slice(empty)) == []


def test_rows_are_found_where_the_first_page_has_one() -> None:
    slicer = XmlSlicer(None, XmlDecoder())
    assert rows(slicer.slice(b"<r><i><id>1</id></i></r>")) == [{"id": "1"}]
    assert rows(slicer.slice(b"<r><i><id>2</id></i><i><id>3</id></i></r>"))[1] == {"id": "3"}
    assert rows(XmlSlicer(None, XmlDecoder()).slice(b'<r total="0"/>')) == []


def test_a_star_and_a_filter_go_into_one_element_as_into_many() -> None:
    link = JsonPath("r.link[?(@.'@rel'=='next')].'@href'")
    slicer = XmlSlicer("r.o[*].l[*]", XmlDecoder(), lambda: (link,))
    page = slicer.slice(b'<r><link rel="next" href="/2"/><o><l><n>1</n></l></o></r>')
    assert rows(page) == [{"n": "1"}]
    assert link.first(page.document) == "/2"


FAULT = (
    '<s:Envelope xmlns:s="urn:s"><s:Header/><s:Body><s:Fault><faultcode>s:Server</faultcode>'
    "<faultstring>quota</faultstring></s:Fault></s:Body></s:Envelope>"
)


@pytest.mark.parametrize(
    ("answer", "selector"),
    [
        (FAULT, None),
        (FAULT, "s:Envelope.s:Body.Orders.Order"),
        ("<response><error><code>1</code><msg>x</msg></error></response>", None),
        ("<response><status>no</status><error><code>1</code></error></response>", None),
        ("<response><errors><error>a</error><error>b</error></errors></response>", None),
        ("<error><code>1</code></error>", "orders.order"),
    ],
)
def test_an_error_in_the_guise_of_a_success(answer: str, selector: str | None) -> None:
    with pytest.raises(PageError, match="an error in the guise of a success"):
        cut(answer, selector)


def test_errors_are_rows_where_the_config_says_so() -> None:
    log = "<log><errors><error><n>1</n></error></errors></log>"
    assert rows(cut(log, "log.errors.error")) == [{"n": "1"}]
    assert rows(cut("<r><i><id>1</id></i><errors/></r>")) == [{"id": "1"}]


def test_the_root_alone_is_the_content_of_the_one_element() -> None:
    assert rows(cut("<user><id>1</id></user>", "$")) == [{"id": "1"}]
    for error in ("<error><code>5</code></error>", "<r><error>quota</error></r>"):
        with pytest.raises(PageError, match="an error in the guise of a success"):
            cut(error, "$")


def test_rows_are_found_below_envelopes_too() -> None:
    soap = '<s:E xmlns:s="u"><s:B><R code="0">{}</R></s:B></s:E>'
    one, two = "<i><a>1</a></i>", "<i><a>1</a></i><i><a>2</a></i>"
    assert rows(cut(soap.format(two))) == [{"a": "1"}, {"a": "2"}]
    assert rows(cut(soap.format(one))) == [{"a": "1"}]
    assert rows(cut("<r><p><tag>x</tag><tag>y</tag></p><i><a>1</a></i><i/></r>")) == [
        {"a": "1"},
        None,
    ]


def test_a_row_by_its_name_goes_before_a_list_of_anything() -> None:
    feed = "<feed><link/><link/><entry><id>1</id></entry></feed>"
    orders = "<orders><order><id>1</id><line>a</line><line>b</line></order></orders>"
    assert rows(cut(feed)) == [{"id": "1"}]
    assert rows(cut(orders)) == [{"id": "1", "line": ["a", "b"]}]
    slicer = XmlSlicer(None, XmlDecoder())
    slicer.slice(orders.encode())
    assert "write `data_selector: orders.order` into `endpoint`" in (slicer.guess or "")


def test_names_with_a_prefix_lead_to_rows() -> None:
    text = '<a:f xmlns:a="urn:a"><a:e><a:id>1</a:id></a:e><a:e><a:id>2</a:id></a:e></a:f>'
    assert rows(cut(text)) == rows(cut(text, "'a:f'.'a:e'")) == [{"a:id": "1"}, {"a:id": "2"}]


def test_named_elements_are_lists_even_where_there_is_one() -> None:
    page = cut("<r><i><t>x</t></i><i><t>y</t><t>z</t></i></r>", "r.i", lists=frozenset({"t"}))
    assert rows(page) == [{"t": ["x"]}, {"t": ["y", "z"]}]


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="ISO-8859-1"?><r><i>\u00e9</i><i/></r>'.encode("latin-1"),
        '<?xml version="1.0" encoding="Shift_JIS"?><r><i>\u3042</i><i/></r>'.encode("shift_jis"),
        '<?xml version="1.0"?><r><i>\u00e9</i><i/></r>'.encode(),
        b"\xef\xbb\xbf" + "<r><i>\u00e9</i><i/></r>".encode(),
        "<r><i>\u00e9</i><i/></r>".encode("utf-16"),
    ],
)
def test_it_is_read_in_the_encoding_that_it_declares(body: bytes) -> None:
    assert rows(cut(body)) in (["\u00e9", None], ["\u3042", None])


@pytest.mark.parametrize("entity", ['"x"', 'SYSTEM "file:///nowhere"'])
def test_entities_are_refused(entity: str) -> None:
    with pytest.raises(PageError, match="declares entities of its own"):
        cut(f"<!DOCTYPE r [<!ENTITY e {entity}>]><r><i>&e;</i><i/></r>")
    with pytest.raises(PageError, match="names the entity `&nbsp;`, which XML does not know"):
        cut('<!DOCTYPE r SYSTEM "http://127.0.0.1:9/r.dtd"><r><i>a&nbsp;b</i><i/></r>')


def test_a_document_type_alone_is_no_harm() -> None:
    page = cut('<!DOCTYPE r PUBLIC "-//X" "http://127.0.0.1:9/r.dtd"><r><i>1</i><i>2</i></r>')
    assert rows(page) == ["1", "2"]


def test_depth_has_a_bound() -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    with pytest.raises(PageError, match="nests elements too deeply"):
        cut(f"<r><i>{deep}</i><i/></r>")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<!DOCTYPE html><html><p>Sign in</p></html>", "is HTML where XML was due"),
        ('{"error": "quota"}', 'the answer is not XML: {"error": "quota"}'),
        ("", "the answer is empty where XML was due"),
        ("<r><i></r>", "the answer is not XML"),
        ("<error><code>5</code></error>", "speaks of|error"),
        ("<r><error>quota</error></r>", "an error in the guise of a success"),
        ("<s:E><s:B><s:Fault>x</s:Fault></s:B></s:E>", "an error in the guise of a success"),
    ],
)
def test_what_is_no_listing_is_an_error_that_says_so(body: str, message: str) -> None:
    with pytest.raises(PageError, match=message):
        cut(body, "r.i")


def test_without_a_selector_rows_must_be_plain_to_see() -> None:
    with pytest.raises(PageError, match="no element is there several times"):
        cut("<user><id>1</id><name>x</name></user>")
    assert rows(cut("<user><id>1</id></user>", "user")) == [{"id": "1"}]


@pytest.mark.parametrize(
    "body", ["", "<r><i>1</i><i>2", "<r><i>1</i><i>2</i></r", "<r><i><![CDATA[x"]
)
def test_an_answer_that_is_cut_off_is_incomplete(body: str) -> None:
    with pytest.raises(IncompletePage):
        cut(body, "r.i")


TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)
NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,4}", fullmatch=True)


@given(st.lists(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_any_texts_come_back(table: list[dict[str, str]]) -> None:
    root = Element("rows")
    for row in table:
        item = SubElement(SubElement(root, "row"), "fields")
        for name, text in row.items():
            SubElement(item, name).text = text
    assert rows(cut(tostring(root), "rows.row[*].fields")) == table
