"""Reads the body of an answer, and no more of it than is wanted.

A Content-Length tells nothing of the size after decompression, and need not be there (RFC 9112,
6.3): only counting what comes keeps an answer from taking all memory.
"""

from __future__ import annotations

import aiohttp

from headrace.core.exceptions import PageError
from headrace.core.exchange import ShownRequest

ERROR_BODY_BYTES = 64 * 1024


async def whole_body(response: aiohttp.ClientResponse, limit: int, asked: ShownRequest) -> bytes:
    """Reads the whole body, decompressed.

    Args:
        response: The answer to read.
        limit: The largest body that is taken, in bytes after decompression.
        asked: The request, fit to be shown.

    Raises:
        PageError: The body is larger than the limit.
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
    """Reads the first 64 KiB of the body: enough to see what went wrong.

    Args:
        response: The answer to read.
    """
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= ERROR_BODY_BYTES:
            break
    return body[:ERROR_BODY_BYTES]


def too_large(limit: int, asked: ShownRequest, status: int) -> PageError:
    """The error of a body beyond the limit.

    Args:
        limit: The largest body that is taken, in bytes after decompression.
        asked: The request, fit to be shown.
        status: The HTTP status code of the answer.
    """
    return PageError(
        f"{asked}: the answer is larger than {limit:,} bytes. Ask for smaller pages, or "
        "raise `client.max_response_bytes`.",
        url=asked.url,
        status=status,
    )
