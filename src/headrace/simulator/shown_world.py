"""What a world shows of its executions: pages, single rows, and all of them without HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import RLock
from typing import Any

import msgspec

from headrace.simulator.archive import Archive
from headrace.simulator.cursors import Cursors, last_id
from headrace.simulator.details import Details
from headrace.simulator.exclusive import exclusive
from headrace.simulator.listing import executions_page
from headrace.simulator.release import Release
from headrace.simulator.table import ExecutionTable


class ShownWorld:
    """The reading half of a `World`.

    Args:
        archive: The rows that there were at first.
        table: The rows as they stand now.
        cursors: Makes and reads the cursors.
        release: Which release it is like.
        details: Makes up what the steps of executions did.
    """

    def __init__(
        self,
        archive: Archive,
        table: ExecutionTable,
        cursors: Cursors,
        release: Release,
        details: Details,
    ) -> None:
        self.lock = RLock()
        self.release = release
        self._archive = archive
        self._table = table
        self._cursors = cursors
        self._details = details

    @property
    def string_ids(self) -> bool:
        """Whether `id` and `retrySuccessId` are sent as text."""
        return self._archive.string_ids

    @property
    def blocks_computed(self) -> int:
        """How many blocks of archived rows have been computed so far."""
        return self._archive.blocks_computed

    @exclusive
    def page(self, query: Mapping[str, str]) -> bytes:
        """Return the JSON text of one page of the listing.

        Args:
            query: The request's parameters: `limit`, `cursor`, `status`, `workflowId`; where the
                release knows them also `startedAfter`, `startedBefore` and `includeData`.

        Raises:
            BadParameter: One of them cannot be used, as a cursor that has expired.
        """
        body = executions_page(self._table, query, self._cursors, self.release)
        if not self.release.has_details or query.get("includeData") != "true":
            return body
        page = msgspec.json.decode(body)
        rows = [self._details.listed(row) for row in page["data"]]
        return msgspec.json.encode({**page, "data": rows})

    @exclusive
    def rows_left(self, query: Mapping[str, str]) -> int:
        """Count the rows from a page on, whatever is asked for besides.

        Args:
            query: The request's parameters, which gave the page.
        """
        cursor = query.get("cursor")
        below = None if cursor is None else last_id(self._cursors.decode(cursor))
        return self._table.count_below(below)

    @exclusive
    def execution(self, execution_id: int, *, include_data: bool = False) -> dict[str, Any] | None:
        """Return one row as its own path shows it, hidden or not; None where there is none.

        Args:
            execution_id: The row's id.
            include_data: Whether what its steps did comes too, where the release has that.
        """
        found = self._table.find(execution_id)
        if found is None:
            return None
        row = found.detailed(string_ids=self.string_ids)
        if not self.release.has_details:
            return row
        return self._details.single(row, include_data=include_data)

    @exclusive
    def truth(
        self, *, status: str | None = None, workflow_id: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Go through all rows as they stand at the call, hidden ones too, newest first.

        Args:
            status: Only rows with this status; None takes any.
            workflow_id: Only rows of this workflow; None takes any.
        """
        return self._table.copy().rows(status, workflow_id, hidden=True)

    @exclusive
    def listed(
        self, *, status: str | None = None, workflow_id: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Go through the rows that a listing shows at the call, newest first.

        Args:
            status: Only rows with this status; None takes any.
            workflow_id: Only rows of this workflow; None takes any.
        """
        return self._table.copy().rows(status, workflow_id, hidden=False)
