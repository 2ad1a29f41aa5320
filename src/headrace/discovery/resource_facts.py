"""What the rows of a listing show: their key, their order, their columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from headrace.core.secrets.shipping import stays_here
from headrace.discovery.change_search import ChangeSearch, FoundChanges
from headrace.discovery.child_search import ChildSearch
from headrace.discovery.paging_search import FoundPaging
from headrace.discovery.probing_client import AskedEnough
from headrace.discovery.survey import Survey
from headrace.sansio.discovery.columns import CONTRACT, find_columns
from headrace.sansio.discovery.evidence import Evidence, Verdict
from headrace.sansio.discovery.keys import KeyFinding, find_key
from headrace.sansio.discovery.order import OrderFinding, find_order

RESOURCE = "resources[0]"
# Offsets and page numbers shift under whoever keeps up.
_CARRY_A_TAIL = ("cursor", "header_cursor", "json_link", "header_link")
_STATES = ("status", "state")
_CHOSEN_BY = ("state", "archived", "is_archived", "deleted", "is_deleted", "active", "is_active")
_MANY = 20
_MOST_STATES = 12
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,30}")


@stays_here
class ResourceFacts:
    """Completes a resource by what its rows show.

    Args:
        survey: What is known of the listing; what is found is noted there.
        paging: How it goes on.
        name: The name of the resource.
    """

    def __init__(self, survey: Survey, paging: FoundPaging, name: str) -> None:
        self._survey = survey
        self._paging = paging
        self._name = name
        walk = paging.walk
        self._is_whole = walk is not None and walk.end is not None and not walk.is_cut_off
        self._pages = paging.pages or (walk.pages if walk else (survey.rows,))

    async def resource(self) -> dict[str, Any]:
        """The resource, whole."""
        key = find_key(self._pages, self._survey.again, self._name, is_whole=self._is_whole)
        order = find_order(self._pages, key.fields)
        resource: dict[str, Any] = {"name": self._name}
        resource |= self._of_key(key)
        endpoint = await self._confirmed(self._paging.endpoint, key)
        resource["endpoint"] = _in_order(endpoint)
        if order is not None:
            self._note("endpoint", "proven", f"in order: {order.evidence}")
        self._ask_for_others(endpoint)
        columns = self._columns(key, order)
        if columns:
            resource["columns"] = columns
            resource["schema_contract"] = dict(CONTRACT)
            self._note(
                "schema_contract", "proven", "a value of another type goes beside its column"
            )
        changes = await self._changes(endpoint, key)
        if changes is not None and changes.is_sure:
            resource["endpoint"]["incremental"] = dict(changes.incremental)
            resource["write_disposition"] = self._merged(
                "the changed rows of each sync by their key"
            )
        else:
            await self._offer_tail(endpoint, key, order)
        await self._offer_children(key)
        return resource

    async def _changes(self, endpoint: Mapping[str, Any], key: KeyFinding) -> FoundChanges | None:
        """A filter for what has changed; offered where it may pass over rows."""
        if not self._paging.is_proven or key.fields is None or "graphql" in endpoint:
            return None
        try:
            found = await ChangeSearch(self._survey, endpoint, self._pages[0], key.fields).find()
        except AskedEnough:
            return None
        if found is None:
            return None
        if found.is_sure:
            self._note("endpoint.incremental", "proven", found.evidence)
        else:
            told = f"{found.evidence}. Whether rows of that very time come too is not known"
            told += f"{self._to_merge}:"
            value = {**found.incremental, "lag": 60}
            self._note("endpoint.incremental", "offered", told, value)
        return found

    async def _offer_children(self, key: KeyFinding) -> None:
        """Offers the listings that belong to each row."""
        if "graphql" in self._survey.endpoint:
            return
        try:
            search = ChildSearch(self._survey, self._pages[0], key.fields, self._name)
            for resource, told in await search.listings():
                self._survey.evidence.append(
                    Evidence(f"resources.{resource['name']}", "offered", told, dict(resource))
                )
        except AskedEnough:
            return

    def _of_key(self, key: KeyFinding) -> dict[str, Any]:
        for field, why in key.ruled_out:
            self._note("primary_key", "ruled out", f"`{field}`: {why}")
        if key.fields is None:
            if key.offered:
                fields = list(key.offered)
                told = f"{key.evidence}. If it is the key, with `write_disposition: merge`:"
                self._note(
                    "primary_key", "offered", told, fields[0] if len(fields) == 1 else fields
                )
            else:
                told = f"{key.evidence}: which fields tell rows apart?"
                self._note("primary_key", "unknown", told)
            self._note("write_disposition", "proven", "without a key the table is written anew")
            return {"write_disposition": "replace"}
        self._note("primary_key", "proven", key.evidence)
        fields = list(key.fields)
        resource: dict[str, Any] = {"primary_key": fields[0] if len(fields) == 1 else fields}
        if self._has_all:
            told = "new and changed rows by their key"
            return {**resource, "write_disposition": self._merged(told)}
        # Of rows with the same key, where more of the listing had some, a merge would keep one.
        told = "all rows anew each time; `merge` needs a key that no two rows share, as you know"
        self._note("write_disposition", "proven", told)
        return {**resource, "write_disposition": "replace"}

    @property
    def _has_all(self) -> bool:
        return self._paging.has_all or self._is_whole

    @property
    def _pages_overlap(self) -> bool:
        """Whether a page begins with the last row of the one before, which is to come once."""
        mark = self._survey.same.mark
        return any(
            above and below and mark(above[-1]) == mark(below[0])
            for pages in (self._pages, self._paging.first_pages)
            for above, below in pairwise(pages)
        )

    def _merged(self, told: str) -> str:
        path = f"{RESOURCE}.write_disposition"
        self._survey.evidence[:] = [each for each in self._survey.evidence if each.path != path]
        self._note("write_disposition", "proven", told)
        return "merge"

    def _ask_for_others(self, endpoint: Mapping[str, Any]) -> None:
        """Says where all rows are in one state, as of APIs that list the open ones unless asked."""
        rows = [row for page in self._pages for row in page]
        for name in _CHOSEN_BY if len(rows) >= _MANY else ():
            values = {str(row.get(name)) for row in rows}
            is_choice = isinstance(rows[0].get(name), bool) or _is_word(rows[0].get(name))
            if len(values) == 1 and is_choice and name not in (endpoint.get("params") or {}):
                value = str(rows[0][name])
                value = value.lower() if isinstance(rows[0][name], bool) else value
                told = f"`{name}` is `{value}` in all {len(rows):,} rows: does the API list those "
                self._note("endpoint.params", "unknown", f"{told}alone unless asked for others?")

    def _columns(self, key: KeyFinding, order: OrderFinding | None) -> dict[str, Any]:
        """The columns that have to be declared."""
        rows = [row for page in self._pages for row in page]
        found = find_columns(rows, key.fields, order)
        for each in found:
            self._note(
                f"columns.{each.name}", each.verdict, each.evidence, dict(each.hints) or None
            )
        return {each.name: dict(each.hints) for each in found if each.verdict == "proven"}

    async def _offer_tail(
        self, endpoint: Mapping[str, Any], key: KeyFinding, order: OrderFinding | None
    ) -> None:
        """Offers to keep up with a listing that is newest first by its key."""
        paginator = endpoint.get("paginator")
        goes_on = isinstance(paginator, Mapping) and paginator["type"] in _CARRY_A_TAIL
        if not goes_on or order is None or key.fields != (order.field,):
            return
        if order.direction != "desc":
            return
        value: dict[str, Any] = {"cursor_path": order.field, "row_order": "desc"}
        value |= await self._single_row(key) or {}
        told = (
            "New rows come first: each sync may ask for what is new alone. Say by `settled_when` "
        )
        told += "which rows change no more (docs/keeping-up.md)"
        states = self._states()
        if states is not None:
            name, values = states
            told += f"; of these values of `{name}` keep the final ones"
            value["settled_when"] = f"{name} in ({', '.join(map(repr, values))},)"
        self._note("endpoint.incremental", "offered", f"{told}{self._to_merge}:", value)

    @property
    def _to_merge(self) -> str:
        """What an incremental needs besides, where the table is written anew each time."""
        return "" if self._paging.has_all else "; with it goes `write_disposition: merge`"

    async def _single_row(self, key: KeyFinding) -> Mapping[str, Any] | None:
        try:
            search = ChildSearch(self._survey, self._pages[0], key.fields, self._name)
            return await search.single_row()
        except AskedEnough:
            return None

    def _states(self) -> tuple[str, list[str]] | None:
        """The field that says how far a row is, and the values that it was seen to have."""
        for name in _STATES:
            values = {row.get(name) for page in self._pages for row in page} - {None}
            if values and len(values) <= _MOST_STATES and all(map(_is_word, values)):
                return name, sorted(map(str, values))
        return None

    async def _confirmed(self, endpoint: Mapping[str, Any], key: KeyFinding) -> Mapping[str, Any]:
        """The endpoint, once it was read as the config has it: of answers that came before."""
        walk = self._paging.walk
        if not self._paging.is_proven or walk is None:
            return endpoint
        if self._pages_overlap and (key.fields is None or not self._has_all):
            # A merge would keep one row of a key that other rows have as well, a copy all of them:
            # also those that came twice.
            told = (
                "a page begins with the last row of the one before: which parameter leaves it out?"
            )
            self._survey.note("paginator", "unknown", told)
            return {**endpoint, "paginator": "unknown"}
        hints = {"primary_key": list(key.fields)} if key.fields else {}
        why = "whether the config as a whole reads the listing"
        read = await self._survey.trials.walk(endpoint, why, max(1, len(walk.pages)), **hints)
        if read.error is None:
            return endpoint
        self._survey.note("paginator", "unknown", read.error)
        return {**endpoint, "paginator": "unknown"}

    def _note(self, key: str, verdict: Verdict, text: str, value: Any = None) -> None:
        self._survey.evidence.append(Evidence(f"{RESOURCE}.{key}", verdict, text, value))


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(_WORD.fullmatch(value))


def _in_order(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of an endpoint in the order in which one reads them."""
    order = ("path", "method", "params", "headers", "json", "data_selector", "rows", "paginator")
    known = {key: endpoint[key] for key in order if key in endpoint}
    return {**known, **{key: value for key, value in endpoint.items() if key not in known}}
