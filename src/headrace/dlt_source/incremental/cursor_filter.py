"""Filters the rows of a listing by dlt's own incremental, while they are JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from copy import copy, deepcopy
from dataclasses import replace
from typing import Any, cast

import msgspec
from dlt.extract.exceptions import PipeException
from dlt.extract.incremental import Incremental

from headrace.config.built.cursor import CursorConfig
from headrace.core.exceptions import PageError, RowError
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.dlt_source.incremental.dlt_step import StateElsewhere, bound_to_own_pipe
from headrace.dlt_source.incremental.ordered_step import compare_in_order
from headrace.dlt_source.incremental.undecided_rows import undecided
from headrace.dlt_source.incremental.values import CursorValues, new_incremental
from headrace.reading.fetched_page import FetchedPage
from headrace.sansio.rows.cursor_reader import CursorReader
from headrace.sansio.rows.json_rows import decode_row


def may_end_early(incremental: Incremental[Any]) -> bool:
    """Whether a listing may end before its last page, because no later row can be in the range.

    That needs rows in the order of their cursor, and a range with an end in that direction.

    Args:
        incremental: The incremental, bound to the state.
    """
    if incremental.row_order == "desc":
        return incremental.start_value is not None
    return incremental.row_order == "asc" and incremental.end_value is not None


def step_of_first_sync(cursor: CursorConfig, resource: str) -> Incremental[Any]:
    """Makes the incremental of a first load that keeps no state, without a pipeline.

    Args:
        cursor: The incremental as the config describes it.
        resource: The name of the resource.
    """
    twin = StateElsewhere.like(new_incremental(cursor))
    twin.resource_name = resource
    # It would have a scheduler, as Airflow's, say where a load begins and ends.
    twin.allow_external_schedulers = False
    return twin


def judge_as_first_sync(cursor: CursorConfig, resource: str, pages: Iterable[FetchedPage]) -> None:
    """Sees that an incremental can decide on rows, without a pipeline.

    Args:
        cursor: The incremental as the config describes it.
        resource: The name of the resource.
        pages: The first pages of its listing.

    Raises:
        PageError: A row has no cursor value, or one that cannot be compared.
    """
    passing = CursorFilter(step_of_first_sync(cursor, resource), has_parent=False)
    try:
        for page in pages:
            passing.rows(page.rows)
    except PipeException as error:
        raise PageError(str(error)) from None


class CursorFilter:
    """Filters rows and keeps the state as the incremental does that dlt puts into a pipe.

    A row that is well within the range passes in any case, and it does not change the state as long
    as its page has a newer row. So dlt's step is shown the other rows only, decoded as dlt's own
    source would decode them (see `undecided_rows`).

    Args:
        incremental: The incremental that decides; this binds it to a pipe of ours.
        has_parent: Whether the rows are those of a dependent resource, all of whose listings are
            read to their end.

    Attributes:
        incremental: The incremental that decides.
        values: The values of the incremental when the load begins.
    """

    def __init__(self, incremental: Incremental[Any], *, has_parent: bool) -> None:
        self.incremental = incremental
        self._pipe = bound_to_own_pipe(incremental, has_parent=has_parent)
        compare_in_order(incremental)
        self.values = CursorValues.of_load(incremental)
        self._reader = CursorReader(JsonPath(incremental.cursor_path))

    @classmethod
    def in_place_of(
        cls, injected: Incremental[Any], *, has_parent: bool, keeps_state: bool
    ) -> CursorFilter:
        """Makes a filter that takes the place of the incremental that dlt has put into the pipe.

        Args:
            injected: The incremental that dlt has bound to the state, before it has seen a row. It
                lets all rows pass from now on.
            has_parent: Whether it is that of a dependent resource.
            keeps_state: Whether the next load begins where this one ends.
        """
        twin = injected.copy()
        if not keeps_state:
            twin = StateElsewhere.like(injected, copy(injected.get_state()))
        injected.advance(None)
        return cls(twin, has_parent=has_parent)

    @classmethod
    def beside(cls, injected: Incremental[Any]) -> CursorFilter:
        """Makes a filter for rows by which the state is not to move on.

        Args:
            injected: The incremental that dlt has bound to the state, before it has seen a row.
        """
        return cls(StateElsewhere.like(injected, deepcopy(injected.get_state())), has_parent=False)

    @property
    def is_over(self) -> bool:
        """Whether no later page can have a row that is in the range."""
        return self._pipe.is_closed

    def pages(
        self, pages: Iterator[FetchedPage], figures: ResourceFigures
    ) -> Iterator[FetchedPage]:
        """Gives the pages up to the end of the range, with the rows that pass.

        Args:
            pages: The pages of a listing.
            figures: Where to count the rows that do not pass.

        Raises:
            PageError: A row has a cursor value that cannot be compared.
            PipeException: The step of dlt cannot decide on a row, for example because the row has
                no cursor value.
        """
        with closing(cast(Any, pages)):
            for page in pages:
                filtered = self.page(page, figures)
                figures.listings_ended += self.is_over
                yield filtered
                if self.is_over:
                    return

    def page(self, page: FetchedPage, figures: ResourceFigures) -> FetchedPage:
        """Gives a page with the rows that pass.

        Args:
            page: The next page of the listing.
            figures: Where to count the rows that do not pass.

        Raises:
            PageError, PipeException: The step cannot decide on a row.
        """
        rows = self.rows(page.rows)
        figures.known += len(page.rows) - len(rows)
        return page if len(rows) == len(page.rows) else replace(page, rows=rows)

    def rows(self, rows: list[msgspec.Raw]) -> list[msgspec.Raw]:
        """Gives those of the rows that pass, in their order.

        Args:
            rows: The JSON of each row of one page. A row that is no JSON object, or cannot be read,
                passes: the road behind this one sets it apart.

        Raises:
            PageError, PipeException: The step cannot decide on a row.
        """
        shown: dict[int, Any] = {}
        for place in self._undecided(rows):
            with suppress(RowError):
                shown[place] = decode_row(rows[place])
        if not shown:
            return rows
        # dlt's step gives back the same objects, so their identity tells which ones passed.
        passed = {id(row) for row in self.incremental(list(shown.values())) or ()}
        out = {place for place, row in shown.items() if id(row) not in passed}
        return [row for place, row in enumerate(rows) if place not in out] if out else rows

    def _undecided(self, rows: list[msgspec.Raw]) -> list[int]:
        """The places, from 0, of the rows that dlt's step must be shown."""
        by = self.incremental
        values = self._reader.values(rows)
        if values is None or by.last_value_func is None:
            return list(range(len(rows)))
        return list(undecided(values, by.last_value_func, by.start_value, by.end_value))
