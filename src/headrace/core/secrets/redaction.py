"""Keeps secrets out of everything that is shown.

What is known to be secret is kept here, for the whole process: errors, log records and what the
command line prints all pass through `clean`, whoever wrote their text.
"""

from __future__ import annotations

import base64
import html
import json
import re
import string
import threading
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain

from headrace.core.causes import errors_within

MASK = "***"

# A secret this short would mask ordinary words and digits all over a message.
_SHORTEST = 4
# And one this short all over what a whole process says.
_SHORTEST_ANYWHERE = 6
# Tokens that are renewed each hour must not add up for ever.
_MOST_KEPT = 100
# A private key of many lines may be shown with other line ends, or one line at a time.
_SHORTEST_LINE = 16

_NEVER_ENCODED = frozenset(string.ascii_letters + string.digits + "-._~")
_ANY_OF_BASE64 = r"[A-Za-z0-9+/_-]?"


class Redactor:
    """Masks known secrets in text, also encoded as in URLs, JSON, HTML or base64.

    Args:
        secrets: the values to hide; those under four characters are left alone.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secret for secret in secrets if len(secret) >= _SHORTEST)

    def clean(self, text: str) -> str:
        """The text with each secret replaced by `***`."""
        return self._forms.sub(MASK, text) if self._secrets else text

    @cached_property
    def _forms(self) -> re.Pattern[str]:
        forms = chain.from_iterable(_forms(secret) for secret in self._secrets)
        # Longest first, so that no form leaves the rest of a longer one behind.
        return re.compile("|".join(pattern for _, pattern in sorted(forms, reverse=True)))


class _Kept:
    """The secrets of a process, the latest of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: dict[str, None] = {}
        self.redactor = Redactor()

    def add(self, secrets: Iterable[str]) -> None:
        lines = [line for secret in secrets for line in _with_lines(secret)]
        with self._lock:
            if all(line in self._secrets for line in lines):
                return
            self._secrets.update(dict.fromkeys(lines))
            self._secrets = dict.fromkeys(list(self._secrets)[-_MOST_KEPT:])
            self.redactor = Redactor(self._secrets)


_kept = _Kept()


def keep_secret(secrets: Iterable[str]) -> None:
    """Has values masked from now on in all that the process shows.

    Args:
        secrets: the values; those under six characters are left alone.
    """
    _kept.add(secret for secret in secrets if len(secret) >= _SHORTEST_ANYWHERE)


def clean(text: str) -> str:
    """The text with each secret that the process knows of replaced by `***`."""
    return _kept.redactor.clean(text)


def clean_error(error: BaseException) -> None:
    """Masks known secrets in the messages of an error, and of all errors behind it.

    Args:
        error: whose message is changed where it holds one.
    """
    for each in errors_within(error):
        _clean_message(each)
        # To set the cause is to say that the context does not count.
        suppressed = each.__suppress_context__
        each.__cause__ = _cleaned(each.__cause__)
        each.__context__ = _cleaned(each.__context__)
        each.__suppress_context__ = suppressed


def _clean_message(error: BaseException) -> None:
    """Masks secrets in what most errors make their message of."""
    args = tuple(clean(part) if isinstance(part, str) else part for part in error.args)
    if args != error.args:
        error.args = args
    if notes := getattr(error, "__notes__", None):
        notes[:] = [clean(note) for note in notes]


def _cleaned(error: BaseException | None) -> BaseException | None:
    """The error with a clean message; where it makes that in its own way, another one tells it."""
    if error is None:
        return None
    for within in (error, *error.args):
        if isinstance(within, BaseException):
            _clean_message(within)
    told = str(error)
    if clean(told) == told:
        return error
    stand_in = RuntimeError(f"{type(error).__qualname__}: {clean(told)}")
    stand_in.__cause__, stand_in.__context__ = error.__cause__, error.__context__
    stand_in.__suppress_context__ = error.__suppress_context__
    return stand_in.with_traceback(error.__traceback__)


def one_line(text: str, limit: int) -> str:
    """Text of a server fit for a message: on one line, printable, cut at so many characters."""
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "�" for character in line)
    return line if len(line) <= limit else line[:limit] + "…"


def _with_lines(secret: str) -> Iterator[str]:
    yield secret
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE and line[0] != "-")


def _forms(secret: str) -> Iterator[tuple[int, str]]:
    """Length of each form in which a secret may be shown, and a pattern that matches it."""
    yield len(secret), "".join(_character_pattern(character) for character in secret)
    raw = _utf8(secret)
    # In the middle of a longer text that is encoded as a whole it may begin at any of three places.
    for place in range(3):
        encoded = base64.b64encode(bytes(place) + raw).decode().rstrip("=")
        # Six bits a character: the first and the last may hold some of something else.
        start, end = -(-8 * place // 6), 8 * (place + len(raw)) // 6
        after = _ANY_OF_BASE64 if end < len(encoded) else ""
        core = "".join(_base64_pattern(character) for character in encoded[start:end])
        yield end - start, f"{core}{after}(?:=|%(?:25)*3[Dd])*"


def _base64_pattern(character: str) -> str:
    if character.isalnum():
        return character
    url_safe = {"+": "-", "/": "_"}[character]
    return f"(?:{url_safe}|{_character_pattern(character)})"


def _character_pattern(character: str) -> str:
    """Matches a character in each way in which it may be encoded, or that encoded again."""
    if character in _NEVER_ENCODED:
        return re.escape(character)
    ways = {re.escape(character), *_numbered(character)}
    named = html.escape(character)
    if named != character:
        ways.add(f"&(?:amp;)*{named[1:]}")
    # JSON, and what Python shows of a text or of bytes.
    escaped = json.dumps(character)[1:-1]
    if len(escaped) == 2 or character in "/'":
        ways.add(rf"\\+{re.escape(escaped[-1])}")
    elif escaped[0] == "\\":
        ways.add("".join(rf"\\+(?i:{unit})" for unit in escaped.split("\\")[1:]))
    if character == " ":
        ways.add(r"\+")
    return f"(?:{'|'.join(sorted(ways, key=len, reverse=True))})"


def _numbered(character: str) -> Iterator[str]:
    """Patterns for a character that is given by its number."""
    code, raw = ord(character), _utf8(character)
    yield "".join(f"%(?:25)*(?i:{byte:02X})" for byte in raw)
    yield f"&(?:amp;)*#(?:0*{code}|[xX]0*(?i:{code:x}));"
    if code < 2**16:
        yield rf"\\+u(?i:{code:04x})"
    if code < 2**8:
        yield rf"\\+x(?i:{code:02x})"
    if len(raw) > 1:
        yield "".join(rf"\\+x{byte:02x}" for byte in raw)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
