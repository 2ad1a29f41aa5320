"""Secrets are masked in whatever form they are shown."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
import string
import traceback
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import PageError
from headrace.core.secrets.outlets import CleanStream, clean_logs
from headrace.core.secrets.redaction import (
    Redactor,
    clean,
    clean_error,
    hold_secrets,
    keep_secret,
    one_line,
)

PLAIN = string.ascii_letters + string.digits + "-._~"
SECRET = 'p&s/w"r d*ü+'
HUSH = "hush-hush"


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


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "z", " and more"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_masked_in_the_middle_of_a_text_that_is_encoded_as_a_whole(
    before: str, after: str, encode: Callable[[bytes], bytes]
) -> None:
    secret = "p?s>w~rd-of-some-length"
    cleaned = Redactor([secret]).clean(encode(f"{before}{secret}{after}".encode()).decode())
    assert "***" in cleaned
    # No more is left than what stands around it, and a character at its edge.
    assert len(cleaned) <= len(encode(f"{before}{after}".encode())) + len("***") + 3


@pytest.mark.parametrize(
    "shown",
    [
        quote(quote(SECRET)),
        json.dumps(json.dumps(SECRET))[3:-3],
        html.escape(html.escape(SECRET)),
        repr(SECRET.encode())[2:-1],
        "".join(f"&#{ord(each)};" if each in '&"/' else each for each in SECRET),
        "".join(f"&#x{ord(each):04X};" if each in '&"/' else each for each in SECRET),
    ],
)
def test_a_secret_is_masked_where_it_is_encoded_twice_or_by_numbers(shown: str) -> None:
    assert Redactor([SECRET]).clean(f"before {shown} after") == "before *** after"


class OwnWordsError(Exception):
    """Tells of itself what no argument holds."""

    def __str__(self) -> str:
        return f"in its own words: {HUSH}"


def test_what_is_kept_secret_is_masked_in_errors_and_in_all_behind_them() -> None:
    keep_secret([HUSH])
    try:
        try:
            raise ValueError(HUSH) from OwnWordsError()
        except ValueError as error:
            error.add_note(f"with {HUSH}")
            raise RuntimeError(OSError(HUSH)) from None
    except RuntimeError as error:
        caught = error
    clean_error(caught)

    context = caught.__context__
    assert context is not None
    assert str(context.__cause__) == "OwnWordsError: in its own words: ***"
    told = "".join(traceback.format_exception(context)) + repr(caught)
    assert HUSH not in told
    assert told.count("***") == 4
    # What was no part of the story is none now.
    assert caught.__suppress_context__


def test_an_error_of_ours_is_masked_by_itself() -> None:
    error = PageError(f"no: {HUSH}")
    assert HUSH in str(error)
    keep_secret([HUSH])
    assert (str(error), repr(error)) == ("no: ***", "PageError('no: ***')")


def test_words_are_not_kept_secret() -> None:
    keep_secret(["words", "first-secret"])
    assert clean("words, first-secret") == "words, ***"


def test_what_is_kept_secret_stays_so_however_many_follow() -> None:
    keep_secret(["kept-for-good"])
    keep_secret(f"followed-by-{number:04}" for number in range(2_000))
    assert clean("kept-for-good followed-by-0000 followed-by-1999") == "*** *** ***"


class Owner:
    """Has secrets, as a pipeline or credentials have them."""


def test_a_token_in_use_is_masked_however_often_others_are_renewed() -> None:
    owners = [Owner() for _ in range(150)]
    for owner, number in zip(owners, range(150), strict=True):
        hold_secrets(owner, [f"owner-{number:03}-token-0000"])
    for turn in range(1, 70):
        for number in range(1, 150):
            hold_secrets(owners[number], [f"owner-{number:03}-token-{turn:04}"])

    in_use = ["owner-000-token-0000", *(f"owner-{each:03}-token-0069" for each in range(1, 150))]
    assert clean(" ".join(in_use)) == " ".join(["***"] * 150)
    # One just replaced may still be told of; but they do not heap up.
    replaced = " ".join(
        f"owner-{number:03}-token-{turn:04}" for turn in range(69) for number in range(1, 150)
    )
    assert clean(replaced).count("***") == 1_000
    assert clean("owner-149-token-0068 owner-001-token-0000") == "*** owner-001-token-0000"


def test_the_secrets_of_what_is_gone_make_way_for_others() -> None:
    owner, staying = Owner(), Owner()
    hold_secrets(owner, ["of-the-one-gone"])
    hold_secrets(staying, ["of-the-one-staying"])
    # An error may tell of it later.
    del owner
    assert clean("of-the-one-gone, of-the-one-staying") == "***, ***"
    for number in range(1_000):
        hold_secrets(Owner(), [f"of-another-{number:04}"])
    hold_secrets(Owner(), ["of-one-more"])
    assert clean("of-the-one-gone, of-the-one-staying") == "of-the-one-gone, ***"


def test_of_two_secrets_that_overlap_nothing_is_left() -> None:
    assert Redactor(["abcdef", "defghi"]).clean("abcdefghi, abc, ghi") == "***, abc, ghi"


def test_a_key_of_many_lines_is_masked_line_by_line() -> None:
    keep_secret(
        ["-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nAAOCAg8AMIICCgKCAgEA\n-----END-----\n"]
    )
    assert clean("MIIEvQIBADANBgkqhkiG AAOCAg8AMIICCgKCAgEA") == "*** ***"


@pytest.mark.parametrize("name", ["headrace.core", "dlt", "aiohttp.client", "urllib3.of.later"])
def test_what_a_library_logs_is_masked(name: str, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger(name)
    keep_secret([HUSH])
    clean_logs()
    caplog.set_level(logging.WARNING, logger=name)
    logger.addHandler(caplog.handler)
    try:
        raise ValueError(HUSH)
    except ValueError:
        logger.exception("it was %s", HUSH)
    logger.warning("100 %% of %s", {"key": HUSH})
    logger.warning("%d %s", 1, "stays", stack_info=True)
    logger.removeHandler(caplog.handler)

    assert HUSH not in caplog.text
    assert "it was ***\nTraceback" in caplog.text
    assert "ValueError: ***" in caplog.text
    assert "100 % of {'key': '***'}" in caplog.text
    assert caplog.records[-1].args == (1, "stays")


def test_how_a_program_logs_is_its_own_affair(caplog: pytest.LogCaptureFixture) -> None:
    def of_the_program() -> list[object]:
        own = logging.getLogger("of.somebody")
        loggers = (logging.root, own)
        filters = [each.filters[:] for each in loggers]
        return [logging.getLogRecordFactory(), filters, [each.filters for each in own.handlers]]

    before = of_the_program()
    keep_secret([HUSH])
    clean_logs()
    assert of_the_program() == before
    assert before[0] is logging.LogRecord
    logging.getLogger("of.somebody").warning("it was %s", HUSH)
    assert caplog.records[-1].args == (HUSH,)


def test_a_stream_lets_no_secret_pass() -> None:
    keep_secret([HUSH])
    written = io.StringIO()
    stream = CleanStream(written)
    print(f"it is {HUSH}", file=stream)
    stream.writelines([f"a {HUSH}\n", "b"])
    assert stream.getvalue() == "it is ***\na ***\nb"
