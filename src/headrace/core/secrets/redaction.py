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
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

from headrace.core.causes import errors_within
from headrace.core.secrets.shipping import stays_here

MASK = "***"

# A shorter secret would mask ordinary words and digits all over a message.
_SHORTEST = 4
# And a shorter one than this all over what a whole process says.
_SHORTEST_ANYWHERE = 6
# An error outlives the pipeline that it tells of, and a server tells of a token just replaced.
_MOST_RETIRED = 1000
# A private key of many lines may be shown with other line ends, or one line at a time.
_SHORTEST_LINE = 16

_NEVER_ENCODED = frozenset(string.ascii_letters + string.digits + "-._~")
_ENCODED = re.compile(r"[^A-Za-z0-9._~-]+")
_NO_LETTERS = re.compile(r"[^A-Za-z0-9]+")
_ANY_OF_BASE64 = r"[A-Za-z0-9+/_-]?"
# Those of JSON, also where that is a parameter of a URL.
_BACKSLASHES = r"(?:\\|%(?:25)*5[Cc])+"


@stays_here
class Redactor:
    """Masks known secrets in text, also encoded as in URLs, JSON, HTML or base64.

    Args:
        secrets: The values to hide; those of less than four characters are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = frozenset(secret for secret in secrets if len(secret) >= _SHORTEST)
        self._sought = tuple(_sought(secret) for secret in known)

    def clean(self, text: str) -> str:
        """Replaces each secret in a text by `***`."""
        spans = sorted(chain.from_iterable(each.spans_in(text) for each in self._sought))
        if not spans:
            return text
        shown, end = [], 0
        for start, stop in spans:
            # Where two overlap, nothing of either is left behind.
            if start >= end:
                shown += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*shown, text[end:]])


@stays_here
@dataclass(frozen=True)
class _Sought:
    """A secret that is looked for in texts."""

    secret: str

    def spans_in(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the secret stands in a text, in any form."""
        if any(part in text for part in self._plain_parts):
            for match in self._pattern.finditer(text):
                yield match.span()

    @cached_property
    def _plain_parts(self) -> tuple[str, ...]:
        """Texts of which each form holds one: most texts hold none, and that is quickly seen."""
        cores = (core for core, _ in _base64_cores(self.secret))
        return (
            max(_ENCODED.split(self.secret), key=len),
            *(max(_NO_LETTERS.split(core), key=len) for core in cores),
        )

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Longest first, so that no form leaves the rest of a longer one behind.
        return re.compile("|".join(form for _, form in sorted(_forms(self.secret), reverse=True)))


@lru_cache(maxsize=4096)
def _sought(secret: str) -> _Sought:
    return _Sought(secret)


class _Kept:
    """The secrets of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._for_good: set[str] = set()
        self._held: dict[int, frozenset[str]] = {}
        # Filled while memory is collected, which may be in the midst of any line below.
        self._gone: deque[int] = deque()
        self._retired: dict[str, None] = {}
        self._redactor: Redactor | None = Redactor()

    def keep(self, secrets: Iterable[str]) -> None:
        lines = _lines_of(secrets)
        with self._lock:
            if not lines <= self._for_good:
                self._for_good |= lines
                self._redactor = None

    def hold(self, owner: object, secrets: Iterable[str]) -> None:
        lines = _lines_of(secrets)
        with self._lock:
            while self._gone:
                self._retire(self._held.pop(self._gone.popleft()))
            before = self._held.get(id(owner))
            if before is None:
                weakref.finalize(owner, self._gone.append, id(owner)).atexit = False
            elif before == lines:
                return
            self._held[id(owner)] = lines
            self._retire((before or frozenset()) - lines)
            self._redactor = None

    def _retire(self, secrets: Iterable[str]) -> None:
        for secret in secrets:
            self._retired.pop(secret, None)
            self._retired[secret] = None
        for secret in list(self._retired)[:-_MOST_RETIRED]:
            del self._retired[secret]

    @property
    def redactor(self) -> Redactor:
        redactor = self._redactor
        if redactor is None:
            with self._lock:
                known = chain(self._for_good, *self._held.values(), self._retired)
                redactor = self._redactor = Redactor(known)
        return redactor


_kept = _Kept()


def keep_secret(secrets: Iterable[str]) -> None:
    """Masks values in all that the process shows, from now on and for good.

    Args:
        secrets: The values; those of less than six characters are ignored.
    """
    _kept.keep(secrets)


def hold_secrets(owner: object, secrets: Iterable[str]) -> None:
    """Masks what an object knows to be secret in all that the process shows, while it lives.

    Once the object is gone, or holds others, the values are masked until a thousand more of the
    kind have followed: what tells of them may come late.

    Args:
        owner: The object, such as a pipeline, or credentials whose tokens are renewed.
        secrets: All values that it holds now, in place of those that it held before; those of less
            than six characters are ignored.
    """
    _kept.hold(owner, secrets)


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


def _lines_of(secrets: Iterable[str]) -> frozenset[str]:
    """Values that are long enough to be masked anywhere, and the lines of those that have some."""
    known = [secret for secret in secrets if len(secret) >= _SHORTEST_ANYWHERE]
    return frozenset(chain.from_iterable(_with_lines(secret) for secret in known))


def _with_lines(secret: str) -> Iterator[str]:
    yield secret
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE and line[0] != "-")


def _forms(secret: str) -> Iterator[tuple[int, str]]:
    """For each form in which a secret may be shown its length, and a pattern that matches it."""
    yield len(secret), "".join(_character_pattern(character) for character in secret)
    for core, is_cut in _base64_cores(secret):
        after = _ANY_OF_BASE64 if is_cut else ""
        pattern = "".join(_base64_pattern(character) for character in core)
        yield len(core), f"{pattern}{after}(?:=|%(?:25)*3[Dd])*"


def _base64_cores(secret: str) -> Iterator[tuple[str, bool]]:
    """What of a secret is the same in base64 whatever surrounds it, and whether bits follow.

    base64 packs three bytes into four characters, so within a longer text the secret may begin at
    any of three places.
    """
    raw = _utf8(secret)
    for place in range(3):
        encoded = base64.b64encode(bytes(place) + raw).decode().rstrip("=")
        # A character holds six bits: the first and the last may hold bits of the text around it.
        start, end = -(-8 * place // 6), 8 * (place + len(raw)) // 6
        yield encoded[start:end], end < len(encoded)


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
        last = escaped[-1]
        ways.add(f"{_BACKSLASHES}(?:{re.escape(last)}|%(?:25)*(?i:{ord(last):02X}))")
    elif escaped[0] == "\\":
        ways.add("".join(f"{_BACKSLASHES}(?i:{unit})" for unit in escaped.split("\\")[1:]))
    if character == " ":
        ways.add(r"\+")
    return f"(?:{'|'.join(sorted(ways, key=len, reverse=True))})"


def _numbered(character: str) -> Iterator[str]:
    """Patterns for a character that is given by its number."""
    code, raw = ord(character), _utf8(character)
    yield "".join(f"%(?:25)*(?i:{byte:02X})" for byte in raw)
    yield f"&(?:amp;)*#(?:0*{code}|[xX]0*(?i:{code:x}));"
    if code < 2**16:
        yield rf"{_BACKSLASHES}u(?i:{code:04x})"
    if code < 2**8:
        yield rf"\\+x(?i:{code:02x})"
    if len(raw) > 1:
        yield "".join(rf"\\+x{byte:02x}" for byte in raw)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
