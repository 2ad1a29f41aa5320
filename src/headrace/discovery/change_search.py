"""Finds whether an API can be asked for what has changed since a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.core.exceptions import HeadraceError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.survey import Survey, listed
from headrace.discovery.trials import Row
from headrace.sansio.discovery.change_filters import (
    FilterFinding,
    FilterTry,
    combined,
    filter_tries,
    judge_filter,
    search_filter,
)
from headrace.sansio.discovery.changes import find_changed

_MOST_REQUESTS = 9
_KEPT_BACK = 2
_REFUSED = FilterFinding(False, None, "it is refused", has_effect=False)


@dataclass(frozen=True, slots=True)
class FoundChanges:
    """How an API is asked for what has changed.

    Args:
        incremental: What `endpoint.incremental` says.
        evidence: What was seen, as half a line.
        is_sure: Whether rows of the very time that is asked for come too, so that none is missed.
    """

    incremental: Mapping[str, Any]
    evidence: str
    is_sure: bool


@stays_here
class ChangeSearch:
    """Searches for a filter by the time of change.

    Args:
        survey: What is known of the listing.
        endpoint: The endpoint, as it is known so far.
        rows: The rows of its first page.
        key: The fields that tell rows apart.
    """

    def __init__(
        self, survey: Survey, endpoint: Mapping[str, Any], rows: Sequence[Row], key: Sequence[str]
    ) -> None:
        self._survey = survey
        self._endpoint = endpoint
        self._rows = rows
        self._key = key

    async def find(self) -> FoundChanges | None:
        """The filter that works; None where none was found.

        Raises:
            AskedEnough: No more may be asked.
        """
        changed = find_changed(self._rows)
        if changed is None:
            return None
        search = search_filter(filter_tries(self._rows, changed.field))
        try:
            tries = next(search)
            for _ in range(_MOST_REQUESTS):
                if self._survey.trials.client.left <= _KEPT_BACK:
                    return None
                tries = search.send(await self._judged(tries, changed.field))
        except StopIteration as done:
            found = done.value
            return None if found is None else _as_found(changed.field, *found)
        return None

    async def _judged(self, tries: Sequence[FilterTry], field: str) -> FilterFinding:
        names = [each.param for each in tries]
        one_of = f"one of {listed(names)}" if names[1:] else f"`{names[0]}`"
        why = f"whether {one_of} filters by `{field}`"
        params = {**(self._endpoint.get("params") or {}), **combined(tries)}
        try:
            walk = await self._survey.trials.walk(
                {**self._endpoint, "params": params, "total": None}, why, 1
            )
        except HeadraceError:
            return _REFUSED
        # Servers that take what they do not know for a filter answer with nothing.
        if not walk.pages or not walk.pages[0]:
            return _REFUSED
        rows = walk.pages[0]
        return judge_filter(
            self._rows,
            rows,
            field,
            tries[0].value,
            key=self._key,
            is_cut=walk.end is None,
            params=names,
        )


def _as_found(field: str, tried: FilterTry, finding: FilterFinding) -> FoundChanges:
    incremental = {"cursor_path": field, "start_param": tried.param}
    evidence = f"`{tried.param}` by `{field}`: {finding.evidence}"
    return FoundChanges(incremental, evidence, is_sure=finding.is_inclusive is True)
