"""A server that asks for HTTP Digest, written after RFC 7616 and not after the client."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from urllib.parse import unquote

from tests.support.servers import Answer, Asked, Handler, JsonServer

USER, PASSWORD = "Mufasa", "Circle of Life"
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


def hashed(algorithm: str, text: bytes) -> str:
    return hashlib.new(_HASHES[algorithm.removesuffix("-sess")], text).hexdigest()


class DigestServer(JsonServer):
    """Answers a request with what `then` says where its Authorization is right.

    Args:
        algorithm: as in the challenge; empty to leave it out.
        uses: how often a nonce may be used, until another is given with `stale=true`.
        fields: more of the challenge, or other; None leaves a field out.
        user: the name it knows.
        password: of the user.
    """

    def __init__(
        self,
        algorithm: str = "MD5",
        uses: int = 1_000,
        user: str = USER,
        password: str = PASSWORD,
        **fields: str | None,
    ) -> None:
        super().__init__()
        self.algorithm, self.uses, self.user, self.password = algorithm, uses, user, password
        self.fields = {"realm": "a, b", "qop": "auth", "algorithm": algorithm, **fields}
        if algorithm == "":
            # Then it is MD5.
            self.algorithm, self.fields["algorithm"] = "MD5", None
        self.nonces: list[str] = []
        self.used: Counter[tuple[str, str]] = Counter()
        self.wrong: list[str] = []
        self.knows_written_names = True
        self.then: Handler = lambda asked: Answer([])
        self.handler = self._judge

    def _judge(self, asked: Asked) -> Answer:
        header = asked.headers.get("Authorization", "")
        problem = self._problem(asked, header) if header else "stale=false"
        if problem is None:
            return self.then(asked)
        if header and problem != "stale=true":
            self.wrong.append(f"{problem}: {header}")
        return Answer({"message": "who?"}, 401, {"WWW-Authenticate": self._challenge(problem)})

    def _challenge(self, problem: str) -> str:
        self.nonces.append(f"nonce-{len(self.nonces)}")
        fields = {**self.fields, "nonce": self.nonces[-1]}
        given = [f"{name}={_quoted(value)}" for name, value in fields.items() if value is not None]
        return "Digest " + ", ".join([*given, *([problem] if problem == "stale=true" else [])])

    def _problem(self, asked: Asked, header: str) -> str | None:
        found = re.findall(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', header)
        said = {name: re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in found}
        if said["uri"] != asked.target:
            return "another uri"
        if not self._is_named(said):
            return "another user"
        if said["nonce"] not in self.nonces:
            return "unknown nonce"
        if said["response"] != self._response(asked, said):
            return "another response"
        number = said.get("nc", "")
        if "qop" in said and (len(number) != 8 or self.used[said["nonce"], number]):
            return "a count that was there"
        self.used[said["nonce"], number] += 1
        uses = sum(times for (nonce, _), times in self.used.items() if nonce == said["nonce"])
        return "stale=true" if uses > self.uses else None

    def _is_named(self, said: dict[str, str]) -> bool:
        if said.get("userhash") == "true":
            whole = f"{self.user}:{self.fields['realm']}".encode()
            return said["username"] == hashed(self.algorithm, whole)
        if "username*" in said:
            return (
                self.knows_written_names
                and unquote(said["username*"].removeprefix("UTF-8''")) == self.user
            )
        return said.get("username") == self.user

    def _response(self, asked: Asked, said: dict[str, str]) -> str:
        def digest(*parts: str) -> str:
            return hashed(self.algorithm, ":".join(parts).encode())

        secret = digest(self.user, str(self.fields["realm"]), self.password)
        if self.algorithm.endswith("-sess"):
            secret = digest(secret, said["nonce"], said["cnonce"])
        request = [asked.method, asked.target]
        if said.get("qop") == "auth-int":
            request.append(hashed(self.algorithm, asked.body))
        if "qop" not in said:
            return digest(secret, said["nonce"], digest(*request))
        return digest(
            secret, said["nonce"], said["nc"], said["cnonce"], said["qop"], digest(*request)
        )


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
