"""Answers the challenges of HTTP Digest, each request by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headrace.core.exceptions import AuthenticationFailed
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.core.secrets.shipping import stays_here
from headrace.http.auth.base import Refusal
from headrace.http.auth.digest import Challenge, Digest, challenge_in, schemes_in
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.settings import ClientSettings
from headrace.http.timing import Timing
from headrace.http.url import sendable

_LONGEST_LIST = 100


@stays_here
class DigestAuth:
    """Asks without credentials first; from then on each request answers the last challenge.

    Args:
        username: The user's name.
        password: The password, which is never sent.
        hidden: More values that must never be shown.
    """

    def __init__(self, username: str, password: str, hidden: Iterable[str] = ()) -> None:
        self._digest = Digest(username, password)
        self._current: Challenge | None = None
        self.secrets: tuple[str, ...] = tuple(sorted({*hidden, password}))

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the server refuses, by HTTP status code."""
        return {
            401: "The server does not accept the user name and password (HTTP Digest): check "
            "`client.auth`, or the `auth` of the endpoint.",
            403: "This may not be read with the user name and password (HTTP Digest): check what "
            "the user may do.",
        }

    async def prepare(self, settings: ClientSettings, timing: Timing) -> None:
        """Nothing: the server asks first; see `Authentication`."""

    async def sign(self, outgoing: OutgoingRequest, target: RequestTarget, seconds: float) -> None:
        """Answers the challenge to this request, or the last one; see `Authentication`."""
        # A login of the session's must not go in its place.
        outgoing.is_signed = True
        own = outgoing.proof
        challenge = own if isinstance(own, Challenge) else self._current
        outgoing.proof = challenge
        if challenge is not None:
            uri = sendable(outgoing.url, target.home).raw_path_qs
            outgoing.headers["Authorization"] = self._digest.authorization(
                challenge, outgoing.method, uri, outgoing.body or b""
            )

    async def renew(
        self, refusal: Refusal, settings: ClientSettings, timing: Timing
    ) -> object | None:
        """Takes the challenge, unless it says that name and password are wrong.

        See `Authentication`. Some servers give a new nonce without the word `stale`.
        """
        challenge, before = challenge_in(refusal.challenge), refusal.proof
        if challenge is None:
            raise self._not_asked_for(refusal)
        if isinstance(before, Challenge) and before.nonce == challenge.nonce:
            return challenge if challenge.is_stale else None
        self._current = challenge
        return challenge

    def _not_asked_for(self, refusal: Refusal) -> AuthenticationFailed:
        schemes = schemes_in(refusal.challenge)
        shown = one_line(Redactor(self.secrets).clean(", ".join(schemes)), _LONGEST_LIST)
        if "digest" in schemes:
            what = "in a way that is not known here: another algorithm or `qop`"
        elif schemes:
            what = (
                f"but for {shown}. Check the `type` of `client.auth`, or of the endpoint's `auth`"
            )
        else:
            what = "nor says what it wants (WWW-Authenticate). Check the `type` of `client.auth`"
        asks = "asks for HTTP Digest" if "digest" in schemes else "does not ask for HTTP Digest"
        error = refusal.error
        return AuthenticationFailed(
            f"{error.url or ''}: the server {asks}, {what}.".removeprefix(": "),
            url=error.url,
            status=error.status,
        )
