"""Requests that failed beside a listing, whose rows are loaded all the same.

Such a request is for a single row by its own path, or for what belongs to one row of a parent. It
is on record from then on, and asked again in each sync until it works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace.core.exceptions import AuthenticationFailed, HeadraceError, PageError, RequestError

_UNAUTHORIZED = 401
# By these a server says nothing of whether the request is the right one: that it is in trouble, or
# busy, or that this client may not see what is there.
_NOT_OF_THE_REQUEST = frozenset({403, 408, 423, 425, 429})


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A request that failed beside a listing, and is asked again in the next sync.

    Args:
        resource: The name of the resource that it was made for.
        key: The key of the row that was asked for; where it asked what belongs to one row of a
            parent, the fields of that row that the request holds, as JSON.
        request: The method and the URL, without secrets.
        status: The HTTP status of the last answer; None where no answer came.
        reason: Why the last attempt failed.
        since: When it failed first, in UTC.
        last_tried: When it was tried last, in UTC.
        tries: In how many syncs it was tried; 0 where others failed so often that it was left for
            the next sync.
    """

    resource: str
    key: str
    request: str
    status: int | None
    reason: str
    since: datetime
    last_tried: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Failure:
    """How a request failed.

    Args:
        error: Why.
        request: The method and the URL, without secrets; empty where it was not made.
        was_asked: Whether it was made at all.
        needed: What the next load needs to ask again, as JSON values.
    """

    error: HeadraceError
    request: str
    was_asked: bool = True
    needed: Mapping[str, Any] | None = None


def is_of_one_request(error: HeadraceError) -> bool:
    """Whether an error is that of one request, so that others may go well.

    Args:
        error: What a request, or its answer, led to.
    """
    if not isinstance(error, RequestError | PageError) or isinstance(error, AuthenticationFailed):
        return False
    # Credentials that are refused for one request are refused for all.
    return error.url is not None and error.status != _UNAUTHORIZED


def may_be_of_config(error: HeadraceError) -> bool:
    """Whether an error may come of what the config says of the request: a wrong path, say.

    Args:
        error: What a request led to.
    """
    if error.status is None:
        return isinstance(error, PageError)
    return error.status < 500 and error.status not in _NOT_OF_THE_REQUEST
