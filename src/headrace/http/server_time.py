"""Moments that headers name, the server's own time among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def server_time(headers: Mapping[str, str]) -> float | None:
    """The time of an answer by the clock of the server (RFC 9110, 6.6.1).

    Args:
        headers: The headers of the answer, looked up without regard to case.

    Returns:
        Seconds since 1970; None where no header tells it.
    """
    return moment_of(headers.get("Date", ""))


def moment_of(text: str) -> float | None:
    """The moment that a header names.

    Args:
        text: The value of the header: a date of HTTP, or an ISO time.

    Returns:
        Seconds since 1970; None where it names no moment.
    """
    moment: datetime
    try:
        moment = datetime.fromisoformat(text) if text[10:11] == "T" else parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # A date without a zone is in UTC, as HTTP has no other.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
