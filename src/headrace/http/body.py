"""Reads the body of an answer, and no more of it than is wanted."""

from __future__ import annotations

import aiohttp

from headrace.core.exceptions import PageError
from headrace.core.exchange import ShownRequest

ERROR_BODY_BYTES = 64 * 1024


async def whole_body(response: aiohttp.ClientResponse, limit: int, asked: ShownRequest) -> bytes:
    """The whole body, decompressed.

    Args:
        response: to read.
        limit: the largest body taken, in bytes after decompression.
        asked: the request, fit to be shown.

    Raises:
        PageError: it is larger than the limit.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise too_large(limit, asked, response.status)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def beginning(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body: enough to see what went wrong."""
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= ERROR_BODY_BYTES:
            break
    return body[:ERROR_BODY_BYTES]


def too_large(limit: int, asked: ShownRequest, status: int) -> PageError:
    """The story of a body beyond the limit.

    Args:
        limit: the largest body taken, in bytes after decompression.
        asked: the request, fit to be shown.
        status: the HTTP status code of the answer.
    """
    return PageError(
        f"{asked}: the answer is larger than {limit:,} bytes. Ask for smaller pages, or "
        "raise `client.max_response_bytes`.",
        url=asked.url,
        status=status,
    )
