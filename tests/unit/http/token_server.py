"""A server that gives out tokens, and a client that asks with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from headrace.core.exchange import Request, Response
from headrace.http.auth.oauth2 import ClientCredentials, TokenSettings
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime

CLIENT_ID = "client-id-canary"
CLIENT_SECRET = "client-s3cret+canary"


class TokenServer(JsonServer):
    """Gives out tokens that end in their number; what it was asked is in `asked`."""

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.fields = {"token_type": "Bearer", "expires_in": 3600, **fields}
        self.handler = self._give

    def _give(self, asked: Asked) -> Answer:
        return Answer({"access_token": self.token, **self.fields})

    @property
    def token(self) -> str:
        """The one given out last."""
        return f"token-canary-{len(self.asked)}"

    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(asked.body.decode())) for asked in self.asked]


def settings_of(tokens: TokenServer, **settings: Any) -> TokenSettings:
    return TokenSettings(f"{tokens.base_url}/oauth/token", CLIENT_ID, CLIENT_SECRET, **settings)


@contextmanager
def conversation(
    server: JsonServer,
    settings: TokenSettings,
    time: PassingTime | None = None,
    **client: Any,
) -> Iterator[Callable[..., list[Response]]]:
    """Asks for paths, those of one call at once, through one client."""
    auth = ClientCredentials(settings)
    given = ClientSettings(server.base_url, **{"retry": RetrySettings(max_attempts=1), **client})
    timing = (time or PassingTime()).timing

    with asyncio.Runner() as runner:
        api = HttpClient(given, timing)
        runner.run(api.__aenter__())

        def ask(*paths: str) -> list[Response]:
            async def all_at_once() -> list[Response]:
                asked = (api.send(Request("GET", path), auth) for path in paths)
                return list(await asyncio.gather(*asked))

            return runner.run(all_at_once())

        try:
            yield ask
        finally:
            runner.run(api.__aexit__())


def bearers(server: JsonServer) -> list[str | None]:
    return [asked.headers.get("Authorization") for asked in server.asked]
