"""Drafts a config of the listings of a document: nothing in it has been tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import did_you_mean
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.discovery.openapi.document import OpenApiDocument
from headrace.discovery.openapi.endpoints import endpoint_of
from headrace.discovery.openapi.listings import ListingOutline
from headrace.discovery.openapi.literals import as_written
from headrace.discovery.openapi.names import plain
from headrace.discovery.openapi.security import ToldAuth
from headrace.sansio.discovery.evidence import Evidence, Verdict

ALL = "*"
"""Stands for all listings that need no value from the user."""

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """A config that nobody has tried, and what speaks for its keys.

    Args:
        config: The config; what the user has to say stands in it as `${NAME}`.
        evidence: What is known of its keys.
    """

    config: dict[str, Any]
    evidence: tuple[Evidence, ...]


def chosen_listings(document: OpenApiDocument, names: Sequence[str]) -> list[ListingOutline]:
    """The listings that were chosen, and those that they depend on, parents first.

    Args:
        document: The document.
        names: The names that were chosen; `*` for all that need no value from the user.

    Raises:
        ConfigError: There is no listing of a name.
    """
    known = {each.name: each for each in document.listings}
    faults = [
        Fault("", f"the document has no listing `{name}`{did_you_mean(name, known)}")
        for name in names
        if name != ALL and name not in known
    ]
    if faults:
        raise ConfigError(faults)
    wanted = dict.fromkeys(name for name in names if name != ALL)
    if ALL in names:
        ready = [each.name for each in document.listings if is_ready(each, known)]
        wanted |= dict.fromkeys(ready)
    ordered: dict[str, None] = {}
    for name in wanted:
        ordered |= dict.fromkeys(reversed([name, *_above(known[name], known)]))
    return [known[name] for name in ordered]


def is_ready(outline: ListingOutline, known: Mapping[str, ListingOutline]) -> bool:
    """Whether a listing and those that it depends on need no value from the user.

    Args:
        outline: The listing.
        known: All listings, by their names.
    """
    return not any(each.needs for each in [outline, *(known[up] for up in _above(outline, known))])


def _above(outline: ListingOutline, known: Mapping[str, ListingOutline]) -> Iterator[str]:
    while outline.parent is not None:
        yield outline.parent
        outline = known[outline.parent]


def draft_of_document(
    document: OpenApiDocument, names: Sequence[str], base_url: str | None = None
) -> Draft:
    """Drafts a config of some listings of a document.

    Args:
        document: The document.
        names: The names of the listings; `*` for all that need no value from the user.
        base_url: Where the API is; what the document says when None.

    Raises:
        ConfigError: There is no listing of a name, none at all, or the document does not say where
            the API is.
    """
    url = base_url or document.base_url
    if url is None:
        told = f"{document.source} does not say where the API is: give it, as --base-url URL"
        raise ConfigError([Fault("", told)])
    outlines = chosen_listings(document, names)
    if not outlines:
        raise ConfigError([Fault("", f"{document.source} {document.why_nothing}")])
    return _Drafting(document, outlines, frozenset(names), url).draft()


class _Drafting:
    """Writes one draft."""

    def __init__(
        self,
        document: OpenApiDocument,
        outlines: Sequence[ListingOutline],
        names: frozenset[str],
        base_url: str,
    ) -> None:
        self._document = document
        self._outlines = outlines
        self._names = names
        self._base_url = base_url
        self._evidence: list[Evidence] = []

    def draft(self) -> Draft:
        auths = [self._document.security.auth_of(each.security) for each in self._outlines]
        usual = _commonest(auths)
        resources = [
            self._resource(number, outline, auth, usual)
            for number, (outline, auth) in enumerate(zip(self._outlines, auths, strict=True))
        ]
        config = {
            "pipeline": {"name": plain(self._document.title) or "api"},
            "client": self._client(usual),
            "resources": resources,
        }
        return Draft(as_written(config), tuple(self._evidence))

    def _note(self, path: str, verdict: Verdict, text: str, value: Any = None) -> None:
        self._evidence.append(Evidence(path, verdict, one_line(text, _LONGEST), value))

    def _client(self, usual: ToldAuth) -> dict[str, Any]:
        client: dict[str, Any] = {"base_url": self._base_url}
        if usual.auth is not None:
            client["auth"] = dict(usual.auth)
            self._note("client.auth", "stated", usual.why)
        if not usual.is_known:
            self._note("client.auth", "unknown", usual.why)
        if usual.headers:
            client["headers"] = dict(usual.headers)
        return client

    def _resource(
        self, number: int, outline: ListingOutline, auth: ToldAuth, usual: ToldAuth
    ) -> dict[str, Any]:
        path = f"resources[{number}]"
        resource: dict[str, Any] = {"name": outline.name}
        about = ": ".join(filter(None, ["deprecated" * outline.is_deprecated, outline.summary]))
        if about:
            self._note(f"{path}.name", "stated", about)
        if ALL not in self._names and outline.name not in self._names:
            resource["selected"] = False
            self._note(f"{path}.selected", "stated", "read for what depends on it, not loaded")
        resource |= self._key(path, outline)
        resource["endpoint"], notes = endpoint_of(outline)
        if auth.auth is not None and auth.auth != usual.auth:
            resource["endpoint"]["auth"] = dict(auth.auth)
            self._note(f"{path}.endpoint.auth", "stated", auth.why)
        for note in notes:
            self._note(f"{path}.endpoint.{note.key}", note.verdict, note.text, note.value)
        if outline.columns:
            resource["columns"] = {name: dict(each) for name, each in outline.columns.items()}
            self._note(f"{path}.columns", "stated", "by their formats in the document")
        return resource

    def _key(self, path: str, outline: ListingOutline) -> dict[str, Any]:
        whose = _whose(outline) if outline.key.fields else None
        included = self._for_children(outline) | {
            field: None for _, field in whose or () if field is not None
        }
        found = {"include_from_parent": list(included)} if included else {}
        if whose is None:
            self._note(f"{path}.primary_key", "unknown", outline.key.why)
            self._note(f"{path}.write_disposition", "stated", "the table is written anew each time")
            return {"write_disposition": "replace", **found}
        self._note(f"{path}.primary_key", "stated", outline.key.why)
        key = list(dict.fromkeys([*(field for field, _ in whose), *outline.key.fields]))
        primary_key = key[0] if len(key) == 1 else key
        return {"primary_key": primary_key, "write_disposition": "merge", **found}

    def _for_children(self, outline: ListingOutline) -> dict[str, None]:
        """The fields of the parent that a child's requests hold."""
        return dict.fromkeys(
            field
            for child in self._outlines
            if child.parent == outline.name
            for field in child.from_grandparent.values()
        )


def _whose(outline: ListingOutline) -> list[tuple[str, str | None]] | None:
    """The fields of a row that say which row of the parent it belongs to.

    Returns:
        Each with the field of the parent that it is taken from, or with None where it is the row's
        own; None where they cannot all be had.
    """
    found: list[tuple[str, str | None]] = []
    for name, field in outline.from_parent.items():
        own = outline.of_path_in_rows.get(name)
        if own is not None:
            found.append((own, None))
        elif name in outline.from_grandparent:
            return None
        else:
            found.append((f"_{outline.parent}_{field}", field))
    return found


def _commonest(auths: Sequence[ToldAuth]) -> ToldAuth:
    """Who asks for most listings; somebody, where any wants to know."""
    wanted = [each for each in auths if each.auth is not None or not each.is_known]
    if not wanted:
        return auths[0]
    counts = Counter(str(each.auth) for each in wanted)
    return max(wanted, key=lambda each: (each.is_known, counts[str(each.auth)]))
