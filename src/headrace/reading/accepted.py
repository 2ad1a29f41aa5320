"""Answers with 202 Accepted: the server may still have to compute the rows (RFC 9110, 15.3.3)."""

from __future__ import annotations

from collections.abc import Callable

from jsonpath_ng import JSONPath

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.exchange import Response
from headrace.http.answer_policy import ONLY_READ
from headrace.sansio.decoding import Slicer
from headrace.sansio.rows.well_formed import is_json

# An object without fields, or nothing at all, tells of no row.
_NO_ROW = (b"{}", b"null")


def require_rows(
    response: Response, selector: str | JSONPath | None, new_slicer: Callable[[], Slicer]
) -> None:
    """Refuses an answer with 202 that holds no row yet.

    To be asked before the answer is cut for good: where its rows lie is not to be learnt from it.

    Args:
        response: An answer with 202.
        selector: The JSONPath to the rows of a page; None to look for a list in it.
        new_slicer: Makes what cuts such an answer.

    Raises:
        IncompletePage: It holds no row.
    """
    if not _has_rows(response, selector, new_slicer()):
        raise IncompletePage(_message(response.request.method))


def _has_rows(response: Response, selector: str | JSONPath | None, slicer: Slicer) -> bool:
    """Whether there are rows, or something that is no JSON, which the slicer speaks of better."""
    body, content_type = response.body, response.headers.get("Content-Type", "")
    if not body.strip():
        return False
    try:
        page = slicer.slice(body, content_type)
    except PageError:
        return not is_json(body)
    rows = [*page.rows, *(each.row for each in page.unreadable)]
    if selector is None and [bytes(row) for row in rows] == [body.strip()]:
        # An object without a list in it tells how the work goes.
        return False
    return any(bytes(row) not in _NO_ROW for row in rows)


def _message(method: str) -> str:
    told = "the server answers 202 Accepted without a row, as while it still computes them. "
    if method not in ONLY_READ:
        return (
            f"{told}Asked again, a {method} may begin the work anew, so it is not. Where it only "
            "reads, add `response_actions: [{status_code: 202, action: retry}]` to `endpoint`."
        )
    return (
        f"{told}Run again later, or raise `client.retry.max_attempts`. If it means that there are "
        "none, add `response_actions: [{status_code: 202, action: ignore}]` to `endpoint`."
    )
