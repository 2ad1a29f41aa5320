"""Decoders beside keys that they leave no sense to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonpath_ng import JSONPath

from headrace.config.format.decoders import decoder_type
from headrace.config.format.fields import TEXT
from headrace.config.format.paginators import paginator_kind
from headrace.config.format.places import Path
from headrace.core.defaults import NEXT_PAGE
from headrace.core.json_path import JsonPath

_SHOWN = {"csv": "CSV", "jsonl": "NDJSON"}
_PATHS: Mapping[str, Mapping[str, str | None]] = {
    "cursor": {"cursor_path": "cursors.next", "has_more_path": None},
    "json_link": {"next_url_path": NEXT_PAGE, "has_more_path": None},
    "offset": {"total_path": "total", "has_more_path": None},
    "page_number": {"total_path": "total", "has_more_path": None},
}
"""By a paginator: its paths into the page, each with the default that the listing needs."""
_INSTEAD = (
    "name a `header_link` or a `header_cursor`, or count on by `offset` or `page_number`, with "
    "`total_path: null`"
)


def decoder_faults(
    endpoint: Mapping[str, Any], paginator: object, place: Path
) -> Iterator[tuple[Path, str]]:
    """What cannot be found in answers that are nothing but rows.

    Args:
        endpoint: The merged keys of the endpoint, as written; they may be wrong in any other way.
        paginator: The paginator that it is listed with, as written.
        place: Where the paginator is written.

    Yields:
        A path, and a message; what begins with `endpoint` is below the resource.
    """
    shown = _SHOWN.get(decoder_type(endpoint.get("decoder")) or "")
    if shown is None:
        return
    selector = endpoint.get("data_selector")
    if selector is not None and not _is_all(selector):
        if shown == "CSV":
            yield (
                ("endpoint", "data_selector"),
                "an answer of CSV is its rows, and nothing else: leave out `data_selector`, or "
                "write `data_selector: null` where the defaults have one",
            )
        # A line of NDJSON may have an envelope of its own.
        return
    for key, default in _PATHS.get(_kind_of(paginator), {}).items():
        path = paginator.get(key, default) if isinstance(paginator, dict) else default
        if path is not None and _begins_with_key(path):
            yield (
                (*place, key),
                f"answers of {shown} have nothing beside their rows, so there is no `{path}`: "
                f"{_INSTEAD}",
            )
    incremental = endpoint.get("incremental")
    token = incremental.get("token_path") if isinstance(incremental, dict) else None
    if token is not None and _begins_with_key(token):
        yield (
            ("endpoint", "incremental", "token_path"),
            f"answers of {shown} have nothing beside their rows, so there is no `{token}`: name "
            "a field of the rows as `cursor_path`, or list all by each sync",
        )
    total = endpoint.get("total")
    if isinstance(total, dict):
        total = None if total.get("path") is not None else total.get("selector")
    if total is not None and _begins_with_key(total):
        yield (
            ("endpoint", "total"),
            f"answers of {shown} have nothing beside their rows, so there is no `{total}`: name a "
            "`header`, or a `path` that tells the number",
        )


def row_shape_faults(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Shapes of rows that answers cannot have.

    Args:
        endpoint: The merged keys of the endpoint, as written; they may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    rows = endpoint.get("rows")
    if not isinstance(rows, dict):
        return
    decoder = decoder_type(endpoint.get("decoder"))
    if decoder == "csv" and rows.keys() - {"without"}:
        yield (
            ("endpoint", "rows"),
            "rows of CSV have the names of their columns already: leave it out; `decoder.names` "
            "gives them other names",
        )
    elif (
        rows.get("key_as") is not None
        and endpoint.get("data_selector") is None
        and decoder != "jsonl"
    ):
        yield (
            ("endpoint", "rows", "key_as"),
            "needs `data_selector`, the path to the object whose keys it means: `$` where that is "
            "the answer itself",
        )


def _kind_of(paginator: object) -> str:
    tag = paginator_kind(paginator)
    return paginator if isinstance(paginator, str) and tag == TEXT else tag.strip("<>")


def _begins_with_key(path: object) -> bool:
    found = _compiled(path)
    return found is not None and bool(found.steps)


def _is_all(selector: object) -> bool:
    found = _compiled(selector)
    return found is None or found.steps == ()


def _compiled(path: object) -> JsonPath | None:
    if not isinstance(path, (str, JSONPath)):
        return None
    try:
        return JsonPath(path)
    except ValueError:
        return None
