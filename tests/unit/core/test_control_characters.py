"""What would steer a terminal is made visible, and JSON stays what it is."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.control_characters import visible
from headrace.core.secrets.outlets import CleanStream


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\u001b[2J"),
        ("a\rb\x07\x7f", r"a\rb\u0007\u007f"),
        ("\x9b31m", r"\u009b31m"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("\u2066a\u2069\u200f\u061c", r"\u2066a\u2069\u200f\u061c"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\udb40\udc41"),
        ("two\nlines\tä 👩‍👩‍👧 \\n", "two\nlines\tä 👩‍👩‍👧 \\n"),
    ],
)
def test_control_characters_are_written_as_in_json(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner, max_size=3)))
def test_a_json_document_keeps_its_value(value: object) -> None:
    for indent in (None, 2):
        document = visible(json.dumps(value, ensure_ascii=False, indent=indent))
        assert json.loads(document) == value
        assert visible(document) == document


def test_streams_let_through_no_more_than_what_draws() -> None:
    written = io.StringIO()
    stream = CleanStream(written)
    text = "\x1b[1mbold\x1b[0m \x1b[2K\x1b]0;title\x07 \x1b[3;4H \x9bA\n"
    stream.write(text)
    stream.styled.write(text)
    plainly, styled = written.getvalue().splitlines()
    assert plainly == visible(text).rstrip()
    rest = r" \u001b]0;title\u0007 \u001b[3;4H \u009bA"
    assert styled == f"\x1b[1mbold\x1b[0m \x1b[2K{rest[1:]}"
