"""Finds what can be asked of a single row: the row itself, and the listings that belong to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headrace.core.exceptions import HeadraceError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.survey import Survey
from headrace.discovery.trials import Row
from headrace.sansio.discovery.children import ChildTry, child_tries, judge_single
from headrace.sansio.discovery.row_places import row_places

_MOST_LISTINGS = 3
_KEPT_BACK = 1


@stays_here
class ChildSearch:
    """Asks for a single row, and for the listings that its links name.

    Args:
        survey: What is known of the listing.
        rows: Rows of the listing.
        key: The fields that tell rows apart; None where they are not known.
        name: The name of the resource.
    """

    def __init__(
        self, survey: Survey, rows: Sequence[Row], key: Sequence[str] | None, name: str
    ) -> None:
        self._survey = survey
        self._row = rows[0] if rows else {}
        self._key = key
        path = str(survey.endpoint["path"])
        # What is asked for by a body is no place with rows below it.
        is_place = survey.endpoint.get("method", "GET") == "GET"
        self._tries = child_tries(rows, path, key, name) if rows and is_place else []

    async def single_row(self) -> Mapping[str, Any] | None:
        """How one row is asked for: `refresh_path`, and where the row is in the answer.

        Raises:
            AskedEnough: No more may be asked.
        """
        for tried in self._tries:
            if tried.kind == "row" and self._key:
                document = await self._answer(tried, "whether one row can be asked for")
                selector = judge_single(self._row, document, self._key)
                if selector is not None:
                    found = {"refresh_path": f"/{tried.path.lstrip('/')}"}
                    return found if selector == "$" else {**found, "refresh_selector": selector}
        return None

    async def listings(self) -> list[tuple[Mapping[str, Any], str]]:
        """The listings that belong to a row: each as a resource, with what was seen.

        Raises:
            AskedEnough: No more may be asked.
        """
        found: list[tuple[Mapping[str, Any], str]] = []
        for tried in [each for each in self._tries if each.kind == "list"][:_MOST_LISTINGS]:
            document = await self._answer(tried, f"whether `{tried.name}` belong to a row")
            places = row_places(document, tried.name)
            if not places:
                continue
            endpoint = {"path": tried.path, "data_selector": places[0].selector}
            told = f"{tried.evidence}; {places[0].why} for the first row"
            found.append(({"name": tried.name, "endpoint": endpoint}, told))
        return found

    async def _answer(self, tried: ChildTry, why: str) -> Any:
        if self._survey.trials.client.left <= _KEPT_BACK:
            return None
        kept = ("headers", "params")
        endpoint = {key: self._survey.endpoint[key] for key in kept if key in self._survey.endpoint}
        asked = {**endpoint, "path": tried.for_row(self._row)}
        try:
            answer = await self._survey.trials.answer(asked, why)
        except HeadraceError:
            return None
        try:
            return msgspec.json.decode(answer.body)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return None
