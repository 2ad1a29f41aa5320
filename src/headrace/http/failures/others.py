"""Failures that nothing more is known of than what the exception says."""

from __future__ import annotations

from headrace.core.secrets.redaction import Redactor, one_line
from headrace.http.failures.kinds import Failure, FailureKind

LONGEST_WORDS = 200
"""So many characters of what others say are shown."""


def other_failure(error: Exception, redactor: Redactor) -> Failure:
    """What an exception means of which nothing more is known.

    Args:
        error: The exception.
        redactor: Hides secrets in its words.
    """
    words = one_line(redactor.clean(str(error)), LONGEST_WORDS)
    is_of_the_system = isinstance(error, OSError)
    return Failure(
        FailureKind.OTHER_CONNECTION if is_of_the_system else FailureKind.OTHER,
        f"{type(error).__name__}: {words}",
    )
