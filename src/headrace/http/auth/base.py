"""Proof of who asks that changes from one request to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from headrace.http.auth.credentials import Credentials
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.settings import ClientSettings
from headrace.http.timing import Timing


class Authentication(Protocol):
    """What has to do more than add the same to each request; all lanes share one."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown, as far as they are known by now."""
        ...

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the server refuses, by HTTP status."""
        ...

    async def prepare(self, settings: ClientSettings, timing: Timing) -> None:
        """Gets what the next request needs, while that takes no place from others.

        Args:
            settings: of the API.
            timing: of its client.

        Raises:
            AuthenticationFailed: it cannot be had.
        """
        ...

    async def sign(self, outgoing: OutgoingRequest, target: RequestTarget, seconds: float) -> None:
        """Adds the proof to a request, and notes on it which one that is.

        Args:
            outgoing: The request that is about to be sent; it is changed.
            target: Where the request goes.
            seconds: How long this may take.

        Raises:
            AuthenticationFailed: there is no proof, or it would lead the request elsewhere.
            AttemptFailed: there is none now, but there may be the next time.
        """
        ...

    async def renew(self, proof: object, settings: ClientSettings, timing: Timing) -> bool:
        """Gets another proof in place of one that the server took no more.

        Args:
            proof: as noted on the refused request.
            settings: of the API.
            timing: of its client.

        Returns:
            Whether there is another one now, with which to ask again.

        Raises:
            AuthenticationFailed: it cannot be had.
        """
        ...


AnyAuthentication = Credentials | Authentication
"""The same for each request, or not."""
