"""What is added to each request to prove who asks."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers, query parameters and cookies that go to the API's own origin only.

    Args:
        headers: as sent; kept out of the repr, as the others are.
        params: added to the query.
        cookies: added to the Cookie header.
        secrets: the values that must never be shown.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def api_key(cls, name: str, key: str, location: str = "header") -> Credentials:
        """A key under a name of the API's choice.

        Args:
            name: of the header, query parameter or cookie.
            key: the secret.
            location: `header`, `query` (`param` says the same) or `cookie`.
        """
        pair = {name: key}
        if location == "header":
            return cls(headers=pair, secrets=(key,))
        if location == "cookie":
            return cls(cookies=pair, secrets=(key,))
        return cls(params=pair, secrets=(key,))

    @classmethod
    def bearer(cls, token: str) -> Credentials:
        """A bearer token in the Authorization header (RFC 6750, 2.1)."""
        return cls(headers={"Authorization": f"Bearer {token}"}, secrets=(token,))

    @classmethod
    def basic(cls, username: str, password: str) -> Credentials:
        """A user name and password in the Authorization header (RFC 7617)."""
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        return cls(headers={"Authorization": f"Basic {pair}"}, secrets=(password, pair))
