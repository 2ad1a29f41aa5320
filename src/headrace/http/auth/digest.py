"""HTTP Digest (RFC 7616): the answer to a server's challenge, without I/O.

aiohttp and `requests` have it as well. The one keeps a single challenge for all requests under way
and asks again by itself, past the rate limit and the count of attempts; the other needs its own
connections, and knows fewer algorithms.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote

from headrace.core.secrets.shipping import stays_here

# RFC 9110, 11.2: a scheme stands alone, its parameters have a `=`.
_PART = re.compile(r"""([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?""")
_ESCAPED = re.compile(r"\\(.)")
_SESSION = "-SESS"
# RFC 7616, 3.3, and the names that some servers use besides.
_HASHES = {
    "MD5": "md5",
    "SHA": "sha1",
    "SHA-256": "sha256",
    "SHA-512": "sha512",
    "SHA-512-256": "sha512_256",
}
_CLIENT_NONCE_BYTES = 16


@stays_here
@dataclass(frozen=True, slots=True)
class Digest:
    """The user that answers challenges.

    Args:
        username: The user's name.
        password: The password, which is never sent.
        new_client_nonce: Gives a text that nobody can foresee.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)
    new_client_nonce: Callable[[], str] = lambda: secrets.token_hex(_CLIENT_NONCE_BYTES)

    def authorization(self, challenge: Challenge, method: str, uri: str, body: bytes) -> str:
        """The Authorization header of a request (RFC 7616, 3.4).

        Args:
            challenge: What the server wants to see; it counts how often it was answered.
            method: The HTTP method.
            uri: Path and query exactly as they are sent.
            body: The body; empty where there is none.
        """
        client_nonce, number = self.new_client_nonce(), f"{next(challenge.numbers):08x}"
        hashed, nonce, qop = challenge.hashed, challenge.nonce, challenge.qop
        first = hashed(f"{self.username}:{challenge.realm}:{self.password}")
        if challenge.is_of_session:
            first = hashed(f"{first}:{nonce}:{client_nonce}")
        second = f"{method}:{uri}"
        if qop == "auth-int":
            second = f"{second}:{hashed(body)}"
        between = f"{nonce}:{number}:{client_nonce}:{qop}" if qop else nonce
        fields = {
            **self._named(challenge),
            "realm": _quoted(challenge.realm),
            "uri": _quoted(uri),
            "algorithm": challenge.algorithm,
            "nonce": _quoted(nonce),
            "nc": number if qop else None,
            "cnonce": _quoted(client_nonce) if qop or challenge.is_of_session else None,
            "qop": qop or None,
            "response": _quoted(hashed(f"{first}:{between}:{hashed(second)}")),
            "opaque": None if challenge.opaque is None else _quoted(challenge.opaque),
        }
        given = (f"{name}={value}" for name, value in fields.items() if value is not None)
        return f"Digest {', '.join(given)}"

    def _named(self, challenge: Challenge) -> dict[str, str]:
        """The user's name as the server wants it (RFC 7616, 3.4.4)."""
        if challenge.hides_user:
            name = challenge.hashed(f"{self.username}:{challenge.realm}")
            return {"username": _quoted(name), "userhash": "true"}
        if self.username.isascii() or not challenge.takes_utf8:
            return {"username": _quoted(self.username)}
        # RFC 8187, 3.2.
        return {"username*": f"UTF-8''{quote(self.username, safe='')}"}


@dataclass(frozen=True, slots=True, eq=False)
class Challenge:
    """What a server wants to see (RFC 7616, 3.3).

    Args:
        realm: The realm of the user's name.
        nonce: The server's nonce.
        algorithm: The algorithm as the server writes it; None where it does not, which is MD5.
        qop: What is protected, `auth` or `auth-int`; empty where the server does not know the word.
        opaque: What goes back as it came; None for nothing.
        is_stale: Whether only the nonce of the last request was too old.
        hides_user: Whether the user's name goes hashed.
        takes_utf8: Whether the server knows names in UTF-8 as RFC 7616 writes them; others, as
            Apache, take them as they are.
        numbers: How often the nonce has been used, for each use.
    """

    realm: str
    nonce: str
    algorithm: str | None = None
    qop: str = ""
    opaque: str | None = None
    is_stale: bool = False
    hides_user: bool = False
    takes_utf8: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    @property
    def is_of_session(self) -> bool:
        """Whether the secret is hashed with the nonces once more."""
        return (self.algorithm or "").upper().endswith(_SESSION)

    def hashed(self, text: str | bytes) -> str:
        """The hash of a text, in hexadecimal digits.

        Args:
            text: The text; it counts in UTF-8 (RFC 7616, 4).
        """
        data = text.encode() if isinstance(text, str) else text
        name = _HASHES[(self.algorithm or "MD5").upper().removesuffix(_SESSION)]
        return hashlib.new(name, data, usedforsecurity=False).hexdigest()


def challenge_in(header: str) -> Challenge | None:
    """The first Digest challenge that can be answered; the server names the one it prefers first.

    Args:
        header: The WWW-Authenticate headers of an answer, as one text.

    Returns:
        The challenge; None where there is none that can be answered.
    """
    for scheme, given in _challenges(header):
        if scheme == "digest" and "nonce" in given and _is_known(given.get("algorithm")):
            offered = [each.strip().lower() for each in given.get("qop", "").split(",")]
            qop = next((each for each in ("auth", "auth-int") if each in offered), "")
            if qop or not any(offered):
                return Challenge(
                    given.get("realm", ""),
                    given["nonce"],
                    given.get("algorithm"),
                    qop,
                    given.get("opaque"),
                    is_stale=given.get("stale", "").lower() == "true",
                    hides_user=given.get("userhash", "").lower() == "true",
                    takes_utf8=given.get("charset", "").lower() == "utf-8",
                )
    return None


def schemes_in(header: str) -> list[str]:
    """The names of the schemes in challenges, each once.

    Args:
        header: The WWW-Authenticate headers of an answer, as one text.
    """
    return list(dict.fromkeys(scheme for scheme, _ in _challenges(header)))


def _challenges(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    scheme, given = "", dict[str, str]()
    for part in _PART.finditer(header):
        name, quoted, plain = part.groups()
        if quoted is None and plain is None:
            if scheme:
                yield scheme, given
            scheme, given = name.lower(), {}
        else:
            value = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
            given.setdefault(name.lower(), value)
    if scheme:
        yield scheme, given


def _is_known(algorithm: str | None) -> bool:
    name = _HASHES.get((algorithm or "MD5").upper().removesuffix(_SESSION))
    return name in hashlib.algorithms_available


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
