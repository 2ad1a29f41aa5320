"""Authentication whose credentials change from one request to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from headrace.core.exceptions import ResponseStatusError
from headrace.core.quick_dataclasses import dataclass
from headrace.http.auth.credentials import Credentials
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.settings import ClientSettings
from headrace.http.timing import Timing


@dataclass(frozen=True, slots=True)
class Refusal:
    """That a server refused a request with 401.

    Args:
        error: What to raise where nothing else helps.
        proof: What was noted on the request.
        challenge: What the server wants to see, in its WWW-Authenticate headers (RFC 9110,
            11.6.1); empty where it does not say.
    """

    error: ResponseStatusError
    proof: object
    challenge: str = ""


class Authentication(Protocol):
    """Puts credentials on requests, and gets new ones; all lanes of an API share one."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown, as far as they are known at the moment."""
        ...

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the server refuses, by HTTP status code."""
        ...

    async def prepare(self, settings: ClientSettings, timing: Timing) -> None:
        """Gets what the next request needs, before the request takes the place of another.

        Args:
            settings: The settings of the API.
            timing: The clock of its client.

        Raises:
            AuthenticationFailed: The credentials cannot be had.
        """
        ...

    async def sign(self, outgoing: OutgoingRequest, target: RequestTarget, seconds: float) -> None:
        """Adds the credentials to a request, and notes on it which ones they are.

        Args:
            outgoing: The request that is about to be sent; it is changed. Where it was sent before,
                what was noted then, or given for it by `renew`, is on it.
            target: Where the request goes.
            seconds: How long this may take.

        Raises:
            AuthenticationFailed: There are no credentials, or they would lead the request
                elsewhere.
            AttemptFailed: There are none now, but there may be the next time.
        """
        ...

    async def renew(
        self, refusal: Refusal, settings: ClientSettings, timing: Timing
    ) -> object | None:
        """Gets new credentials in place of those that the server refused with 401.

        Args:
            refusal: What was refused, and how.
            settings: The settings of the API.
            timing: The clock of its client.

        Returns:
            What the credentials are known by with which to ask again; None where there are no
            others.

        Raises:
            AuthenticationFailed: They cannot be had.
        """
        ...


AnyAuthentication = Credentials | Authentication
"""Credentials that are the same for each request, or what puts others on each."""
