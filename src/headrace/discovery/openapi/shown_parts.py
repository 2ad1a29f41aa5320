"""The resources of a draft as the API's answers show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headrace.discovery.openapi.listings import ListingOutline
from headrace.discovery.openapi.paging import UNKNOWN, ToldPaging
from headrace.discovery.openapi.parts import DraftPart, evidence_of
from headrace.discovery.openapi.seen_rows import without_refuted
from headrace.discovery.openapi.told_paging import TriedPaging
from headrace.discovery.results import Discovery
from headrace.discovery.trials import Row
from headrace.sansio.discovery.columns import CONTRACT
from headrace.sansio.discovery.evidence import Evidence

_OF_KEY = ("primary_key", "write_disposition")
_FOUND_ANEW = (
    *_OF_KEY,
    "columns",
    "endpoint.data_selector",
    "endpoint.paginator",
    "endpoint.params",
)
_ALONE = ("single_page", {"type": "single_page"})
_OF_ALL = ("headers", "auth")


def with_told(part: DraftPart, tried: TriedPaging) -> DraftPart:
    """A listing whose pages go on as the document tells.

    Args:
        part: The resource of the draft.
        tried: What came.
    """
    kept = [each for each in part.evidence if each.path != "endpoint.paginator"]
    verdict: Any = "proven" if tried.is_proven else "stated"
    told = f"{part.outline.paging.why}: {tried.text}"
    noted = Evidence("endpoint.paginator", verdict, told)
    resource, evidence = without_refuted(part.resource, part.outline, [*kept, noted], tried.rows)
    return DraftPart(part.outline, resource, tuple(evidence))


def without_paging(part: DraftPart, told: str, against: Evidence | None) -> DraftPart:
    """A listing of which nobody knows how its pages go on.

    Args:
        part: The resource of the draft.
        told: Why not, as half a line.
        against: What speaks against the way that the document tells; None where it tells none.
    """
    kept = [each for each in part.evidence if each.path != "endpoint.paginator"]
    kept.append(Evidence("endpoint.paginator", "unknown", told))
    kept += [against] if against is not None else []
    endpoint = {**part.resource["endpoint"], "paginator": UNKNOWN}
    return replace(part, resource={**part.resource, "endpoint": endpoint}, evidence=tuple(kept))


def with_other(endpoint: Mapping[str, Any], paging: ToldPaging) -> dict[str, Any]:
    """An endpoint whose pages go on in another way that the document may mean.

    Args:
        endpoint: The endpoint.
        paging: That way.
    """
    params = {**endpoint.get("params", {}), **paging.params}
    found = {**endpoint, **({"params": params} if params else {})}
    body = {"json": {**endpoint.get("json", {}), **paging.body}} if paging.body else {}
    # Last, as a config has it.
    found.pop("paginator", None)
    return {**found, **body, "paginator": paging.paginator}


def with_found(
    part: DraftPart, found: Discovery, against: Evidence | None, rows: Sequence[Row]
) -> DraftPart:
    """A listing whose pages go on in another way than the document tells, or where it tells none.

    Args:
        part: The resource of the draft.
        found: What was found by asking.
        against: What speaks against the way that the document tells; None where it tells none.
        rows: Its first rows.
    """
    own, outline = part.resource, part.outline
    shown = found.config["resources"][0]
    key = _whole_key(outline, shown.get("primary_key"))
    # One row alone proves no key, and does not refute the document's either.
    anew = _FOUND_ANEW if key is not None else tuple(set(_FOUND_ANEW) - set(_OF_KEY))
    resource = {name: value for name, value in own.items() if name != "columns"}
    if key is not None:
        resource |= {"primary_key": key, "write_disposition": "merge"}
    endpoint = {**shown["endpoint"], "path": own["endpoint"]["path"]}
    noted = [each for each in evidence_of(0, found.evidence) if key or each.path not in _OF_KEY]
    if outline.parent is not None and endpoint["paginator"] in _ALONE:
        endpoint["paginator"] = UNKNOWN
        told = f"one page has all rows of one row of `{outline.parent}`, and of the others?"
        noted = [each for each in noted if each.path != "endpoint.paginator"]
        noted.append(Evidence("endpoint.paginator", "unknown", told))
    resource["endpoint"] = endpoint | {
        name: own["endpoint"][name] for name in _OF_ALL if name in own["endpoint"]
    }
    columns = {**own.get("columns", {}), **shown.get("columns", {})}
    if columns:
        resource["columns"] = columns
        resource["schema_contract"] = dict(CONTRACT)
    kept = [each for each in part.evidence if each.path not in anew]
    evidence = [*kept, *noted, *([against] if against is not None else [])]
    if key is None:
        resource, evidence = without_refuted(resource, outline, evidence, rows)
    return DraftPart(outline, resource, tuple(evidence))


def is_led_on(found: Discovery) -> bool:
    """Whether a listing was found to have several pages, and how they go on.

    Args:
        found: What was found.
    """
    paginator = found.config["resources"][0]["endpoint"]["paginator"]
    return found.is_proven and paginator not in _ALONE


def with_size(found: Discovery, name: str, size: int) -> Discovery:
    """What was found in small pages, in those that the document allows.

    Args:
        found: What was found.
        name: The query parameter for the size of a page.
        size: The size to ask for.
    """
    resource = found.config["resources"][0]
    endpoint = dict(resource["endpoint"])
    if name in endpoint.get("params", {}):
        endpoint["params"] = {**endpoint["params"], name: size}
    if endpoint["paginator"].get("limit_param") == name:
        endpoint["paginator"] = {**endpoint["paginator"], "limit": size}
    config = {**found.config, "resources": [{**resource, "endpoint": endpoint}]}
    return replace(found, config=config)


def is_like(part: DraftPart, other: DraftPart) -> bool:
    """Whether pages of a listing may go on as those of another, which are proven.

    Args:
        part: The listing.
        other: The other one.
    """
    paginator = other.resource["endpoint"]["paginator"]
    is_proven = any(
        each.path == "endpoint.paginator" and each.verdict == "proven" for each in other.evidence
    )
    asked, asked_of_other = _asked_by(part), _asked_by(other)
    takes_alike = len(asked & asked_of_other) * 2 >= len(asked | asked_of_other)
    if was_refuted(part, other):
        # What is wrong there is wrong here, and what is right there takes the same parameters.
        takes_alike = part.outline.paging.names | set(_params_of(paginator)) <= asked
    return is_proven and takes_alike and paginator not in _ALONE


def was_refuted(part: DraftPart, other: DraftPart) -> bool:
    """Whether pages do not go on as a document tells of a listing, as another one has shown.

    Args:
        part: The listing.
        other: The other one.
    """
    told, told_of_other = part.outline.paging, other.outline.paging
    shown = other.resource["endpoint"]["paginator"]
    return (
        told.is_known
        and told.paginator == told_of_other.paginator
        and shown not in (told.paginator, UNKNOWN)
        and part.resource["endpoint"]["paginator"] == told.paginator
    )


def _asked_by(part: DraftPart) -> set[str]:
    """The query parameters that a listing takes."""
    named = {each.name for each in part.outline.parameters if each.place == "query"}
    return named | part.outline.paging.names


def _params_of(paginator: Mapping[str, Any]) -> list[str]:
    """The query parameters of a paginator, as far as it names them."""
    return [value for key, value in paginator.items() if key.endswith("_param")]


def like_that_of(part: DraftPart, other: DraftPart) -> dict[str, Any]:
    """The endpoint of a listing with the paginator of another one.

    Args:
        part: The listing.
        other: The other one.
    """
    endpoint = dict(part.resource["endpoint"])
    endpoint["paginator"] = other.resource["endpoint"]["paginator"]
    size = part.outline.paging.size
    if was_refuted(part, other):
        names = [*part.outline.paging.params]
        kept = {key: value for key, value in endpoint.get("params", {}).items() if key not in names}
        endpoint = {key: value for key, value in endpoint.items() if key != "params"}
        endpoint |= {"params": kept} if kept else {}
    if size is not None and "limit" not in endpoint["paginator"]:
        endpoint["params"] = {**endpoint.get("params", {}), size[0]: size[1]}
    return endpoint


def with_paging_of(
    part: DraftPart, other: DraftPart, endpoint: Mapping[str, Any], tried: TriedPaging
) -> DraftPart:
    """A listing whose pages go on as those of another one.

    Args:
        part: The listing.
        other: The other one.
        endpoint: Its endpoint, with the paginator of the other one.
        tried: What came when its pages were read so.
    """
    kept = [each for each in part.evidence if each.path != "endpoint.paginator"]
    told = f"as `{other.outline.name}`, where it is proven: {tried.text}"
    if was_refuted(part, other):
        told += f"; not as documented, which `{other.outline.name}` refutes"
    noted = Evidence("endpoint.paginator", "proven", told)
    return DraftPart(part.outline, {**part.resource, "endpoint": endpoint}, (*kept, noted))


def _whole_key(outline: ListingOutline, key: Any) -> Any:
    """The key of rows of all parents, where one of the rows of one parent is known."""
    if key is None:
        return None
    fields = [key] if isinstance(key, str) else list(key)
    whole = list(dict.fromkeys([*(field for field, _ in outline.whose), *fields]))
    return whole[0] if len(whole) == 1 else whole
