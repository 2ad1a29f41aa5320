"""The listings of the sample API: which page is asked for, and the text of that page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from headrace.simulator.cursors import Cursors, last_id, offset, page_size
from headrace.simulator.parameters import read_limit, read_moment, read_status
from headrace.simulator.release import OLDER, Release
from headrace.simulator.wanted import Wanted
from headrace.simulator.workflows import workflow_json

_LASTING_CURSORS = Cursors()


class PageRows(NamedTuple):
    """The rows of one page.

    Args:
        pieces: The rows as JSON objects, newest first, a comma after each; a piece has one or more.
        oldest: The id of the last row; of no meaning where there is none.
        more: Whether other rows follow.
    """

    pieces: Sequence[bytes | memoryview[int]]
    oldest: int
    more: bool


class ListedExecutions(Protocol):
    """Executions that can be listed."""

    def rows_below(self, below: int | None, limit: int, wanted: Wanted) -> PageRows:
        """Return the newest rows below a place.

        Args:
            below: Only rows with a lower id than this; None begins at the top.
            limit: How many rows to return at most, 1 or more.
            wanted: Only rows that are like this.
        """
        ...


def executions_page(
    executions: ListedExecutions,
    query: Mapping[str, str],
    cursors: Cursors = _LASTING_CURSORS,
    release: Release = OLDER,
) -> bytes:
    """Return the JSON text of one page of executions.

    Args:
        executions: Where the rows come from.
        query: The request's parameters: `limit`, `cursor`, `status`, `workflowId`.
        cursors: Makes and reads the cursors.
        release: Which release's page it is.

    Raises:
        BadParameter: One of the parameters cannot be used.
    """
    limit, wanted = read_limit(query, cut=release.cuts_limit), _wanted(query, release)
    below = None
    if "cursor" in query:
        place = cursors.decode(query["cursor"])
        below, limit = last_id(place), page_size(place)
    rows = executions.rows_below(below, limit, wanted)
    following: Mapping[str, Any] = {"lastId": str(rows.oldest), "limit": limit}
    return _page(rows.pieces, cursors.encode(following) if rows.more else None)


def _wanted(query: Mapping[str, str], release: Release) -> Wanted:
    status, workflow_id = read_status(query), query.get("workflowId")
    if not release.filters_by_start:
        return Wanted(status, workflow_id)
    return Wanted(
        status,
        workflow_id,
        started_from=read_moment(query, "startedAfter"),
        started_to=read_moment(query, "startedBefore"),
    )


def workflows_page(query: Mapping[str, str]) -> bytes:
    """Return the JSON text of one page of workflows.

    Args:
        query: The request's parameters: `limit`, `cursor`.

    Raises:
        BadParameter: One of them cannot be used.
    """
    return offset_page(workflow_json(), query)


def offset_page(rows: Sequence[bytes], query: Mapping[str, str], release: Release = OLDER) -> bytes:
    """Return the JSON text of one page of a listing whose cursors say how many rows to skip.

    Args:
        rows: All rows of the listing, as JSON objects.
        query: The request's parameters: `limit`, `cursor`.
        release: Which release's page it is.

    Raises:
        BadParameter: One of the parameters cannot be used.
    """
    limit, begin = read_limit(query, cut=release.cuts_limit), 0
    if "cursor" in query:
        place = _LASTING_CURSORS.decode(query["cursor"])
        begin, limit = offset(place), page_size(place)
    end = begin + limit
    pieces = [row + b"," for row in rows[begin:end]]
    following = _LASTING_CURSORS.encode({"limit": limit, "offset": end})
    return _page(pieces, following if end < len(rows) else None)


def _page(rows: Sequence[bytes | memoryview[int]], cursor: str | None) -> bytes:
    """Put a page together from pieces of its rows, which have a comma after each row."""
    # One join copies the rows once; a page is 60 kB.
    without_last_comma = [*rows[:-1], *(piece[:-1] for piece in rows[-1:])]
    following = "null" if cursor is None else f'"{cursor}"'
    return b"".join([b'{"data":[', *without_last_comma, f'],"nextCursor":{following}}}'.encode()])
