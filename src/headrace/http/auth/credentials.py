"""Credentials that are the same for each request."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from headrace.core.secrets.shipping import stays_here


@stays_here
@dataclass(frozen=True, slots=True, weakref_slot=True)
class Credentials:
    """Headers, query parameters and cookies that go to the API's own origin only.

    Args:
        headers: The headers, as they are sent. Like the others they are kept out of the `repr`.
        params: The parameters to add to the query.
        cookies: The cookies to add to the Cookie header.
        secrets: The values that must never be shown.
        what: What the credentials are and where they go, for messages; empty where there are none.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    what: str = field(default="", repr=False)

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the server refuses, by HTTP status code."""
        if not self.what:
            return {
                401: "The server wants to know who asks: set `client.auth`, or check what "
                "`headers` and `params` hold in its place.",
                403: "Nobody without credentials may read this: set `client.auth`, or check what "
                "`headers` and `params` hold in its place.",
            }
        return {
            401: f"The server does not accept {self.what}: check `client.auth`, or the `auth` of "
            "the endpoint.",
            403: f"This may not be read with {self.what}: check what it is allowed to do, and "
            "that `client.auth`, or the `auth` of the endpoint, is right.",
        }

    def with_secrets(self, more: Iterable[str]) -> Credentials:
        """The same credentials, with more values that must never be shown.

        Args:
            more: The values.
        """
        return replace(self, secrets=tuple(sorted({*self.secrets, *more})))

    @classmethod
    def api_key(cls, name: str, key: str, location: str = "header") -> Credentials:
        """A key under a name of the API's choice.

        Args:
            name: The name of the header, query parameter or cookie.
            key: The secret.
            location: Where the key goes: `header`, `query` (`param` means the same) or `cookie`.
        """
        pair = {name: key}
        if location == "header":
            return cls(headers=pair, secrets=(key,), what=f"the key in the header `{name}`")
        if location == "cookie":
            return cls(cookies=pair, secrets=(key,), what=f"the key in the cookie `{name}`")
        return cls(params=pair, secrets=(key,), what=f"the key in the query parameter `{name}`")

    @classmethod
    def bearer(cls, token: str) -> Credentials:
        """A bearer token in the Authorization header (RFC 6750, 2.1).

        Args:
            token: The secret.
        """
        return cls(
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token,),
            what="the bearer token in the header `Authorization`",
        )

    @classmethod
    def basic(cls, username: str, password: str) -> Credentials:
        """A user name and password in the Authorization header (RFC 7617).

        Args:
            username: The user name; it must not contain a colon.
            password: The password; it is a secret, and so is the pair as it is sent.
        """
        # RFC 7617 leaves the charset open; UTF-8 is what servers take, as far as they say (2.1).
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        return cls(
            headers={"Authorization": f"Basic {pair}"},
            # Where there is no password, the name is a key.
            secrets=(password or username, pair),
            what="the user name and password in the header `Authorization`",
        )
