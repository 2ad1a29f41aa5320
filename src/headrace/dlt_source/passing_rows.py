"""Which rows of a listing pass as in a first sync: the user's functions, and dlt's incremental."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import msgspec
from dlt.extract.exceptions import PipeException

from headrace.config import ResourceConfig
from headrace.config.format.document import StepKind
from headrace.core.exceptions import PageError, RowError
from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.incremental import (
    CursorFilter,
    WindowRows,
    last_day_counted_in,
    may_end_early,
    step_of_first_sync,
    whole_range,
)
from headrace.reading.fetched_page import FetchedPage
from headrace.sansio.rows.json_rows import decode_row

_JSON = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


class RowSteps:
    """The `processing_steps` of a resource.

    Args:
        steps: The functions in their order, each with what it does.
    """

    def __init__(self, steps: Sequence[tuple[StepKind, Callable[..., Any]]]) -> None:
        self._steps = [(kind, _of_row(function)) for kind, function in steps]

    @property
    def are_some(self) -> bool:
        """Whether there are any."""
        return bool(self._steps)

    def rows(self, rows: Sequence[msgspec.Raw]) -> list[msgspec.Raw]:
        """What the functions make of rows.

        Args:
            rows: The JSON of each row. One that cannot be read stays as it is.
        """
        return [each for row in rows for each in self._made_of(row)]

    def _made_of(self, row: msgspec.Raw) -> Iterator[msgspec.Raw]:
        try:
            decoded = decode_row(row)
        except RowError:
            yield row
            return
        made: Iterable[Any] = [decoded]
        for kind, function in self._steps:
            made = _after(kind, function, made)
        for each in made:
            yield msgspec.Raw(_JSON.encode(each))


def _after(kind: StepKind, function: Callable[[Any], Any], rows: Iterable[Any]) -> Iterator[Any]:
    for row in rows:
        match kind:
            case "filter":
                if function(row):
                    yield row
            case "map":
                if (made := function(row)) is not None:
                    yield made
            case "yield_map":
                yield from function(row)


def _of_row(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """The function of a row alone; dlt gives one with two parameters the item's metadata too."""
    if len(inspect.signature(function).parameters) == 1:
        return function
    return lambda row: function(row, None)


@dataclass(slots=True)
class RowPassing:
    """Decides on the rows of a resource.

    Args:
        name: The name of the resource.
        figures: Where the rows that do not pass are counted.
        steps: The functions of the user.
        windows: Leaves out the rows of a window that another one brings; None without windows.
        cursor: The incremental; None without one.
    """

    name: str
    figures: Figures
    steps: RowSteps
    windows: WindowRows | None = None
    cursor: CursorFilter | None = None

    @classmethod
    def of(cls, resource: ResourceConfig, figures: Figures) -> RowPassing:
        """What decides on the rows of a resource, when there is no state yet.

        Args:
            resource: The resource, as the config describes it.
            figures: Where the rows that do not pass are counted.
        """
        steps, cursor = RowSteps(resource.steps), resource.cursor
        if cursor is None:
            return cls(resource.name, figures, steps)
        step, settings, rows = step_of_first_sync(cursor, resource.name), cursor.windows, None
        if settings is not None:
            within = whole_range(settings, step) if resource.steps else None
            rows = WindowRows(settings, step.cursor_path, within=within)
        with nullcontext() if settings is None else last_day_counted_in(step, settings):
            passing = CursorFilter(step, has_parent=resource.parent is not None)
        return cls(resource.name, figures, steps, rows, passing)

    @property
    def is_over(self) -> bool:
        """Whether no later page can have a row that passes."""
        return self.cursor is not None and self.cursor.is_over

    @property
    def may_end_early(self) -> bool:
        """Whether a listing may end before its last page."""
        return self.cursor is not None and may_end_early(self.cursor.incremental)

    @property
    def filters(self) -> bool:
        """Whether other rows may come out than went in."""
        return self.cursor is not None or self.steps.are_some

    def page(self, page: FetchedPage) -> FetchedPage:
        """The page with the rows that pass.

        Args:
            page: The next page.

        Raises:
            PageError: The incremental cannot decide on a row.
        """
        figures = self.figures.of(self.name)
        if self.windows is not None:
            page = self.windows.page(page, figures)
        if self.steps.are_some:
            rows = self.steps.rows(page.rows)
            figures.discarded += max(0, len(page.rows) - len(rows))
            page = replace(page, rows=rows)
        if self.cursor is None:
            return page
        try:
            return self.cursor.page(page, figures)
        except PipeException as error:
            raise PageError(f"resource `{self.name}`: {error}", resource=self.name) from None
