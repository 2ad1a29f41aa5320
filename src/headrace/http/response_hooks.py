"""How whoever makes a request has a say in what counts as its answer."""

from __future__ import annotations

from collections.abc import Callable

from headrace.core.exchange import Request, Response, ShownRequest

ResponseHook = Callable[[Request, Response], Response]
"""Sees each answer before it counts, of whatever status: errors and redirects as well. Returns the
answer that is to count, or raises `ResponseIgnored` or `ResponseRefused`."""


class ResponseIgnored(Exception):  # noqa: N818 - says what is to be done, and is no error
    """The answer is to be passed over.

    Args:
        why: Who says so.
        request: The request that was answered, without secrets.
    """

    def __init__(self, why: str, request: ShownRequest) -> None:
        self.why = why
        self.request = request
        super().__init__(why, request)


class ResponseRefused(Exception):  # noqa: N818
    """The answer does not count.

    Args:
        why: Who says so, and what to do about it.
        again: Whether another attempt may bring a better answer.
        halves: Whether asking for less at once may.
    """

    def __init__(self, why: str, *, again: bool = False, halves: bool = False) -> None:
        self.why = why
        self.again = again
        self.halves = halves
        super().__init__(why)
