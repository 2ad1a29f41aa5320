"""Asks an API for the listings of its document, one after the other, and proves what it can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from headrace.config.secrets.substitution import substitute_secrets
from headrace.core.exceptions import ConfigError, HeadraceError, PageError, ResponseStatusError
from headrace.core.secrets.redaction import one_line
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.calls import Call
from headrace.discovery.discover import (
    FEWEST_REQUESTS,
    MOST_BYTES,
    discover_call,
    polite_settings,
    run_apart,
)
from headrace.discovery.openapi.drafts import ALL, Draft
from headrace.discovery.openapi.listings import ListingOutline
from headrace.discovery.openapi.literals import without_placeholders
from headrace.discovery.openapi.parts import (
    DraftPart,
    put_together,
    without_unknown,
)
from headrace.discovery.openapi.shown_parts import (
    is_led_on,
    is_like,
    like_that_of,
    was_refuted,
    with_found,
    with_other,
    with_paging_of,
    with_size,
    with_told,
    without_paging,
)
from headrace.discovery.openapi.told_paging import TriedPaging, tried_paging
from headrace.discovery.probing_client import AskedEnough, AskedRequest, ProbingClient
from headrace.discovery.results import Discovery
from headrace.discovery.trials import Row, Trials, lookup_of
from headrace.http.client import HttpClient
from headrace.sansio.discovery.evidence import Evidence

_MOST_PARENTS = 10
# So many show how pages go on.
_MANY = 20
# And so few hardly ever do.
_FEW = 4
_LONGEST = 200
_UNAUTHORIZED = 401

Told = Callable[[AskedRequest], None]


def unproven(draft: Draft, document: str) -> Discovery:
    """The config of a draft that nobody tries.

    Args:
        draft: The draft.
        document: The name of the document.

    Returns:
        The config. Of listings that were chosen by `*` those are left out of which the document
        does not say how pages go on.

    Raises:
        ConfigError: Nothing is left.
    """
    parts = without_unknown(draft.parts) if ALL in draft.names else draft.parts
    config, evidence = put_together(draft.config, draft.evidence, parts)
    return Discovery(config, evidence, (), {}, document)


@stays_here
class Proving:
    """Proves the listings of a draft.

    Args:
        draft: The draft.
        call: Who asks, and where the API is.
        max_requests: How many requests may be made for each listing.
        on_request: Is told of each request that was made.
        on_listing: Is told the name of each listing before it is asked for.
    """

    def __init__(
        self,
        draft: Draft,
        call: Call,
        max_requests: int,
        on_request: Told | None = None,
        on_listing: Callable[[str], None] | None = None,
    ) -> None:
        self._draft = draft
        self._call = call
        self._max_requests = max_requests
        self._on_request = on_request
        self._on_listing = on_listing
        self._asked: list[AskedRequest] = []
        self._asked_for: Counter[str] = Counter()
        self._rows: dict[str, list[Row]] = {}
        self._asked_at: dict[str, str] = {}
        self._waiting: dict[str, tuple[Mapping[str, Any], Sequence[Row]]] = {}

    def proven(self, document: str) -> Discovery:
        """Asks for each listing in turn.

        Args:
            document: The name of the document.

        Returns:
            The config. Listings that were chosen by `*` are left out where they do not answer, or
            where nobody knows how their pages go on.

        Raises:
            ConfigError: Nothing is left.
            RequestError: The API takes nobody in.
        """
        draft = self._draft
        parts = [self._unless_it_fails(each, self._part) for each in draft.parts]
        for look in (partial(self._like_others, parts=parts), self._alone):
            parts = [
                each
                if each.left_out or (each.is_known and not _is_refuted(each, parts))
                else self._unless_it_fails(each, look)
                for each in parts
            ]
        if ALL in draft.names:
            parts = without_unknown(parts)
        config, evidence = put_together(draft.config, draft.evidence, parts)
        return Discovery(config, evidence, tuple(self._asked), self._call.secrets, document)

    def _part(self, part: DraftPart) -> DraftPart:
        """One listing, as the answers show it."""
        *_, missing = substitute_secrets(part.resource["endpoint"], lookup_of(self._call.secrets))
        if missing:
            return part
        if self._on_listing is not None:
            self._on_listing(part.outline.name)
        endpoint, rows = self._fullest(part)
        return self._tried(part, endpoint, rows) if rows else part

    def _unless_it_fails(
        self, part: DraftPart, look: Callable[[DraftPart], DraftPart]
    ) -> DraftPart:
        """What a look at a listing shows; or that it does not answer."""
        try:
            return look(part)
        except ConfigError:
            raise
        except HeadraceError as error:
            if _is_of_nobody(error):
                raise
            return self._failed(part, error)

    def _fullest(self, part: DraftPart) -> tuple[Mapping[str, Any], Sequence[Row]]:
        """Of the listings of some of the parent's rows the one with the most rows, and those."""
        fullest: tuple[Mapping[str, Any], Sequence[Row]] = (part.resource["endpoint"], ())
        name = part.outline.name
        seen = self._rows[name] = []
        for path, above in self._paths(part):
            endpoint = {**part.resource["endpoint"], "path": path}
            rows = run_apart(self._first_rows(name, endpoint))
            if not fullest[1] or len(rows) > len(fullest[1]):
                fullest = (endpoint, rows)
                self._asked_at[name] = path
            seen.extend({**above, **row} for row in rows)
            if len(rows) >= _MANY:
                break
        return fullest

    def _failed(self, part: DraftPart, error: HeadraceError) -> DraftPart:
        told = one_line(str(error), _LONGEST)
        noted = Evidence("endpoint.path", "unknown", f"it does not answer as documented: {told}")
        is_chosen = part.outline.name in self._draft.names
        return replace(part, evidence=(*part.evidence, noted), left_out=None if is_chosen else told)

    def _paths(self, part: DraftPart) -> list[tuple[str, Row]]:
        """The path with the values of some rows of the parent, each with what rows get of it."""
        path, outline = part.resource["endpoint"]["path"], part.outline
        if outline.parent is None:
            return [(path, {})]
        paths: list[tuple[str, Row]] = []
        for row in list(self._rows.get(outline.parent, ()))[:_MOST_PARENTS]:
            values = {field: row.get(field) for field in outline.from_parent.values()}
            if any(value is None for value in values.values()):
                continue
            filled = path
            for field, value in values.items():
                written = without_placeholders(quote(str(value), safe=""))
                filled = filled.replace(f"{{resources.{outline.parent}.{field}}}", written)
            included = part.resource.get("include_from_parent", ())
            paths.append(
                (filled, {f"_{outline.parent}_{each}": row.get(each) for each in included})
            )
        return paths

    def _tried(
        self, part: DraftPart, endpoint: Mapping[str, Any], rows: Sequence[Row]
    ) -> DraftPart:
        """One listing with rows, as its answers show it."""
        against = None
        told = part.outline.paging
        if told.is_known:
            tried = run_apart(self._as_told(part.outline, endpoint, rows))
            if tried.is_right:
                return with_told(part, tried)
            against = Evidence("endpoint.paginator", "ruled out", f"as documented: {tried.text}")
        otherwise = self._otherwise(part, endpoint, rows, against)
        if otherwise is not None:
            return otherwise
        if not told.is_known and len(rows) < _FEW:
            self._waiting[part.outline.name] = (endpoint, rows)
            return part
        try:
            return self._found(part, endpoint, rows, against)
        except HeadraceError as error:
            if against is None or _is_of_nobody(error):
                raise
            # What is refuted is not written.
            return without_paging(part, one_line(str(error), _LONGEST), against)

    def _otherwise(
        self,
        part: DraftPart,
        endpoint: Mapping[str, Any],
        rows: Sequence[Row],
        against: Evidence | None,
    ) -> DraftPart | None:
        """One listing as its document may be meant else, where a second page proves that."""
        for paging in part.outline.paging.others:
            outline = replace(part.outline, paging=paging)
            tried = run_apart(self._as_told(outline, with_other(endpoint, paging), rows))
            if tried.is_proven:
                own = {**part.resource, "endpoint": with_other(part.resource["endpoint"], paging)}
                shown = with_told(replace(part, outline=outline, resource=own), tried)
                evidence = (*shown.evidence, *([against] if against is not None else []))
                return replace(shown, outline=part.outline, evidence=evidence)
        return None

    def _alone(self, part: DraftPart) -> DraftPart:
        """A listing of few rows, as they alone show it."""
        waiting = self._waiting.get(part.outline.name)
        return part if waiting is None else self._found(part, *waiting, None)

    def _found(
        self,
        part: DraftPart,
        endpoint: Mapping[str, Any],
        rows: Sequence[Row],
        against: Evidence | None,
    ) -> DraftPart:
        """One listing as it is found out without a word of the document on its pages."""
        told = part.outline.paging
        plain = {
            **{key: value for key, value in endpoint.items() if key not in ("params", "json")},
            **_without(endpoint, "params", told.params),
            **_without(endpoint, "json", told.body),
        }
        if told.size is not None and len(rows) > 1:
            # In pages of the size that the document names a parameter for, there are several.
            name, size = told.size
            params = {**plain.get("params", {}), name: len(rows) // 2}
            found = self._discovered(part.outline, {**plain, "params": params})
            if found is not None and is_led_on(found):
                return with_found(part, with_size(found, name, size), against, rows)
        found = self._discovered(part.outline, plain)
        if found is not None:
            return with_found(part, found, against, rows)
        told_why = f"no more than {self._max_requests} requests may be made (--max-requests)"
        return without_paging(part, told_why, against)

    def _discovered(self, outline: ListingOutline, endpoint: Mapping[str, Any]) -> Discovery | None:
        """What is found without the document; None where too few requests are left for it."""
        left = self._left_for(outline.name)
        if left < FEWEST_REQUESTS:
            return None
        found = discover_call(
            self._of(endpoint),
            name=outline.name,
            max_requests=left,
            on_request=self._on_request,
        )
        self._count(outline.name, found.requests)
        return found

    def _left_for(self, name: str) -> int:
        return max(0, self._max_requests - self._asked_for[name])

    def _count(self, name: str, asked: Sequence[AskedRequest]) -> None:
        self._asked.extend(asked)
        self._asked_for[name] += len(asked)

    def _like_others(self, part: DraftPart, parts: Sequence[DraftPart]) -> DraftPart:
        """A listing of few rows, whose pages go on as those of the API's other listings do."""
        for other in parts:
            path = self._asked_at.get(part.outline.name)
            if path is None or not is_like(part, other):
                continue
            endpoint = like_that_of(part, other)
            asked = {**endpoint, "path": path}
            first = run_apart(self._first_rows(part.outline.name, asked))
            tried = run_apart(self._as_told(part.outline, asked, first))
            if tried.is_right:
                return with_paging_of(part, other, endpoint, tried)
        return part

    def _of(self, endpoint: Mapping[str, Any]) -> Call:
        """The call of an endpoint."""
        auth = endpoint.get("auth", self._call.auth)
        return replace(
            self._call,
            path=endpoint["path"],
            method=endpoint.get("method", "GET"),
            params=endpoint.get("params") or {},
            headers={**self._call.headers, **endpoint.get("headers", {})},
            json=endpoint.get("json"),
            auth=auth,
        )

    async def _as_told(
        self, outline: ListingOutline, endpoint: Mapping[str, Any], first: Sequence[Row]
    ) -> TriedPaging:
        call = self._of(endpoint)
        async with HttpClient(polite_settings(call)) as http:
            client = self._client(outline.name, http)
            try:
                return await tried_paging(Trials(call, client), endpoint, outline, first)
            except AskedEnough:
                return TriedPaging(False, False, "no more may be asked", ())
            finally:
                self._count(outline.name, client.asked)

    def _client(self, name: str, http: HttpClient) -> ProbingClient:
        return ProbingClient(http, self._left_for(name), MOST_BYTES, self._on_request)

    async def _first_rows(self, name: str, endpoint: Mapping[str, Any]) -> Sequence[Row]:
        """The rows of the first page, however the next one is asked for."""
        call = self._of(endpoint)
        alone = {**endpoint, "paginator": "single_page"}
        async with HttpClient(polite_settings(call)) as http:
            client = self._client(name, http)
            trials = Trials(call, client)
            try:
                walk = await trials.walk(alone, "what the path answers with", 1)
                if walk.error is not None and not walk.pages:
                    # Raises what has happened, where it was no fault of rows or pages.
                    await trials.answer(alone, "what the path answers with")
                    raise PageError(walk.error)
            except AskedEnough:
                return ()
            finally:
                self._count(name, client.asked)
            return walk.rows


def _is_of_nobody(error: HeadraceError) -> bool:
    """Whether the API does not know who asks."""
    return isinstance(error, ResponseStatusError) and error.status == _UNAUTHORIZED


def _is_refuted(part: DraftPart, parts: Sequence[DraftPart]) -> bool:
    """Whether another listing has shown that pages do not go on as is told of this one."""
    is_proven = any(
        each.path == "endpoint.paginator" and each.verdict == "proven" for each in part.evidence
    )
    return not is_proven and any(was_refuted(part, other) for other in parts)


def _without(endpoint: Mapping[str, Any], key: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """A part of an endpoint without what belongs to the pages that the document tells."""
    if key not in endpoint:
        return {}
    left = {name: value for name, value in endpoint[key].items() if name not in told}
    return {key: left} if left or key == "json" else {}
