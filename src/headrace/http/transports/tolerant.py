"""Reads answers that aiohttp refuses for their Content-Length, though it says how long they are."""

from __future__ import annotations

import re

import requests

from headrace.core.exchange import Headers
from headrace.http.failures.kinds import Failure, FailureKind
from headrace.http.failures.messages import connection_failed
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.settings import ClientSettings
from headrace.http.transports.base import Answer
from headrace.http.transports.requests_session import SessionTransport, as_it_is
from headrace.http.url import shown_origin

_LENGTH = "Content-Length"
# How aiohttp's parser says that a length is no number, as two of them are none.
_NO_NUMBER = re.compile(rf"Invalid character in {_LENGTH}: b'{_LENGTH}:([^']*)'", re.I)


class TolerantTransport:
    """Sends requests over a session of `requests`, which tells more of an odd header.

    A length that is there twice with one value is that value (RFC 9112, 6.3); beside chunks it
    counts for nothing.

    Args:
        settings: The settings of the API.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._session = requests.Session()
        # Whoever reads the header otherwise would wait for more on a connection that stays open.
        self._session.headers["Connection"] = "close"
        # Credentials are with the request, and none come from a .netrc.
        self._session.auth = as_it_is
        self._transport = SessionTransport(self._session, settings)
        self._url_key = settings.url_key

    async def exchange(
        self,
        outgoing: OutgoingRequest,
        target: RequestTarget,
        seconds: float,
    ) -> Answer:
        """Sends a request and takes its whole answer, as `Transport` says."""
        answer = await self._transport.exchange(outgoing, target, seconds)
        if not _tells_length(answer.headers):
            said = outgoing.redactor().clean(answer.headers[_LENGTH])
            failure = Failure(FailureKind.BROKEN_HEAD, f"{_LENGTH}: {said}")
            origin = shown_origin(target.home)
            raise connection_failed(failure, outgoing.shown, origin, seconds, self._url_key)
        return answer

    async def close(self) -> None:
        """Closes the connections."""
        self._session.close()


def may_tell_length(refusal: str) -> bool:
    """Whether an answer may tell its length nevertheless.

    Args:
        refusal: How aiohttp's parser refuses the answer.
    """
    shown = _NO_NUMBER.search(refusal)
    return _LENGTH in refusal if shown is None else _is_length(shown[1])


def _tells_length(headers: Headers) -> bool:
    return "Transfer-Encoding" in headers or _is_length(headers.get(_LENGTH, "0"))


def _is_length(said: str) -> bool:
    lengths = {length.strip() for length in said.split(",")}
    return len(lengths) == 1 and lengths.pop().isdecimal()
