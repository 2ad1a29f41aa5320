"""Which failures another attempt may mend: the same rules whichever library sends the request."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.core.exceptions import ConnectionFailed, HeadraceError
from headrace.http.failures.kinds import Failure, FailureKind

_PASSING = {
    FailureKind.UNKNOWN_HOST: "unknown host",
    FailureKind.PROXY: "no proxy",
    FailureKind.TIMEOUT: "timeout",
    FailureKind.NO_CONNECTION: "no connection",
    FailureKind.ENCODING: "broken answer",
    FailureKind.BROKEN_OFF: "broken answer",
    FailureKind.BROKEN_BODY: "broken answer",
    FailureKind.CLOSED: "closed connection",
    FailureKind.OTHER_CONNECTION: "closed connection",
}
# RFC 9110, 15.6: the server, or one behind the proxy, is in trouble. Others, as 407, stay.
_PROXY_IN_TROUBLE = frozenset({500, 502, 503, 504})
# A name that is not known at once and not a second later is a mistake, not a bad network.
_TRIES_TO_FIND_A_HOST = 2
# A server that was there, and then takes no connection, is likely to start anew: that takes time.
_PATIENCE_WITH_A_RESTART = 2.0


@dataclass(eq=False)
class AttemptFailed(Exception):  # noqa: N818
    """An attempt brought no usable answer, but another one may.

    Args:
        error: What to raise when there is no other attempt.
        brief: What happened, in a word or two.
        most_attempts: How many attempts to make in all, where that is fewer than the settings
            allow; None where it is not.
        pause: For how many seconds the server asks to be left alone; None where it does not ask.
        slows_all: Whether no other request of the client should be made before then either.
        patience: How many times as long as usual to wait, where the server does not say.
        seconds: How long the attempt took.
    """

    error: HeadraceError
    brief: str
    most_attempts: int | None = None
    pause: float | None = None
    slows_all: bool = False
    patience: float = 1.0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        # What an exception is pickled by: without this, the positional arguments alone.
        super().__init__(*vars(self).values())


def passing_name(failure: Failure) -> str | None:
    """What to call a failure that may be over the next time.

    Args:
        failure: What went wrong.

    Returns:
        A word or two; None for a failure that would only come again, such as a certificate that
        is not trusted, an answer that is not HTTP, or a URL that cannot be.
    """
    if failure.proxy_status is not None:
        status = failure.proxy_status
        return f"proxy {status}" if status in _PROXY_IN_TROUBLE else None
    return _PASSING.get(failure.kind)


def attempt_failed(
    failure: Failure, error: ConnectionFailed, *, has_answered: bool
) -> ConnectionFailed | AttemptFailed:
    """What to raise for an attempt that failed.

    Args:
        failure: What went wrong.
        error: The error that tells the user of it.
        has_answered: Whether the server has answered this client before.

    Returns:
        The error itself where another attempt would fail in the same way.
    """
    brief = passing_name(failure)
    if brief is None:
        return error
    is_unknown = failure.kind is FailureKind.UNKNOWN_HOST
    may_be_restarting = failure.kind is FailureKind.NO_CONNECTION and has_answered
    return AttemptFailed(
        error,
        brief,
        _TRIES_TO_FIND_A_HOST if is_unknown else None,
        patience=_PATIENCE_WITH_A_RESTART if may_be_restarting else 1.0,
    )
