"""What answers are written in is told by the first one, and then holds."""

from __future__ import annotations

import pytest

from headrace.core.exceptions import IncompletePage, PageError
from headrace.sansio.decoding import Slicer, new_slicer


@pytest.mark.parametrize(
    ("content_type", "body", "written"),
    [
        ("text/csv; charset=utf-8", b"id\n1\n", "csv"),
        ("TEXT/CSV", b"", "csv"),
        ("text/tab-separated-values", b"id\tn\n1\t2\n", '{type: csv, delimiter: "\\t"}'),
        ("application/x-ndjson", b'{"id": 1}\n', "jsonl"),
        ("application/x-ndjson", b"[1, 2]\n[3, 4]\n", "jsonl"),
        ("application/jsonl", b'{"id": 1}\n{"id": 2}\n', "jsonl"),
        ("application/atom+xml", b"<r><i><id>1</id></i></r>", "xml"),
        ("text/xml", b"\n<r><i><id>1</id></i></r>", "xml"),
        ("text/xml", "<r><i><id>1</id></i></r>".encode("utf-16"), "xml"),
    ],
)
def test_a_content_type_names_the_decoder(content_type: str, body: bytes, written: str) -> None:
    slicer = new_slicer(None, None)
    slicer.slice(body, content_type)
    assert slicer.guess is not None
    assert f"write `decoder: {written}` into `endpoint`" in slicer.guess


@pytest.mark.parametrize("content_type", ["text/csv", "text/xml", "application/x-ndjson", "x", ""])
@pytest.mark.parametrize("body", [b'[{"id": 1}]', b'{\n "data": [{"id": 1}]\n}'])
def test_json_is_json_whatever_it_claims_to_be(content_type: str, body: bytes) -> None:
    slicer = new_slicer(None, None)
    assert [bytes(row) for row in slicer.slice(body, content_type).rows] == [b'{"id": 1}']
    assert slicer.guess is None


def test_a_guess_holds_for_the_listing() -> None:
    slicer: Slicer = new_slicer(None, None)
    slicer.slice(b"id,n\n1,2\n", "text/csv")
    assert len(slicer.slice(b"id,n\n3,4\n", "application/octet-stream").rows) == 1
    with pytest.raises(PageError, match="is JSON where CSV was due"):
        slicer.slice(b'{"error": "quota"}', "application/json")


def test_a_charset_that_nobody_knows_is_told_beside_the_guess_once_it_matters() -> None:
    slicer = new_slicer(None, None)
    slicer.slice(b"id,n\n1,2\n", "text/csv; charset=x-odd")
    assert "charset `x-odd`" not in str(slicer.guess)
    slicer.slice("id,n\n1,\u00e9\n".encode(), "text/csv; charset=x-odd")
    assert "write `decoder: csv`" in str(slicer.guess)
    assert "the charset `x-odd`, which is unknown" in str(slicer.guess)


def test_an_empty_answer_that_should_be_xml_is_incomplete() -> None:
    with pytest.raises(IncompletePage, match="the answer is empty where XML was due"):
        new_slicer(None, None).slice(b"", "application/xml")


def test_an_answer_that_cannot_be_read_teaches_nothing() -> None:
    slicer = new_slicer(None, None)
    with pytest.raises(PageError):
        slicer.slice(b"Rate limit exceeded", "text/csv")
    assert len(slicer.slice(b'[{"id": 1}]', "application/json").rows) == 1
