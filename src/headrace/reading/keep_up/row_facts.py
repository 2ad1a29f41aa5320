"""Reads from the JSON of rows what the tail's planner needs to know of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import ExpressionError, PageError, RowError
from headrace.core.expressions.row_condition import RowCondition
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.later_settling import LaterSettling, values_at
from headrace.reading.keep_up.row_times import last_change
from headrace.sansio.rows.json_rows import decode_row
from headrace.sansio.rows.row_facts import RowFactReader, RowFacts
from headrace.sansio.tail import AnsweredRows
from headrace.sansio.tail.keys import instant_of


class TailRowReader:
    """Reads the rows of a listing that is kept up with.

    Args:
        resource: The name of the resource, which errors name.
        config: How the listing is kept up with.
        known: The names of the fields that listed rows have had so far.
    """

    def __init__(self, resource: str, config: TailConfig, known: Iterable[str]) -> None:
        self._resource = resource
        self._config = config
        self._settles = RowCondition(config.settled_when) if config.settled_when else None
        self._settled_names = config.settled_when.used_names if config.settled_when else ()
        self._later = LaterSettling(config.settles_after) if config.settles_after else None
        self._reader = RowFactReader({steps[0] for steps in config.fields_needed}, known)

    @property
    def known(self) -> set[str]:
        """The names of the fields that listed rows have had so far."""
        return self._reader.known

    def read(
        self, page: FetchedPage, now: float, *, learn: bool = False, is_first_top: bool = False
    ) -> tuple[list[msgspec.Raw], list[msgspec.Raw], AnsweredRows]:
        """Reads the rows of a page.

        Args:
            page: A page of the listing, or one with a single row that was asked for by its path.
            now: The time in seconds since 1970.
            learn: Whether to note which fields the rows have, as is done for listed rows.
            is_first_top: Whether the page is the top of the listing and nothing was listed before.

        Returns:
            The rows that have a key; the rows that have none or cannot be decoded, which go to
            quarantine; and what the planner needs to know of the rows that have a key.

        Raises:
            PageError: A row lacks the field that orders the listing, and that field is not the
                primary key.
            ExpressionError: `settled_when` has no value for a row.
        """
        rows, apart = page.rows, []
        try:
            facts = self._reader.read(rows, learn=learn)
        except (msgspec.MsgspecError, RecursionError):
            apart = [row for row in rows if not _is_decodable(row)]
            rows = [row for row in rows if _is_decodable(row)]
            facts = self._reader.read(rows, learn=learn)
        keys = values_at(facts, self._config.key)
        if None in keys:
            # Without its primary key a row is one for the quarantine; without another field that
            # orders the listing it can be loaded, but its place in the listing is unknown.
            if not self._config.settings.key_is_primary:
                raise PageError(
                    f"resource `{self._resource}`, {page.request}: a row has no "
                    f"`{self._config.key}`, by which the listing should be ordered. Check "
                    "`incremental.cursor_path`.",
                    resource=self._resource,
                    url=page.request.url,
                    row=bytes(rows[keys.index(None)]).decode("utf-8", "replace"),
                )
            apart += [row for row, key in zip(rows, keys, strict=True) if key is None]
            rows = [row for row, key in zip(rows, keys, strict=True) if key is not None]
            facts = self._reader.read(rows, learn=learn)
        return rows, apart, self._as_answered(rows, facts, page, now, is_first_top=is_first_top)

    def _as_answered(
        self,
        rows: Sequence[msgspec.Raw],
        facts: RowFacts,
        page: FetchedPage,
        now: float,
        *,
        is_first_top: bool,
    ) -> AnsweredRows:
        config = self._config
        touches = [
            (place, named)
            for name in config.touches
            for place, named in enumerate(facts.column(name))
            if named is not None and named != ""
        ]
        return AnsweredRows(
            values_at(facts, config.key),
            identities=None if config.settings.key_is_primary else self._identities(facts),
            settled=self._settled(rows, facts, page, now),
            touches=touches,
            read_instants=self._reads_instants(facts),
            touched_at=[last_change(rows[place], now) for place, _ in touches],
            last_change=_latest_change(rows, now) if is_first_top and config.touches else None,
        )

    def _identities(self, facts: RowFacts) -> list[Any]:
        columns = [facts.column(name) for name in self._config.primary_key]
        if len(columns) == 1:
            return columns[0]
        return [json.dumps(values, default=str) for values in zip(*columns, strict=True)]

    def _settled(
        self, rows: Sequence[msgspec.Raw], facts: RowFacts, page: FetchedPage, now: float
    ) -> list[bool] | None:
        if self._settles is None:
            return None
        settled = self._looks_settled(self._settles, rows, facts, page)
        if self._later is None:
            return settled
        try:
            return self._later.settled(settled, facts, now)
        except ExpressionError as error:
            raise error.located(
                f"resource `{self._resource}`, {page.request}: `settles_after.when`: {error}",
                resource=self._resource,
                url=page.request.url,
            ) from None

    def _looks_settled(
        self,
        condition: RowCondition,
        rows: Sequence[msgspec.Raw],
        facts: RowFacts,
        page: FetchedPage,
    ) -> list[bool]:
        columns = {name: facts.column(name) for name in self._settled_names}
        settled: list[bool] = []
        try:
            settled.extend(condition.holds_for_each(columns, len(facts)))
            return settled
        except ExpressionError as error:
            raise error.located(
                f"resource `{self._resource}`, {page.request}: `settled_when`: {error}",
                resource=self._resource,
                url=page.request.url,
                row=bytes(rows[len(settled)]).decode("utf-8", "replace"),
            ) from None

    def _reads_instants(self, facts: RowFacts) -> Callable[[], list[float] | None] | None:
        path = self._config.time_path
        if path is None or not self._config.settings.needs_times:
            return None
        return lambda: _filled([instant_of(value) for value in values_at(facts, path)])


def _filled(instants: Sequence[float | None]) -> list[float] | None:
    """The time of each row; one without a time, as it has not begun, is as old as its neighbour."""
    newer = next((each for each in instants if each is not None), None)
    if newer is None:
        return None
    filled: list[float] = []
    for each in instants:
        newer = newer if each is None else each
        filled.append(newer)
    return filled


def _latest_change(rows: Sequence[msgspec.Raw], now: float) -> float | None:
    changes = (last_change(row, now) for row in rows)
    return max((each for each in changes if each is not None), default=None)


def _is_decodable(row: msgspec.Raw) -> bool:
    try:
        decode_row(row)
    except RowError:
        return False
    return True
