"""Answers as `requests` gives them, for code that was written for dlt's REST client."""

from __future__ import annotations

import traceback
from http import HTTPStatus
from pathlib import Path

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from headrace.core.exchange import Response
from headrace.core.secrets.redaction import one_line

_STATUSES = frozenset(HTTPStatus)
_LONGEST_REASON = 300


def as_requests_response(answer: Response, asked: requests.Request) -> requests.Response:
    """The answer as `requests` would have given it.

    Args:
        answer: The answer as it came.
        asked: The request that it answers. Its URL is taken from the answer.
    """
    response = requests.Response()
    response.status_code = answer.status
    response.reason = HTTPStatus(answer.status).phrase if answer.status in _STATUSES else ""
    response.headers = CaseInsensitiveDict(dict(answer.headers))
    response.encoding = get_encoding_from_headers(response.headers)
    response.url = answer.url
    response.request = requests.Request(
        asked.method, answer.url, headers=asked.headers, json=asked.json, data=asked.data
    ).prepare()
    # `requests` has no public way to make an answer out of a body that is there already; its own
    # `iter_content` and `content` look at these two.
    response._content = answer.body
    response._content_consumed = True  # type: ignore[attr-defined]
    return response


def is_read(response: requests.Response) -> bool:
    """Whether the body of an answer has been read already, as by a hook of its session.

    Args:
        response: The answer.
    """
    return bool(getattr(response, "_content_consumed", True))


def told_failure(error: Exception) -> str:
    """Says what went wrong in the user's code, and where.

    The traceback itself is not shown: its frames would hold the answer, with all that is in it.

    Args:
        error: What the user's code raised.
    """
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    return f"{type(error).__name__}: {one_line(str(error), _LONGEST_REASON)} ({where})"
