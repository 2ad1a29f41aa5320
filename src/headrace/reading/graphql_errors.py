"""Errors that a GraphQL server tells in an answer with the status of a success."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from headrace.core.exchange import Request, Response
from headrace.http.failures.messages import speaks_of_limit
from headrace.http.response_hooks import ResponseHook, ResponseRefused

# What servers call a limit on requests, which passes, in `extensions.code` or in `type`.
_PASSING = frozenset(["THROTTLED", "RATE_LIMITED", "RATELIMITED", "TOO_MANY_REQUESTS"])
_WHY = (
    "An answer with errors is not loaded, not even the part of it that is there: check the query "
    "and the variables of `endpoint.graphql`."
)


class _Answer(msgspec.Struct):
    errors: Any = None


_DECODER = msgspec.json.Decoder(_Answer)


def refusing_errors(before: ResponseHook | None) -> ResponseHook:
    """Makes a hook that refuses answers with errors of GraphQL.

    Args:
        before: A hook that sees each answer first, and may ignore it; None for none.
    """

    def see(request: Request, response: Response) -> Response:
        answer = response if before is None else before(request, response)
        if answer.status < 400 and (errors := _errors_in(answer.body)):
            raise ResponseRefused(_WHY, again=all(map(_is_passing, errors)))
        return answer

    return see


def _errors_in(body: bytes) -> list[Any]:
    try:
        errors = _DECODER.decode(body).errors
    except (msgspec.MsgspecError, RecursionError):
        # Whoever reads the rows says what came instead.
        return []
    return errors if isinstance(errors, list) else [errors] if errors else []


def _is_passing(error: Any) -> bool:
    return any(str(word).upper() in _PASSING for word in _words(error)) or speaks_of_limit(
        msgspec.json.encode(error)
    )


def _words(error: Any) -> Iterator[Any]:
    if isinstance(error, dict):
        yield error.get("type")
        extensions = error.get("extensions")
        if isinstance(extensions, dict):
            yield from (extensions.get("code"), extensions.get("type"))
