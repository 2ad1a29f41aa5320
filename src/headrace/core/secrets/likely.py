"""Masks what looks like a credential in texts of others, such as the error messages of an API."""

from __future__ import annotations

import re
from itertools import pairwise

from headrace.core.secrets.names import is_secret
from headrace.core.secrets.redaction import MASK, clean

_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)
_WORDS_OF_HEADERS = ("authorization", "cookie")
_SCHEMES = ("bearer", "basic", "digest", "negotiate", "apikey")
_WORDS_OF_SECRETS = ("token", "pass", "secret", "key", "credential", "signature", "session")
_HEADER = re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?[\"']?\s*[:=])[^\r\n]+")
_USER_OF_URL = re.compile(r"://[^\s/@?#'\"<>]*@")
_SCHEME = re.compile(rf"(?i)\b({'|'.join(_SCHEMES)})(\s+)([^\s'\",;<>]{{4,}})")
_WORD = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+)[.!?:)]*")
_VALUE = r"[^\s,;&'\"`<>(){}\[\]\\]+"
_PAIR = re.compile(rf"([A-Za-z][\w.-]{{0,60}})(\\?[\"']?\s*[:=]\s*\\?[\"'`]?)({_VALUE})")
_SECRET_WORD = r"(?i)\b(tokens?|passw(?:or)?d|passphrase|secret|(?:api|access|private)[ _-]?key"
_SPOKEN = re.compile(
    rf"{_SECRET_WORD}|credentials?|signature|session(?:[ _-]?id)?)"
    rf"(?:((?:\s+[a-z]+){{0,2}}\s*[:=]\s*[\"'`]?|\s+[\"'`])({_VALUE})"
    rf"|(\s+(?:is\s+|was\s+)?)([A-Za-z0-9._~+/=-]*[0-9]{_VALUE[:-1]}*))"
)
_KNOWN = re.compile(
    r"\b(?:(?:sk|pk|rk|whsec|gh[opsu]|glpat|xox[a-z]|shp[a-z]{2}|hf|npm)[-_](?=\w*-?\w*[0-9])[\w-]{6,}"
    r"|A[KS]IA[A-Z0-9]{8,}|AIza[\w-]{10,}|ya29\.[\w-]+|eyJ[\w-]{6,}(?:\.[\w-]*)*)"
)
_LONG = re.compile(r"[A-Za-z0-9_+/=~-]{12,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OF_ALL_KINDS = re.compile(r"(?=.*[0-9])(?=.*[a-z]).*[A-Z]")
_BETWEEN = re.compile(r"[-_=~+]+")
_LONG_PIECE, _SHORTER_PIECE = 20, 12
_MANY_SWITCHES = 4
_LONGEST_WORD = 32


def mask_likely(text: str) -> str:
    """Replaces what is known or looks to be a secret in a text by `***`.

    What stands where a secret is due goes (after `Bearer`, `password:`, `?api_key=`, before the
    `@` of a URL), and what looks like chance made it. A UUID stays: mostly it is an id.

    Args:
        text: The text. What it takes grows with its length: cut it before.
    """
    text = _USER_OF_URL.sub(f"://{MASK}@", _KEY_BLOCK.sub(MASK, clean(text)))
    # Most texts tell of no secret, and that is quickly seen.
    lower = text.lower()
    if any(word in lower for word in _WORDS_OF_HEADERS):
        text = _HEADER.sub(rf"\1\2 {MASK}", text)
    if any(word in lower for word in _SCHEMES):
        text = _SCHEME.sub(_after_scheme, text)
    if ":" in text or "=" in text:
        text = _PAIR.sub(_of_pair, text)
    if any(word in lower for word in _WORDS_OF_SECRETS):
        text = _SPOKEN.sub(_spoken, text)
    return _LONG.sub(_of_long, _KNOWN.sub(MASK, text))


def _after_scheme(match: re.Match[str]) -> str:
    scheme, between, value = match.groups()
    return match.group() if _WORD.fullmatch(value) else f"{scheme}{between}{MASK}"


def _of_pair(match: re.Match[str]) -> str:
    name, between, _ = match.groups()
    return f"{name}{between}{MASK}" if is_secret(name) else match.group()


def _spoken(match: re.Match[str]) -> str:
    word, between, _, space, _ = match.groups()
    return f"{word}{between or space}{MASK}"


def _of_long(match: re.Match[str]) -> str:
    text = match.group()
    if _UUID.fullmatch(text):
        return text
    parts = text.split("/")
    # base64 may have slashes, and then no part is long.
    is_base64 = len(text) >= _LONG_PIECE and "+" in text and bool(_OF_ALL_KINDS.match(text))
    is_token = is_base64 or any(map(_is_random, parts)) or _is_of_mixed_case("".join(parts))
    return MASK if is_token else text


def _is_random(text: str) -> bool:
    """Whether a text with neither a space nor a slash looks as if chance had made it."""
    whole = _BETWEEN.sub("", text)
    if len(whole) >= _LONG_PIECE and _switches(whole) >= _MANY_SWITCHES:
        return True
    return _is_of_mixed_case(whole) or any(map(_is_random_piece, _BETWEEN.split(text)))


def _is_random_piece(piece: str) -> bool:
    if any(each.isdigit() for each in piece):
        switches = _switches(piece)
        return switches > 0 and (
            len(piece) >= _LONG_PIECE or (len(piece) >= _SHORTER_PIECE and switches > 1)
        )
    return (piece.isupper() and len(piece) >= _LONG_PIECE) or (
        piece.islower() and len(piece) >= _LONGEST_WORD
    )


def _switches(text: str) -> int:
    """How often a digit follows a letter, or a letter a digit."""
    return sum(one.isdigit() != other.isdigit() for one, other in pairwise(text))


def _is_of_mixed_case(text: str) -> bool:
    """Whether capitals come as no name has them: `ManualExecutionError` has some, one by one."""
    rises = sum(one.islower() and other.isupper() for one, other in pairwise(text))
    pairs = sum(one.isupper() and other.isupper() for one, other in pairwise(text))
    is_mixed = rises >= len(text) / 4 or (rises >= len(text) / 8 and pairs >= len(text) / 12)
    return len(text) >= _LONG_PIECE and is_mixed
