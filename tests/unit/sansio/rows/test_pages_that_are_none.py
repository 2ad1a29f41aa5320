"""What is no page, or has no rows where they are looked for, is told with what came instead."""

from __future__ import annotations

import codecs
from typing import Any

import pytest

from headrace.core.exceptions import PageError
from headrace.core.secrets.redaction import Redactor
from headrace.sansio.rows.slicing import PageSlicer
from tests.unit.sansio.rows.cutting import cut

SELECTORS = pytest.mark.parametrize("selector", ["data", "$", None, "data[*]", "$..data", "a.b"])


@SELECTORS
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (b"<!DOCTYPE html>\n<title>Log in</title>", "is HTML or XML .* <title>Log in</title>"),
        (b"  <?xml version='1.0'?><a/>", "is HTML or XML"),
        (b"Service OK", "is not JSON .* Service OK"),
        (b"true story", "is not JSON .* true story"),
        (b'{"data": [1, 2', "is not JSON .*truncated"),
        (b'{"data": [1, 2]} {"data": []}', "is not JSON .*trailing"),
        (b'{"a": 1}\n{"a": 2}\n', "is not JSON .*trailing"),
        (b"'a'", "is not JSON"),
    ],
)
def test_what_is_no_json_is_told_with_what_came_instead(
    selector: str | None, body: bytes, says: str
) -> None:
    with pytest.raises(PageError, match=says):
        PageSlicer(selector).slice(body)


@SELECTORS
@pytest.mark.parametrize("opening", [b"[", b'{"data":', b'{"a":{"b":'])
def test_a_hundred_thousand_nested_brackets_are_an_error(
    selector: str | None, opening: bytes
) -> None:
    with pytest.raises(PageError, match="too deeply"):
        PageSlicer(selector).slice(opening * 100_000)


def test_nested_brackets_beside_the_rows_are_an_error_too() -> None:
    nested = b"[" * 100_000 + b"]" * 100_000
    with pytest.raises(PageError, match="too deeply"):
        PageSlicer("data").slice(b'{"data": [], "x": ' + nested + b"}")


def test_a_missing_key_is_told_with_the_keys_that_are_there() -> None:
    with pytest.raises(PageError, match=r"no `data`: the keys there are: `error`, `code`\."):
        cut({"error": "quota exceeded", "code": 7}, "data")


def test_what_an_error_says_in_the_guise_of_a_success_is_told() -> None:
    slicer = PageSlicer("data", clean=lambda text: text.replace("hush", "***"))
    with pytest.raises(PageError, match=r'a success: \{"error": "quota of \*\*\* exceeded"\}$'):
        slicer.slice(b'{"error": "quota of hush exceeded"}')
    # The rows of a page that is only looked at in the wrong place are nobody's business.
    with pytest.raises(PageError, match=r"a success\.$"):
        cut({"items": [{"name": "Ada"}] * 200}, "data")


@pytest.mark.parametrize("selector", [None, "$"])
def test_an_error_among_pages_that_are_lists_is_no_row(selector: str | None) -> None:
    slicer = PageSlicer(selector)
    slicer.slice(b'[{"id": 1}]')
    with pytest.raises(PageError, match=r"in the guise of a success: .*quota exceeded"):
        slicer.slice(b'\n{"error": "quota exceeded"}')
    assert len(slicer.slice(b'{"id": 2, "error": "none of the listing"}').rows) == 1


@pytest.mark.parametrize(
    "answer", [b'{"message": "slow down", "code": 429}', b'{"errors": [{"message": "who?"}]}']
)
def test_an_error_alone_is_a_row_only_where_the_config_says_so(answer: bytes) -> None:
    with pytest.raises(PageError, match=r"is an error .* write `data_selector: \$`"):
        PageSlicer(None).slice(answer)
    assert [bytes(row) for row in PageSlicer("$").slice(answer).rows] == [answer]


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ({"data": [], "error": "quota exceeded"}, "error"),
        ({"data": [], "errors": [{"code": 429, "message": "slow down"}]}, "errors"),
        ({"data": [], "meta": {}, "Error": True}, "Error"),
        ({"data": [], "error_message": "you are not allowed to see these"}, "error_message"),
        ({"data": [], "exception": {"type": "Timeout", "trace": None}}, "exception"),
    ],
)
def test_an_error_beside_an_empty_list_is_no_end(answer: Any, key: str) -> None:
    for selector in ("data", None, "data[*]"):
        with pytest.raises(PageError, match=rf"it has no rows, and `{key}`.*`action: ignore`"):
            cut(answer, selector)


def test_an_error_may_stand_beside_a_list_further_in() -> None:
    with pytest.raises(PageError, match=r"no rows, and `fault`"):
        cut({"result": {"items": [], "fault": "the backend is down"}}, "result.items")


@pytest.mark.parametrize(
    "beside",
    [
        {"error": None, "errors": [], "fault": {}, "exception": False},
        {"error": "", "errorCode": 0, "error_message": "OK"},
        {"error": "none", "errors": {"count": 0, "items": []}, "problem": "No error"},
        {"error": "No records found"},
        {"error": {"code": 404, "message": "page 7 is beyond the last one"}},
        {"errors": ["Nothing more"], "message": "there is nothing more"},
        {"error": "offset out of range"},
        {"error": "The requested page was not found"},
        {"message": "slow down", "status": "empty"},
    ],
)
def test_no_error_beside_an_empty_list_ends_the_listing(beside: dict[str, Any]) -> None:
    assert cut({"data": [], **beside}, "data").rows == []


def test_rows_come_though_an_error_stands_beside_them() -> None:
    assert len(cut({"data": [{"id": 1}], "errors": ["one of three is gone"]}, "data").rows) == 1


def test_of_many_and_long_keys_some_are_shown() -> None:
    with pytest.raises(PageError, match=r"`key 19` and 1,981 more") as caught:
        cut({f"key {number}": 0 for number in range(2_001)}, "data")
    assert "key 20" not in str(caught.value)
    with pytest.raises(PageError) as caught:
        cut({"k" * 100_000: 0}, "data")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("document", "kind"),
    [([1], "list"), ("x", "text"), (1, "number"), (None, "null"), (True, "boolean")],
)
def test_a_selector_into_what_is_no_object_says_what_is_there(document: Any, kind: str) -> None:
    with pytest.raises(PageError, match=f"no `data`: there is a {kind}, no object"):
        cut(document, "data")
    if document is not None:
        with pytest.raises(PageError, match=f"no `b`: there is a {kind}, no object"):
            cut({"a": document}, "a.b")


def test_secrets_in_what_is_shown_are_masked_also_where_the_text_is_cut() -> None:
    clean = Redactor(["very-secret-key"]).clean
    for start in range(170, 205):
        body = b"x" * start + b"very-secret-key" + b"y" * 300
        with pytest.raises(PageError) as caught:
            PageSlicer("data", clean=clean).slice(body)
        assert "very" not in str(caught.value)
    with pytest.raises(PageError) as caught:
        PageSlicer("data", clean=clean).slice(b'{"k%svery-secret-key": 1}' % (b"x" * 50))
    assert "very" not in str(caught.value)


def test_what_is_shown_of_a_page_cannot_move_the_cursor_of_a_terminal() -> None:
    with pytest.raises(PageError) as caught:
        PageSlicer("data").slice(b"\x1b[2J\x07 oops")
    assert "\x1b" not in str(caught.value)
