"""How whoever reads a listing has a say in what counts as an answer."""

from __future__ import annotations

from collections.abc import Callable

from headrace.core.exchange import Request, Response, ShownRequest

ResponseHook = Callable[[Request, Response], Response]
"""Sees each answer before it counts: error statuses and redirects as well. Gives back the answer
that is to count, or raises one of the two below."""


class ResponseIgnored(Exception):  # noqa: N818 - says what is to be done, and is no error
    """The answer is to be passed over.

    Args:
        why: who says so.
        request: The request that was answered, without secrets.
    """

    def __init__(self, why: str, request: ShownRequest) -> None:
        self.why = why
        self.request = request
        super().__init__(why, request)


class ResponseRefused(Exception):  # noqa: N818
    """The answer does not count.

    Args:
        why: who says so, and what is to be done.
        again: whether another attempt may bring a better one.
    """

    def __init__(self, why: str, *, again: bool = False) -> None:
        self.why = why
        self.again = again
        super().__init__(why)
