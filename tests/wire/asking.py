"""Sends single requests with a client of their own."""

from __future__ import annotations

import asyncio
from typing import Any

from headrace.exchange import Request, Response
from headrace.wire.client import ClientSettings, HttpClient
from headrace.wire.credentials import Credentials


def send(
    base_url: str,
    request: Request | str = "",
    credentials: Credentials | None = None,
    **settings: Any,
) -> Response:
    """The answer to one request.

    Args:
        base_url: of the API.
        request: a path is asked for with GET.
        credentials: sent along.
        settings: of the client.
    """
    if isinstance(request, str):
        request = Request("GET", request)

    async def ask() -> Response:
        async with HttpClient(ClientSettings(base_url, **settings)) as client:
            return await client.send(request, credentials or Credentials())

    return asyncio.run(ask())
