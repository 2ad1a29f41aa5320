"""The normal form of error messages: the same for all that say the same of other things."""

from __future__ import annotations

import re

from headrace.core.control_characters import visible
from headrace.core.secrets.likely import mask_likely
from headrace.core.secrets.redaction import MASK

READ_CHARACTERS = 500
"""How much of a message is looked at."""

_FORM_CHARACTERS, _EXAMPLE_CHARACTERS = 200, 240
_TIME, _ID, _NUMBER, _TEXT = "<time>", "<id>", "<number>", "<text>"
_EMAIL, _ADDRESS, _PART = "<email>", "<address>", "…"

_ZONE = r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)?"
_CLOCK = rf"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?\s?{_ZONE}"
# Read from left to right, the first that fits: each is named after what stands for it.
_PARTS = re.compile(
    "|".join(
        (
            r"(?P<kept>(?i:\b(?:status(?:\s?code)?|http(?:/\d(?:\.\d)?)?|code)[\s:=]{1,3})[1-5]\d\d\b"
            r"|\A[1-5]\d\d(?=\s(?:-\s|[A-Z]))|[{,]\s*\"[A-Za-z_]{1,40}\"(?=\s*:))",
            r"(?P<url>\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"`<>(){}\[\]]+)",
            r"(?P<email>[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)",
            r"(?P<quoted>(?<!\w)'[^'\n]*'(?!\w)|\"[^\"\n]*\"|`[^`\n]*`|[“„][^”“\n]*[”“]|«[^»\n]*»)",
            rf"(?P<time>\b\d{{4}}-\d\d-\d\d(?:[T\s]{_CLOCK})?|\b{_CLOCK}\b"
            r"|\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b)",
            r"(?P<address>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|(?<![\w:])"
            r"(?:(?=[\w:]*::)[0-9a-fA-F:]{3,}|(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4})(?![\w:]))",
            r"(?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)",
            r"(?P<word>(?<!\S)-\d+\b|0x[0-9a-fA-F]+|\w*\d\w*)",
        )
    )
)
_NUMBERED = re.compile(
    r"(?P<name>[^\W\d]*?_*)(?P<number>\d+)(?P<unit>(?:ms|s|m|h|d|px|[kKMG]?i?[bB]|[^\W\d_A-Za-z]+)?)"
)
_HEX = re.compile(r"0x[0-9a-fA-F]+|(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{7,}")
# Numbers that belong to a name, and do not vary.
_NAMES = frozenset(
    [
        *("utf8", "utf16", "base64", "sha1", "sha256", "sha512", "md5", "oauth1", "oauth2", "ipv4"),
        *("ipv6", "http1", "http2", "http3", "s3", "ec2", "x509", "mp3", "mp4", "h264", "p12"),
    ]
)
_IDENTIFIER = re.compile(r"`[A-Za-z_][A-Za-z_.-]{0,40}`")
_DECIMALS = re.compile(rf"{_NUMBER}(?:[.,]{_NUMBER})+")
_HOST_OF_NUMBERS, _PORT = re.compile(r"\d+(?:\.\d+){3}(?::\d+)?"), re.compile(r":\d+\Z")
_VARYING = re.compile(r"\d|%|\*\*\*|.{40}")
_LAST_WORD = re.compile(r"[\w+/=.~%-]+\Z", re.ASCII)
_OF_EMAIL = re.compile(r"[\w.+%-]+@(?=[\w-]+\.)")
_REPEATED = re.compile(r"(<\w+>)(?:(?:\s*[,;]\s*|\s+)\1)+")


def normal_form(message: str) -> str:
    """Writes a message without what varies: ids, numbers, times, addresses and quoted values.

    `Order 4711 not found` and `Order 4712 not found` both become `Order <number> not found`. What
    looks like a credential becomes `***`. Kept are status codes, as in `status code 404`, and plain
    names between backticks.

    Args:
        message: The message, of which `READ_CHARACTERS` are looked at.

    Returns:
        One line of at most 200 characters; empty where the message has nothing to show.
    """
    text = _PARTS.sub(_stands_for, " ".join(mask_likely(_cut(message)).split()))
    if _NUMBER in text:
        text = _DECIMALS.sub(_NUMBER, text)
    return _shortened(visible(_REPEATED.sub(rf"\1, {_PART}", text)), _FORM_CHARACTERS)


def example(message: str) -> str:
    """Writes a message as it may be shown: on one line, and without credentials.

    Args:
        message: The message, of which `READ_CHARACTERS` are looked at.

    Returns:
        One line of at most 240 characters. Of addresses of e-mail, the domain is left.
    """
    text = _OF_EMAIL.sub(f"{MASK}@", mask_likely(_cut(message)))
    return _shortened(visible(" ".join(text.split())), _EXAMPLE_CHARACTERS)


def _cut(message: str) -> str:
    if len(message) < READ_CHARACTERS:
        return message
    # What is left of a word that was cut might be the first half of a secret.
    return _LAST_WORD.sub("", message[:READ_CHARACTERS]) + _PART


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _stands_for(match: re.Match[str]) -> str:
    text, kind = match.group(), match.lastgroup
    if kind == "url":
        return _of_url(text)
    if kind == "quoted":
        return text if _IDENTIFIER.fullmatch(text) or MASK in text else _TEXT
    if kind == "word":
        return _of_word(text)
    return {"kept": text, "email": _EMAIL, "time": _TIME, "address": _ADDRESS}.get(kind or "", _ID)


def _of_url(url: str) -> str:
    bare = url.rstrip(".,;:!?")
    rest = url[len(bare) :]
    path, mark, _ = bare.partition("?")
    path = path.partition("#")[0]
    scheme, _, place = path.partition("://")
    host, *parts = place.split("/")
    host = _PORT.sub(f":{_NUMBER}", _HOST_OF_NUMBERS.sub(_ADDRESS, host))
    kept = [_PART if _VARYING.search(each) else each for each in parts]
    return "/".join([f"{scheme}://{host}", *kept]) + (f"?{_PART}" if mark else "") + rest


def _of_word(word: str) -> str:
    if word.removeprefix("-").isdigit():
        return _NUMBER
    if word.lower() in _NAMES:
        return word
    numbered = _NUMBERED.fullmatch(word)
    if numbered is None or _HEX.fullmatch(word):
        return _ID
    return f"{numbered['name']}{_NUMBER}{numbered['unit']}"
