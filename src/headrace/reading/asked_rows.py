"""The rows of a parent that are asked for, one by one or several in one listing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from headrace.core.exceptions import HeadraceError, ResponseStatusError
from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.request_template import RequestTemplate
from headrace.reading.windowed_listing import WindowPassed
from headrace.sansio.windows import WindowSettings

ParentRow = dict[str, Any]
Fill = Callable[[RequestTemplate, Mapping[str, Any]], Request]

_LOGGER = logging.getLogger(__name__)
# One of the values may be unknown, there may be too many, or the URL may be too long.
_REFUSES_BATCH = frozenset({400, 404, 410, 413, 414, 422, 431})
_FAILS_AT_ONE = frozenset({500})


@dataclass(frozen=True, slots=True)
class ParentValues:
    """What the listing that belongs to a row of the parent needs of that row.

    Args:
        fields: The values that its requests hold, by the name of the placeholder.
        included: The values that go into each of its rows, by the name of the parent's field.
    """

    fields: dict[str, Any]
    included: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ParentBatch:
    """Rows of the parent that one listing asks for.

    Args:
        rows: What is needed of each row; they differ in the field of the batch alone.
        has_failed: Whether they are on record as rows whose listings failed.
    """

    rows: tuple[ParentValues, ...]
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class AskedRange:
    """The range that is asked for by a row of the parent, window by window.

    Args:
        settings: How it is parted.
        low: The place where it begins.
        high: The place where it ends.
        fill_of: What makes the requests of a window, by the values at its ends.
        on_passed: Is told of each window that has been listed.
    """

    settings: WindowSettings
    low: int
    high: int
    fill_of: Callable[[Any, Any], Fill]
    on_passed: Callable[[WindowPassed], object] = lambda passed: None


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row of the parent whose listing is asked for, or several that one listing is asked for.

    Args:
        row: The row of the parent, decoded, or what was kept of it; or a batch of such rows.
        place: Its place among those that are asked for, from 0.
        fill: Makes the request of the template and the values of the row's fields; None to fill
            in those values and nothing else.
        has_failed: Whether the listing is on record as one that failed.
        range: The windows that it is asked for in, by which its request is made then; None to ask
            for all at once.
        wanted: So many rows of windows are enough: pages are handed on once so many have come;
            None to hold those of each window back until all of them are there.
    """

    row: ParentRow | ParentValues | ParentBatch
    place: int
    fill: Fill | None = None
    has_failed: bool = False
    range: AskedRange | None = None
    wanted: int | None = None

    @property
    def rows(self) -> Sequence[ParentRow | ParentValues]:
        """Each row that is asked for."""
        return self.row.rows if isinstance(self.row, ParentBatch) else (self.row,)

    def pieces(self, size: int | None) -> list[AskedRow]:
        """The same rows in batches of a size.

        Args:
            size: The number of rows in each; None for all in one.
        """
        batch = self.row
        if not isinstance(batch, ParentBatch) or size is None or len(batch.rows) <= size:
            return [self]
        starts = range(0, len(batch.rows), size)
        return [replace(self, row=ParentBatch(batch.rows[at : at + size])) for at in starts]


class BatchIgnored(Exception):  # noqa: N818
    """The config passes over the answer to a batch, which it may mean of one of the values only."""


@dataclass(slots=True)
class BatchLimit:
    """How many rows of the parent the API takes in one request, as far as it has shown that.

    Args:
        most: The largest number that it is asked for from now on; None for any.
    """

    most: int | None = None

    def halves(self, asked: AskedRow, error: HeadraceError | BatchIgnored) -> list[AskedRow]:
        """The halves of a batch that the API has refused; none where it is no matter of the batch.

        Args:
            asked: The batch.
            error: Why it was refused.
        """
        size = len(asked.rows)
        # A server may also fail at one value each time: then those that failed before go apart.
        statuses = _REFUSES_BATCH | _FAILS_AT_ONE if asked.has_failed else _REFUSES_BATCH
        is_refused = isinstance(error, BatchIgnored) or (
            isinstance(error, ResponseStatusError) and error.status in statuses
        )
        if size == 1 or not is_refused:
            return []
        half = (size + 1) // 2
        _LOGGER.info("%s; asking for %d values at once, not %d", error, half, size)
        return asked.pieces(half)

    def learn(
        self, asked: AskedRow, error: HeadraceError | BatchIgnored, figures: ResourceFigures
    ) -> None:
        """Notes that a batch was refused and both halves of it were not: it was too large.

        Args:
            asked: The batch.
            error: Why it was refused.
            figures: Where to say so.
        """
        size = len(asked.rows)
        half = (size + 1) // 2
        if isinstance(error, BatchIgnored):
            return
        if self.most is not None and self.most <= half:
            return
        self.most = half
        figures.note(
            f"`{error.resource}`: the API refuses {size} values at once (status {error.status}), "
            f"but takes {half}; set `endpoint.batch` to as many as it takes"
        )
