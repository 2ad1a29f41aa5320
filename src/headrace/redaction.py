"""Keeps secrets out of everything that is shown."""

from __future__ import annotations

import base64
import html
import json
import re
import string
from collections.abc import Iterable
from functools import cached_property

MASK = "***"

# A secret this short would mask ordinary words and digits all over a message.
_SHORTEST = 4

_NEVER_ENCODED = frozenset(string.ascii_letters + string.digits + "-._~")


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
        encoded = {base64.b64encode(_utf8(secret)).decode() for secret in self._secrets}
        # Longest first, so that no form leaves the rest of a longer one behind.
        forms = sorted(self._secrets | encoded, key=len, reverse=True)
        return re.compile("|".join(_pattern(form) for form in forms))


def one_line(text: str, limit: int) -> str:
    """Text of a server fit for a message: on one line, printable, cut at so many characters."""
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "�" for character in line)
    return line if len(line) <= limit else line[:limit] + "…"


def _pattern(secret: str) -> str:
    """Matches a text whichever of its special characters are encoded, and however."""
    return "".join(_character_pattern(character) for character in secret)


def _character_pattern(character: str) -> str:
    if character in _NEVER_ENCODED:
        return re.escape(character)
    escapes = {
        "".join(f"%{byte:02X}" for byte in _utf8(character)),
        html.escape(character),
        f"&#{ord(character)};",
        json.dumps(character)[1:-1],
        f"\\u{ord(character):04x}",
        {"/": r"\/", " ": "+"}.get(character, character),
    } - {character}
    # Hexadecimal digits come in either case.
    encoded = "|".join(f"(?i:{re.escape(escape)})" for escape in sorted(escapes))
    return f"(?:{re.escape(character)}|{encoded})"


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
