"""The lists of the sample API: parameters checked, cursors read and made, pages put together."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from headrace.simulator.archive import Archive
from headrace.simulator.workflows import workflow_json

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
_INTEGER = re.compile(r"-?[0-9]{1,4000}")
_POSITION = re.compile(r"[0-9]{1,18}")


class BadParameter(Exception):  # noqa: N818 - it is the client's fault, not ours
    """A query parameter cannot be used; the message is what the API says about it."""


def executions_page(archive: Archive, query: Mapping[str, str]) -> bytes:
    """Return the JSON text of one page of executions.

    Args:
        archive: where the rows come from.
        query: the request's parameters: `limit`, `cursor`, `status`, `workflowId`.

    Raises:
        BadParameter: one of them cannot be used.
    """
    limit, status = _limit(query), _status(query)
    below = archive.history.rows + 1
    if "cursor" in query:
        cursor = _cursor(query["cursor"])
        below, limit = min(below, _last_id(cursor)), _cursor_limit(cursor)
    workflow_id = query.get("workflowId")
    if status is None and workflow_id is None:
        oldest = max(1, below - limit)
        pieces, more = archive.json(below - 1, oldest), oldest > 1
    else:
        found = list(islice(archive.matching(status, workflow_id, below), limit + 1))
        shown, more = found[:limit], len(found) > limit
        pieces = [piece for each in shown for piece in archive.json(each, each)]
        oldest = shown[-1] if shown else below
    return _page(pieces, {"lastId": str(oldest), "limit": limit} if more else None)


def workflows_page(query: Mapping[str, str]) -> bytes:
    """Return the JSON text of one page of workflows.

    Args:
        query: the request's parameters: `limit`, `cursor`.

    Raises:
        BadParameter: one of them cannot be used.
    """
    limit, offset = _limit(query), 0
    if "cursor" in query:
        cursor = _cursor(query["cursor"])
        offset, limit = _offset(cursor), _cursor_limit(cursor)
    rows = workflow_json()
    end = offset + limit
    pieces = [row + b"," for row in rows[offset:end]]
    return _page(pieces, {"limit": limit, "offset": end} if end < len(rows) else None)


def _page(rows: Sequence[bytes | memoryview[int]], cursor: Mapping[str, Any] | None) -> bytes:
    """Put a page together from pieces of its rows, which have a comma after each row."""
    # One join copies the rows once; a page is 60 kB.
    without_last_comma = [*rows[:-1], *(piece[:-1] for piece in rows[-1:])]
    following = "null" if cursor is None else f'"{encode_cursor(cursor)}"'
    return b"".join([b'{"data":[', *without_last_comma, f'],"nextCursor":{following}}}'.encode()])


def encode_cursor(place: Mapping[str, Any]) -> str:
    """Make the opaque text that stands for a place in a list."""
    return base64.b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()


def _cursor(text: str) -> Mapping[str, Any]:
    try:
        place = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if not isinstance(place, dict):
        raise _bad_cursor()
    return place


def _bad_cursor() -> BadParameter:
    return BadParameter("An invalid cursor was provided")


def _last_id(cursor: Mapping[str, Any]) -> int:
    last_id = cursor.get("lastId")
    if not isinstance(last_id, str) or not _POSITION.fullmatch(last_id) or int(last_id) < 1:
        raise _bad_cursor()
    return int(last_id)


def _offset(cursor: Mapping[str, Any]) -> int:
    offset = cursor.get("offset")
    if type(offset) is not int or offset < 0:
        raise _bad_cursor()
    return offset


def _cursor_limit(cursor: Mapping[str, Any]) -> int:
    """Return the page size of the listing that the cursor goes on with; it outweighs `limit`."""
    limit = cursor.get("limit")
    if type(limit) is not int or not 1 <= limit <= MAX_LIMIT:
        raise _bad_cursor()
    return limit


def _limit(query: Mapping[str, str]) -> int:
    if "limit" not in query:
        return DEFAULT_LIMIT
    if not _INTEGER.fullmatch(query["limit"]):
        raise BadParameter("request/query/limit must be integer")
    limit = int(query["limit"])
    if limit < 1:
        raise BadParameter("request/query/limit must be >= 1")
    if limit > MAX_LIMIT:
        raise BadParameter(f"request/query/limit must be <= {MAX_LIMIT}")
    return limit


def _status(query: Mapping[str, str]) -> str | None:
    status = query.get("status")
    if status is not None and status not in _STATUS_VALUES:
        allowed = ", ".join(_STATUS_VALUES)
        raise BadParameter(
            f"request/query/status must be equal to one of the allowed values: {allowed}"
        )
    return status
