"""CSV: each cell comes back as it was written, a broken line is set apart, all else is an error."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.json_path import JsonPath
from headrace.sansio.decoding import CsvDecoder
from headrace.sansio.decoding.csv_pages import CsvSlicer
from headrace.sansio.rows import SlicedPage

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
ODD = st.text(st.sampled_from("a\"'\\,;|\t\n \u00e9"), max_size=6)


def cut(text: str | bytes, content_type: str = "text/csv", **dialect: Any) -> SlicedPage:
    body = text if isinstance(text, bytes) else text.encode()
    return CsvSlicer(CsvDecoder(**dialect)).slice(body, content_type)


def rows(page: SlicedPage) -> list[dict[str, Any]]:
    return [json.loads(bytes(row)) for row in page.rows]


@st.composite
def written(draw: st.DrawFn) -> tuple[list[list[str]], str, dict[str, Any]]:
    """A table, the same as CSV, and the dialect that it is written in."""
    width = draw(st.integers(1, 4))
    cells = draw(st.lists(st.lists(TEXTS | ODD, min_size=width, max_size=width), max_size=6))
    delimiter = draw(st.sampled_from(",;\t|"))
    quote = draw(st.sampled_from("\"'"))
    escapes = draw(st.booleans())
    out = io.StringIO()
    csv.writer(
        out,
        delimiter=delimiter,
        quotechar=quote,
        quoting=csv.QUOTE_ALL if escapes else draw(st.sampled_from([0, 1])),
        doublequote=not escapes,
        escapechar="\\" if escapes else None,
        lineterminator="\r\n",
    ).writerows(cells)
    dialect = {"delimiter": delimiter, "quote": quote, "escape": "\\" if escapes else None}
    return cells, out.getvalue(), dialect


@given(written())
def test_any_table_comes_back_as_it_was_written(
    table: tuple[list[list[str]], str, dict[str, Any]],
) -> None:
    cells, text, dialect = table
    names = tuple(f"c{place}" for place in range(len(cells[0]) if cells else 1))
    page = cut(text, names=names, header=False, **dialect)
    assert not page.unreadable
    is_quoted = dialect["escape"] is not None
    read = [[row[name] for name in names] for row in rows(page)]
    if is_quoted:
        assert read == cells
    else:
        # Without quotes around it, an empty cell holds nothing.
        assert [["" if cell is None else cell for cell in row] for row in read] == cells


@given(st.binary(max_size=40) | st.lists(ODD, max_size=5).map(lambda each: ",".join(each).encode()))
def test_no_line_is_lost_whatever_comes(body: bytes) -> None:
    text = b'a,b\r\n1,"x"\r\n' + body + b'\r\n2,"y"\r\n'
    assume(b"\0" not in body)
    try:
        page = cut(text, "text/csv; charset=utf-8")
    except PageError:
        return
    kept = b"".join(bytes(each.row) for each in page.unreadable) + b"".join(map(bytes, page.rows))
    assert rows(page)[0] == {"a": "1", "b": "x"}
    for character in set(body) & set(b"abcdefghijklmnopqrstuvwxyz"):
        assert kept.count(bytes([character])) >= body.count(bytes([character]))


def test_an_empty_cell_is_null_and_a_quoted_one_an_empty_text() -> None:
    assert rows(cut('a,b,c\n1,,""\n')) == [{"a": "1", "b": None, "c": ""}]


@pytest.mark.parametrize(
    ("body", "content_type", "dialect"),
    [
        (b"\xef\xbb\xbfa,b\r\n1,\xc3\xa9\r\n", "text/csv", {}),
        ("a,b\n1,\u00e9\n".encode("utf-16"), "text/csv; charset=utf-16", {}),
        ("a,b\n1,\u00e9\n".encode("latin-1"), "text/csv; charset=ISO-8859-1", {}),
        ("a,b\n1,\u00e9\n".encode("cp1252"), "text/csv", {"encoding": "windows-1252"}),
        ("\n\na,b\n\n1,\u00e9".encode(), "", {}),
        ("a,b\r1,\u00e9\r".encode(), "", {}),
        ("1,\u00e9\n".encode(), "", {"names": ("a", "b")}),
        ("a,b\n1,\u00e9\n".encode(), "", {"names": ("a", "b")}),
        ("x,y\n1,\u00e9\n".encode(), "", {"names": ("a", "b"), "header": True}),
    ],
    ids=[
        *("BOM", "UTF-16", "a charset", "an encoding", "empty lines", "CR alone", "no header"),
        *("a header of the names", "another header"),
    ],
)
def test_a_table_is_read_however_it_is_sent(
    body: bytes, content_type: str, dialect: dict[str, Any]
) -> None:
    assert rows(cut(body, content_type, **dialect)) == [{"a": "1", "b": "\u00e9"}]


@pytest.mark.parametrize("body", ["", "\n", "a,b", "a,b\r\n", "[]", "\x1a"])
def test_nothing_and_a_header_alone_are_pages_without_rows(body: str) -> None:
    assert rows(cut(body)) == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("2", "there is 1 cell, where there are 2 columns"),
        ("2,b,c", "there are 3 cells, where there are 2 columns"),
        ('2,"b', "a quote in it is not closed"),
        ('2,"b "c" d"', "a quote in it is not closed, or stands within a quoted cell"),
        (b"2,\xff", "it is not valid utf-8 (invalid start byte)"),
    ],
)
def test_a_broken_line_is_set_apart_alone(broken: str | bytes, reason: str) -> None:
    line = broken.encode() if isinstance(broken, str) else broken
    page = cut(b"a,b\n1,x\n" + line + b'\n3,"y\nz"\n')
    assert rows(page) == [{"a": "1", "b": "x"}, {"a": "3", "b": "y\nz"}]
    assert [bytes(each.row) for each in page.unreadable] == [line]
    assert reason in page.unreadable[0].reason


def test_a_quote_that_is_closed_by_another_row_takes_no_row_along() -> None:
    page = cut('a,b\n1,"x\n2,y\n3,"z"\n4,"w"\n')
    assert [row["a"] for row in rows(page)] == ["2", "3", "4"]
    assert [bytes(each.row) for each in page.unreadable] == [b'1,"x']


@pytest.mark.parametrize("body", ["a,b\n1,2\n3", 'a,b\n1,2\n3,"4', 'a,b\n1,2\n3,"4\n5,6'])
def test_an_answer_that_is_cut_off_is_incomplete(body: str) -> None:
    with pytest.raises(IncompletePage, match="the answer ends"):
        cut(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<!DOCTYPE html><p>Sign in</p>", "is HTML or XML where CSV was due"),
        ('{"error": "quota"}', 'is JSON where CSV was due: {"error": "quota"}'),
        ("a;b\n1;2\n", 'one column only, `a;b`, by the delimiter ",". If .*delimiter: ";"'),
        ("Rate limit exceeded", "the answer is one line, `Rate limit exceeded`"),
        ("a,a\n1,2\n", "names `a` twice"),
        ("Forbidden\n", "the answer is one line, `Forbidden`"),
        (
            "# made today\na,b\n1,2\n",
            "all 2 lines of the CSV have 2 cells, where there is 1 column",
        ),
        (
            "a,b\n1,2,5\n3,4,6\n",
            "all 2 lines of the CSV have 3 cells, where there are 2 columns: `a, b`",
        ),
        ("a,b,\n1,2,\n3,4,5\n", "gives column 3 no name: `a, b,`"),
        (",a\n1,2\n", "gives column 1 no name"),
        ("<p>Sign in</p>\n<p>Please</p>\n", "is HTML or XML where CSV was due"),
        ("Error: quota, exceeded", "the answer is one line, `Error: quota, exceeded`"),
        ("a,\n1,2\n", "gives column 2 no name"),
        ('"a,b\n1,2\n', "the first line of the CSV cannot be read"),
    ],
)
def test_what_is_no_such_table_is_an_error_that_says_so(body: str, message: str) -> None:
    with pytest.raises(PageError, match=message):
        cut(body)


def test_columns_may_come_in_another_order_but_not_be_others() -> None:
    slicer = CsvSlicer(CsvDecoder())
    assert rows(slicer.slice(b"a,b\n1,2\n")) == [{"a": "1", "b": "2"}]
    assert rows(slicer.slice(b"b,a\n1,2\n")) == [{"b": "1", "a": "2"}]
    with pytest.raises(PageError, match="where an earlier one begins with the columns `a, b`"):
        slicer.slice(b"3,4\n5,6\n")


def test_a_line_of_a_megabyte_and_one_beyond_a_block_are_read() -> None:
    for size in (1_000_000, 5_000_000):
        page = cut("a,b\n" + "".join(f"{n},{'x' * size}\n" for n in range(3)))
        assert [len(row["b"]) for row in rows(page)] == [size] * 3
    assert rows(cut("a,b\n1,x\0y\x01\n")) == [{"a": "1", "b": "x\0y\x01"}]


def test_a_path_leads_into_the_rows() -> None:
    slicer = CsvSlicer(CsvDecoder(), lambda: (JsonPath("[-1].a"),))
    page = slicer.slice(b"a\n1\n2\n")
    assert JsonPath("[-1].a").first(page.document) == "2"


@pytest.mark.parametrize("line", ["sep=;\r\n", "\ufeffSEP=;\n", '"sep=;"\r'])
@pytest.mark.parametrize("names", [None, ["id", "name"]])
def test_a_line_that_tells_excel_the_delimiter_is_no_row(
    line: str, names: list[str] | None
) -> None:
    header = "" if names else "id;name\n"
    page = cut(f"{line}{header}1;a\n", delimiter=";", names=names)
    assert rows(page) == [{"id": "1", "name": "a"}]
    assert not page.unreadable


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("header", ["a,b", "a,b,"])
@pytest.mark.parametrize(
    "lines",
    [
        ["1,x", '2,"y\n,"'],
        ["1,x,", '2,"y\n,",'],
        ["1,x,", '2,"y\n,"'],
        ["1,x", '2,"y\n,",'],
    ],
    ids=["no row", "all rows", "the first row", "the last row"],
)
def test_a_delimiter_at_the_end_of_a_line_adds_no_cell(
    header: str, lines: list[str], end: str
) -> None:
    page = cut("\n".join([header, *lines]) + end)
    assert rows(page) == [{"a": "1", "b": "x"}, {"a": "2", "b": "y\n,"}]
    assert not page.unreadable


@given(
    st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.tuples(st.lists(ODD, min_size=width, max_size=width), st.booleans()), min_size=1
        )
    )
)
def test_any_cells_come_back_whichever_lines_end_with_a_delimiter(
    lines: list[tuple[list[str], bool]],
) -> None:
    text = io.StringIO()
    for cells, has_empty_end in lines:
        line = io.StringIO()
        csv.writer(line).writerow(cells)
        end = "," if has_empty_end else ""
        text.write(line.getvalue().removesuffix("\r\n") + end + "\r\n")
    names = [f"c{place}" for place in range(len(lines[0][0]))]
    page = cut(",".join(names) + "\n" + text.getvalue(), "text/csv; charset=utf-8")
    assert [[each or "" for each in row.values()] for row in rows(page)] == [
        cells for cells, _ in lines
    ]
    assert not page.unreadable


def test_a_value_behind_the_last_column_is_not_left_out() -> None:
    page = cut("a,b\n1,,\n2,y,z\n3,,,\n")
    assert rows(page) == [{"a": "1", "b": None}]
    assert [bytes(each.row) for each in page.unreadable] == [b"2,y,z", b"3,,,"]
    assert rows(cut('a,b\n1,2,""\n3,4\n')) == [{"a": "3", "b": "4"}]
    escaped = cut("a;b\n1;x\\;\n", delimiter=";", escape="\\", quote=None)
    assert rows(escaped) == [{"a": "1", "b": "x;"}]


@pytest.mark.parametrize("end", ["\r\n\x1a", "\r\n\x1a\r\n", "\n\x1a\x1a\x1a", "\x1a"])
@pytest.mark.parametrize(("header", "row"), [("a,b", "1,x"), ("a", "1")])
def test_what_programs_of_dos_end_a_text_with_is_no_row(header: str, row: str, end: str) -> None:
    page = cut(f"{header}\r\n{row}{end}")
    assert [list(each.values()) for each in rows(page)] == [row.split(",")]
    assert not page.unreadable


def test_names_may_stand_in_brackets() -> None:
    assert rows(cut("<DATE>,<OPEN>\n1,2\n")) == [{"<DATE>": "1", "<OPEN>": "2"}]


def test_an_unknown_charset_is_told_where_it_matters() -> None:
    slicer = CsvSlicer(CsvDecoder())
    slicer.slice(b"a\nx\n", "text/csv; charset=x-odd")
    assert slicer.guess is None
    assert rows(slicer.slice("a\n\u00e9\n".encode(), "text/csv; charset=x-odd")) == [
        {"a": "\u00e9"}
    ]
    assert "claim the charset `x-odd`, which is unknown, and are read as UTF-8" in str(slicer.guess)
    told = CsvSlicer(CsvDecoder(encoding="utf-8"))
    told.slice("a\n\u00e9\n".encode(), "text/csv; charset=x-odd")
    assert told.guess is None


def test_no_byte_order_mark_gets_into_a_name() -> None:
    assert rows(cut(b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,2\n")) == [{"a": "1", "b": "2"}]
