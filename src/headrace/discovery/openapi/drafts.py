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
from headrace.discovery.openapi.literals import all_written, as_written
from headrace.discovery.openapi.names import plain
from headrace.discovery.openapi.parts import DraftPart, evidence_of
from headrace.discovery.openapi.security import ToldAuth
from headrace.sansio.discovery.columns import CONTRACT
from headrace.sansio.discovery.evidence import Evidence, Verdict

ALL = "*"
"""Stands for all listings that need no value from the user."""

_LONGEST = 200
_MOST_LEFT_OUT = 20
_MOST_LISTINGS = 2_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A config that nobody has tried, and what speaks for its keys.

    Args:
        config: The config; what the user has to say stands in it as `${NAME}`.
        evidence: What is known of its keys.
        outlines: The listings of its resources, in the same order.
        names: The names that were chosen.
    """

    config: dict[str, Any]
    evidence: tuple[Evidence, ...]
    outlines: tuple[ListingOutline, ...]
    names: frozenset[str]

    @property
    def parts(self) -> list[DraftPart]:
        """Its resources, each with what is known of it."""
        return [
            DraftPart(outline, resource, evidence_of(number, self.evidence))
            for number, (outline, resource) in enumerate(
                zip(self.outlines, self.config["resources"], strict=True)
            )
        ]


def chosen_listings(document: OpenApiDocument, names: Sequence[str]) -> list[ListingOutline]:
    """The listings that were chosen, and those that they depend on, parents first.

    Args:
        document: The document.
        names: The names that were chosen; `*` for all that need no value from the user.

    Raises:
        ConfigError: There is no listing of a name, or there are too many.
    """
    known = {each.name: each for each in document.listings}
    faults = []
    for name in names:
        if name != ALL and name not in known:
            hint = did_you_mean(name, known).strip() or "without --resource it lists what there is"
            faults.append(Fault("", f"the document has no listing `{name}`; {hint}"))
    if faults:
        raise ConfigError(faults)
    wanted = dict.fromkeys(name for name in names if name != ALL)
    if ALL in names:
        ready = [each.name for each in document.listings if is_ready(each, known)]
        wanted |= dict.fromkeys(ready)
    if len(wanted) > _MOST_LISTINGS:
        told = (
            f"{len(wanted):,} listings are more than one config holds ({_MOST_LISTINGS:,} at most)"
        )
        raise ConfigError([Fault("", f"{told}: name those that you want, by --resource NAME")])
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
    document: OpenApiDocument,
    names: Sequence[str],
    base_url: str | None = None,
    client: Mapping[str, Any] | None = None,
) -> Draft:
    """Drafts a config of some listings of a document.

    Args:
        document: The document.
        names: The names of the listings; `*` for all that need no value from the user.
        base_url: Where the API is; what the document says when None.
        client: What `client` says besides, as its `auth`; what the document says when None.

    Raises:
        ConfigError: There is no listing of a name, none at all, or the document does not say where
            the API is.
    """
    outlines = chosen_listings(document, names)
    if not outlines:
        raise ConfigError([Fault("", f"{document.source} {document.why_nothing}")])
    url = base_url or document.base_url
    if url is None:
        told = f"{document.source} does not say where the API is: give it, as --base-url URL"
        raise ConfigError([Fault("", told)])
    return _Drafting(document, outlines, frozenset(names), url, client or {}).draft()


class _Drafting:
    """Writes one draft."""

    def __init__(
        self,
        document: OpenApiDocument,
        outlines: Sequence[ListingOutline],
        names: frozenset[str],
        base_url: str,
        given: Mapping[str, Any],
    ) -> None:
        self._document = document
        self._outlines = outlines
        self._names = names
        self._base_url = base_url
        self._given = given
        self._evidence: list[Evidence] = []

    def draft(self) -> Draft:
        auths = [
            self._document.security.auth_of(each.security, self._base_url)
            for each in self._outlines
        ]
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
        for each in self._document.left_out[:_MOST_LEFT_OUT] if ALL in self._names else ():
            self._note("", "ruled out", f"left out: {each.method} {each.path}: {each.reason}")
        outlines = tuple(self._outlines)
        return Draft(as_written(config), tuple(self._evidence), outlines, self._names)

    def _note(self, path: str, verdict: Verdict, text: str, value: Any = None) -> None:
        self._evidence.append(Evidence(path, verdict, one_line(text, _LONGEST), value))

    def _client(self, usual: ToldAuth) -> dict[str, Any]:
        client: dict[str, Any] = {"base_url": self._base_url}
        # What is given is written as in a file already.
        given = all_written(self._given)
        if "auth" in given:
            client["auth"] = given["auth"]
        elif usual.auth is not None:
            client["auth"] = dict(usual.auth)
            self._note("client.auth", "stated", usual.why)
        if "auth" not in given and not usual.is_known:
            self._note("client.auth", "unknown", usual.why)
        headers = {**usual.headers, **given.get("headers", {})}
        if headers:
            client["headers"] = headers
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
        if "auth" not in self._given and auth.auth is not None and auth.auth != usual.auth:
            resource["endpoint"]["auth"] = dict(auth.auth)
            self._note(f"{path}.endpoint.auth", "stated", auth.why)
        for note in notes:
            self._note(f"{path}.endpoint.{note.key}", note.verdict, note.text, note.value)
        if outline.columns:
            resource["columns"] = {name: dict(each) for name, each in outline.columns.items()}
            resource["schema_contract"] = dict(CONTRACT)
            self._note(f"{path}.columns", "stated", "by their formats")
        return resource

    def _key(self, path: str, outline: ListingOutline) -> dict[str, Any]:
        whose = outline.whose
        included = self._for_children(outline) | {
            field: None for _, field in whose if field is not None
        }
        found = {"include_from_parent": list(included)} if included else {}
        if not outline.key.fields:
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


def _commonest(auths: Sequence[ToldAuth]) -> ToldAuth:
    """Who asks for most listings; somebody, where any wants to know."""
    wanted = [each for each in auths if each.auth is not None or not each.is_known]
    if not wanted:
        return auths[0]
    counts = Counter(str(each.auth) for each in wanted)
    return max(wanted, key=lambda each: (each.is_known, counts[str(each.auth)]))
