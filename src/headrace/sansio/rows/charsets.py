"""Reads a page in the charset that it is written in, which may not be the one that it claims."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable

from headrace.core.exceptions import PageError
from headrace.core.secrets.redaction import one_line
from headrace.sansio.rows.page_faults import kind_of_fault
from headrace.sansio.rows.well_formed import BOM, is_utf8

_UTF8 = {"utf-8", "utf8", "utf-8-sig", "us-ascii", "ascii"}
# Encodings of Python's own, no charsets of the web; one of them takes days for a large page.
_NO_CHARSETS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
# In these, many in East Asia, text may happen to be valid UTF-8 and yet mean something else.
_AMBIGUOUS = (
    *("big5", "cp932", "cp949", "cp950", "euc", "gb", "hz", "iso-2022", "iso2022", "johab"),
    *("ks_c", "ms932", "shift", "sjis", "utf-7", "utf7", "windows-31j"),
)
_SHOWN_CHARSET = 60


def as_utf8(body: bytes, content_type: str, encoding: str | None = None) -> bytes:
    """Gives a page in UTF-8, without a byte order mark.

    JSON has to be in UTF-8 (RFC 8259, 8.1), and a server that claims another charset for it is
    wrong more often than right. So a body that can only be UTF-8 is read as UTF-8.

    Args:
        body: The body of the answer, decompressed.
        content_type: The value of its `Content-Type` header, which may name a charset.
        encoding: The encoding that the config names; None for the charset that the body claims.

    Raises:
        IncompletePage: The body ends in the middle of a character.
        PageError: The body is neither in the charset that it claims nor in UTF-8.
    """
    charset = (encoding or _claimed(content_type) or json.detect_encoding(body)).lower()
    is_utf8 = charset in _UTF8 or body.startswith(BOM)
    if is_utf8 or (encoding is None and _can_only_be_utf8(body, charset)):
        return _without_bom(body)
    try:
        if codecs.lookup(charset).name in _NO_CHARSETS:
            raise LookupError(charset)
        page = body.decode(charset).encode()
    except UnicodeDecodeError as error:
        raise kind_of_fault(error.reason)(
            f"the answer is not valid {charset}: {error.reason} at byte {error.start:,} of "
            f"{len(body):,}"
        ) from None
    except (LookupError, ValueError):
        raise PageError(
            f"the answer claims the charset `{one_line(charset, _SHOWN_CHARSET)}`, which is "
            "unknown or does not fit it"
        ) from None
    return _without_bom(page)


def unknown_charset(
    body: bytes, content_type: str, encoding: str | None, clean: Callable[[str], str]
) -> str | None:
    """Says that a body claims a charset which nobody knows, where it matters how it is read.

    Args:
        body: The body of the answer, decompressed.
        content_type: The value of its `Content-Type` header, which may name a charset.
        encoding: The encoding that the config names, which goes first; None where it names none.
        clean: Hides secrets in a text.
    """
    charset = _claimed(content_type)
    if encoding is not None or not charset or body.isascii():
        return None
    try:
        codecs.lookup(charset)
    except (LookupError, ValueError):
        shown = one_line(clean(charset), _SHOWN_CHARSET)
        return (
            f"the answers claim the charset `{shown}`, which is unknown, and are read as UTF-8; "
            "if they are in another one, name it under `decoder`, as `encoding: windows-1252`"
        )
    return None


def _without_bom(page: bytes) -> bytes:
    # Programs that put files together, and those that save one anew, leave more than one.
    while page.startswith(BOM):
        page = page.removeprefix(BOM)
    return page


def _can_only_be_utf8(body: bytes, charset: str) -> bool:
    # JSON in UTF-16 or UTF-32 has a zero in each bracket.
    if charset.startswith(_AMBIGUOUS) or b"\0" in body:
        return False
    return is_utf8(body)


def _claimed(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip("\"' ").lower()
    return ""
