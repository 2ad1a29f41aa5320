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

# A shorter secret would mask ordinary words and digits all over a message.
_SHORTEST = 4
# And a shorter one than this all over what a whole process says.
_SHORTEST_ANYWHERE = 6
# Tokens are renewed each hour: the oldest are forgotten, or the pattern would grow for ever.
_MOST_KEPT = 100
# A private key of many lines may be shown with other line ends, or one line at a time.
_SHORTEST_LINE = 16

_NEVER_ENCODED = frozenset(string.ascii_letters + string.digits + "-._~")
_ANY_OF_BASE64 = r"[A-Za-z0-9+/_-]?"


class Redactor:
    """Masks known secrets in text, also encoded as in URLs, JSON, HTML or base64.

    Args:
        secrets: The values to hide; those of less than four characters are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secret for secret in secrets if len(secret) >= _SHORTEST)

    def clean(self, text: str) -> str:
        """Replaces each secret in a text by `***`."""
        return self._forms.sub(MASK, text) if self._secrets else text

    @cached_property
    def _forms(self) -> re.Pattern[str]:
        forms = chain.from_iterable(_forms(secret) for secret in self._secrets)
        # Longest first, so that no form leaves the rest of a longer one behind.
        return re.compile("|".join(pattern for _, pattern in sorted(forms, reverse=True)))


class _Kept:
    """The latest secrets of the process."""

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
    """Masks values from now on in all that the process shows.

    Args:
        secrets: The values; those of less than six characters are ignored.
    """
    _kept.add(secret for secret in secrets if len(secret) >= _SHORTEST_ANYWHERE)


def clean(text: str) -> str:
    """Replaces each secret that the process knows of in a text by `***`."""
    return _kept.redactor.clean(text)


def clean_error(error: BaseException) -> None:
    """Masks known secrets in the messages of an error, and of all errors behind it.

    Args:
        error: The error; its message is changed where it holds a secret.
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
    """The error with a clean message; another error with its text where it cannot be cleaned."""
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
    """Makes text of a server fit for a message: on one line, printable, and not too long.

    Args:
        text: The text.
        limit: How many characters are kept; an ellipsis stands for the rest.
    """
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "�" for character in line)
    return line if len(line) <= limit else line[:limit] + "…"


def _with_lines(secret: str) -> Iterator[str]:
    yield secret
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE and line[0] != "-")


def _forms(secret: str) -> Iterator[tuple[int, str]]:
    """For each form in which a secret may be shown its length, and a pattern that matches it."""
    yield len(secret), "".join(_character_pattern(character) for character in secret)
    raw = _utf8(secret)
    # base64 packs three bytes into four characters, so within a longer text the secret may begin at
    # any of three places.
    for place in range(3):
        encoded = base64.b64encode(bytes(place) + raw).decode().rstrip("=")
        # A character holds six bits: the first and the last may hold bits of the text around it.
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
    """A pattern for a character in each way in which it may be encoded, once or repeatedly."""
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
