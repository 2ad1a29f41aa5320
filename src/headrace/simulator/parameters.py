"""Reading a request's query parameters; what cannot be used is refused in the API's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

DEFAULT_LIMIT = 100
MAX_LIMIT = 250

_STATUS_VALUES = (
    "canceled",
    "crashed",
    "error",
    "new",
    "running",
    "success",
    "unknown",
    "waiting",
)
_MILLISECOND = timedelta(milliseconds=1)
_INTEGER = re.compile(r"-?[0-9]{1,4000}")


class BadParameter(Exception):  # noqa: N818 - it is the client's fault, not ours
    """A query parameter cannot be used; the message is what the API says about it."""


def read_limit(query: Mapping[str, str], *, cut: bool = False) -> int:
    """Return how many rows a page may have.

    Args:
        query: The request's parameters.
        cut: Whether 250 is meant by whatever is more.

    Raises:
        BadParameter: It is not a whole number from 1 to 250.
    """
    if "limit" not in query:
        return DEFAULT_LIMIT
    if not _INTEGER.fullmatch(query["limit"]):
        raise BadParameter("request/query/limit must be integer")
    limit = int(query["limit"])
    if limit < 1:
        raise BadParameter("request/query/limit must be >= 1")
    if limit > MAX_LIMIT and cut:
        return MAX_LIMIT
    if limit > MAX_LIMIT:
        raise BadParameter(f"request/query/limit must be <= {MAX_LIMIT}")
    return limit


def read_status(query: Mapping[str, str]) -> str | None:
    """Return the status that is asked for; None for any.

    Args:
        query: The request's parameters.

    Raises:
        BadParameter: There is no such status.
    """
    status = query.get("status")
    if status is not None and status not in _STATUS_VALUES:
        allowed = ", ".join(_STATUS_VALUES)
        raise BadParameter(
            f"request/query/status must be equal to one of the allowed values: {allowed}"
        )
    return status


def read_moment(query: Mapping[str, str], name: str) -> int | None:
    """Return a moment that is asked for, in milliseconds since 1970; None for none.

    Args:
        query: The request's parameters.
        name: The parameter, as `startedAfter`.

    Raises:
        BadParameter: It is no date and time with its zone.
    """
    if name not in query:
        return None
    refused = BadParameter(f'request/query/{name} must match format "date-time"')
    try:
        moment = datetime.fromisoformat(query[name])
    except ValueError:
        raise refused from None
    if moment.tzinfo is None:
        raise refused
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND
