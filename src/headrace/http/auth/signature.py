"""Signs each request by a function that the config names."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from headrace.core.exceptions import AuthenticationFailed
from headrace.core.secrets.redaction import Redactor, hold_secrets, one_line
from headrace.core.secrets.shipping import stays_here
from headrace.http.auth.base import Refusal
from headrace.http.failures.attempts import AttemptFailed
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest, merged_headers
from headrace.http.settings import ClientSettings
from headrace.http.threads import in_thread
from headrace.http.timing import Timing
from headrace.http.url import sendable, with_query

_PARTS = frozenset({"headers", "params"})
_WORDS = 300
# A new signature goes on each request.
_MOST_KNOWN = 64


@stays_here
class Signature:
    """Calls the function with each request, in a thread, one call at a time.

    Args:
        function: Called with `method`, `url`, `headers` and `body` by name, and with the
            `arguments`; gives back headers, or a mapping of `headers` and `params`.
        name: How the config names it.
        arguments: More that it is called with.
        hidden: Values besides the arguments that must never be shown.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        arguments: Mapping[str, Any],
        hidden: Iterable[str] = (),
    ) -> None:
        self._function = function
        self._name = name
        self._arguments = dict(arguments)
        self._hidden = tuple(sorted(hidden))
        self._put_on: deque[str] = deque(maxlen=_MOST_KNOWN)
        self._lock = threading.Lock()
        self.secrets: tuple[str, ...] = self._hidden

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the server refuses, by HTTP status code."""
        return {
            401: f"The server does not accept what `{self._name}` puts on the request: check that "
            "function, and the secrets that it signs with.",
            403: f"This may not be read with what `{self._name}` puts on the request: check what "
            "the secrets that it signs with are allowed to do.",
        }

    async def prepare(self, settings: ClientSettings, timing: Timing) -> None:
        """Nothing: the function is asked for each request; see `Authentication`."""

    async def sign(self, outgoing: OutgoingRequest, target: RequestTarget, seconds: float) -> None:
        """Puts on what the function gives back; see `Authentication`."""
        url = str(sendable(outgoing.url, target.home))
        call = partial(self._call, outgoing.method, url, dict(outgoing.headers), outgoing.body)
        try:
            async with asyncio.timeout(seconds):
                headers, params = await in_thread(call)
        except TimeoutError:
            failure = AuthenticationFailed(
                f"`{self._name}`, which is to sign the request, takes longer than {seconds:g} s. "
                "Raise `client.timeout`, or see what it waits for."
            )
            raise AttemptFailed(failure, f"{self._name}: timeout") from None
        # A function may give back the headers that it got, with its own among them.
        headers = {
            name: value for name, value in headers.items() if outgoing.headers.get(name) != value
        }
        self._put_on.extend(_values(headers, params))
        self.secrets = tuple(dict.fromkeys((*self._hidden, *self._put_on)))
        hold_secrets(self, self.secrets)
        outgoing.headers = merged_headers(outgoing.headers, headers, cookies={})
        outgoing.url = with_query(url, params) if params else outgoing.url
        outgoing.is_signed = True

    async def renew(
        self, refusal: Refusal, settings: ClientSettings, timing: Timing
    ) -> object | None:
        """None: the function would sign the request in the same way; see `Authentication`."""
        return None

    def _call(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[dict[str, str], dict[str, str]]:
        try:
            with self._lock:
                made = self._function(
                    method=method, url=url, headers=headers, body=body or b"", **self._arguments
                )
        except Exception as error:
            said = one_line(Redactor(self.secrets).clean(str(error)), _WORDS)
            raise AuthenticationFailed(
                f"`{self._name}`, which is to sign the request, fails with "
                f"{type(error).__name__}: {said}"
            ) from None
        return self._checked(made)

    def _checked(self, made: Any) -> tuple[dict[str, str], dict[str, str]]:
        if not isinstance(made, Mapping):
            raise self._wrong(f"gives back {type(made).__name__}")
        in_parts = bool(made) and all(isinstance(each, Mapping) for each in made.values())
        parts = made if in_parts else {"headers": made}
        if not set(parts) <= _PARTS:
            raise self._wrong("gives back mappings of other names")
        headers, params = (dict(parts.get(part, {})) for part in ("headers", "params"))
        for name, value in (*headers.items(), *params.items()):
            if not isinstance(name, str) or not isinstance(value, str):
                raise self._wrong("gives back a name or a value that is no text")
        if any("\n" in text or "\r" in text for text in (*headers, *headers.values())):
            raise self._wrong("gives back a header with a line break in it")
        return headers, params

    def _wrong(self, what: str) -> AuthenticationFailed:
        return AuthenticationFailed(
            f"`{self._name}`, which is to sign the request, {what}; it must give back a mapping of "
            "header names to texts, or one of `headers` and `params`, each such a mapping."
        )


def _values(headers: Mapping[str, str], params: Mapping[str, str]) -> Iterator[str]:
    for value in (*params.values(), *headers.values()):
        yield value
        if rest := value.partition(" ")[2]:
            yield rest
