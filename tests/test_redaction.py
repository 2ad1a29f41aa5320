"""Secrets are masked in whatever form they are shown."""

from __future__ import annotations

import base64
import html
import json
import string
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.redaction import Redactor, one_line

PLAIN = string.ascii_letters + string.digits + "-._~"
SECRET = 'p&s/w"r d*ü+'


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        quote_plus(SECRET).lower(),
        urlencode([("", SECRET)], safe="*")[1:],
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        html.escape(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        quote(base64.b64encode(SECRET.encode()).decode()),
    ],
)
def test_a_secret_is_masked_however_it_is_encoded(shown: str) -> None:
    assert Redactor([SECRET]).clean(f"before {shown} after") == "before *** after"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=12), st.data())
def test_a_secret_is_masked_whichever_of_its_special_characters_are_encoded(
    secret: str, data: st.DataObject
) -> None:
    shown = "".join(
        "".join(f"%{byte:02X}" for byte in character.encode())
        if character not in PLAIN and data.draw(st.booleans())
        else character
        for character in secret
    )
    assert Redactor([secret]).clean(f"<{shown}>") == "<***>"


def test_a_long_secret_leaves_no_rest_behind_a_shorter_one() -> None:
    assert Redactor(["abcd", "abcdefgh"]).clean("abcdefgh abcd") == "*** ***"


def test_short_secrets_would_mask_words_and_are_left_alone() -> None:
    assert Redactor(["", "a", "123"]).clean("a banana costs 123") == "a banana costs 123"


def test_letters_of_a_secret_are_compared_by_case() -> None:
    assert Redactor(["Secret"]).clean("the secret is Secret") == "the secret is ***"


def test_a_secret_is_text_and_no_pattern() -> None:
    assert Redactor([".*(x)"]).clean("anything .*(x)") == "anything ***"


def test_a_line_of_a_server_is_one_printable_line_of_limited_length() -> None:
    assert one_line(" a\n\tb\r\n\x1b[31mc ", 20) == "a b �[31mc"
    assert one_line("x" * 30, 10) == "x" * 10 + "…"
