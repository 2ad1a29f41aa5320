"""Which answers lead elsewhere, and what is asked there (RFC 9110, 15.4)."""

from __future__ import annotations

from dataclasses import replace

from headrace.core.exchange import Request

# Not 300, which offers a choice, nor 304, which answers a conditional request: none is made.
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5


def redirected(request: Request, status: int) -> Request:
    """What is asked at the new place.

    A 303 asks for a GET. After 301 and 302 a POST becomes a GET as well: RFC 9110, 15.4.2 and
    15.4.3 allow it, and browsers and `requests` do it. With 307 and 308 the method stays.

    Args:
        request: The request that was redirected.
        status: The HTTP status code of the redirect.
    """
    if (status == 303 and request.method != "HEAD") or (
        status in {301, 302} and request.method == "POST"
    ):
        # Without a body the headers that describe one must go, too.
        headers = {
            name: value
            for name, value in request.headers.items()
            if not name.lower().startswith("content-")
        }
        return replace(request, method="GET", headers=headers, json=None, data=None)
    return request
