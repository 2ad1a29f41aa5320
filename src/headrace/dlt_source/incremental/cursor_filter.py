"""Lets dlt's own incremental say which rows of a listing go on, while they are JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from copy import copy
from dataclasses import replace
from typing import Any, cast

import msgspec
from dlt.extract.incremental import Incremental

from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.dlt_source.incremental.dlt_step import StateElsewhere, bound_to_own_pipe
from headrace.dlt_source.incremental.undecided_rows import CursorReader, undecided
from headrace.dlt_source.incremental.values import CursorValues
from headrace.reading.listing import FetchedPage


def may_end_early(incremental: Incremental[Any]) -> bool:
    """Whether a listing can end at any page: where it is in order, and its range has that end.

    Args:
        incremental: bound to the state.
    """
    if incremental.row_order == "desc":
        return incremental.start_value is not None
    return incremental.row_order == "asc" and incremental.end_value is not None


class CursorFilter:
    """Says which rows of a listing go on, and keeps the state, as dlt's own step would.

    Rows that are well within the range go on in any case, and change nothing as long as their page
    has a newer one. So dlt's step gets the others only, decoded as its own source would.

    Args:
        incremental: that judges; bound to a pipe of ours by this.
        has_parent: whether the rows are of a dependent resource, which reads all its listings.
    """

    def __init__(self, incremental: Incremental[Any], *, has_parent: bool) -> None:
        self._incremental = incremental
        self._pipe = bound_to_own_pipe(incremental, has_parent=has_parent)
        self.values = CursorValues.of_load(incremental)
        self.may_end_early = not has_parent and may_end_early(incremental)
        self._reader = CursorReader(JsonPath(incremental.cursor_path))

    @classmethod
    def in_place_of(
        cls, injected: Incremental[Any], *, has_parent: bool, keeps_state: bool
    ) -> CursorFilter:
        """A judge in place of what dlt has injected, which lets all rows pass from now on.

        Args:
            injected: bound to the state, and before it has seen a row.
            has_parent: whether it is that of a dependent resource.
            keeps_state: whether the next load begins where this one ends.
        """
        twin = injected.copy()
        if not keeps_state:
            twin = StateElsewhere.like(injected, copy(injected.get_state()))
        injected.advance(None)
        return cls(twin, has_parent=has_parent)

    @property
    def is_over(self) -> bool:
        """Whether no later page can have a row of the range."""
        return self._pipe.is_closed

    def pages(
        self, pages: Iterator[FetchedPage], figures: ResourceFigures
    ) -> Iterator[FetchedPage]:
        """The pages up to the end of the range, with the rows that go on.

        Args:
            pages: of a listing.
            figures: to count the other rows on.

        Raises:
            PipeException: dlt's step cannot judge a row: it has no cursor value, for example.
        """
        with closing(cast(Any, pages)):
            for page in pages:
                filtered = self.page(page, figures)
                figures.listings_ended += self.is_over
                yield filtered
                if self.is_over:
                    return

    def page(self, page: FetchedPage, figures: ResourceFigures) -> FetchedPage:
        """The page with the rows that go on.

        Args:
            page: of the listing, the next one.
            figures: to count the other rows on.

        Raises:
            PipeException: dlt's step cannot judge a row.
        """
        rows = self.rows(page.rows)
        figures.known += len(page.rows) - len(rows)
        return page if len(rows) == len(page.rows) else replace(page, rows=rows)

    def rows(self, rows: list[msgspec.Raw]) -> list[msgspec.Raw]:
        """Those of the rows that go on.

        Args:
            rows: of one page; what is no object goes on.

        Raises:
            PipeException: dlt's step cannot judge a row.
        """
        decoded = {place: msgspec.json.decode(rows[place]) for place in self._undecided(rows)}
        shown = {place: row for place, row in decoded.items() if isinstance(row, dict)}
        if not shown:
            return rows
        passed = {id(row) for row in self._incremental(list(shown.values())) or ()}
        out = {place for place, row in shown.items() if id(row) not in passed}
        return [row for place, row in enumerate(rows) if place not in out] if out else rows

    def _undecided(self, rows: list[msgspec.Raw]) -> list[int]:
        """The places of the rows that dlt's step must see."""
        by = self._incremental
        values = self._reader.values(rows)
        if values is None or by.last_value_func is None:
            return list(range(len(rows)))
        return list(undecided(values, by.last_value_func, by.start_value, by.end_value))
