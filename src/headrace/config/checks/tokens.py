"""Incrementals that go on from a token, beside keys that they do not go with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import parent_fields, placeholders_in
from headrace.config.format.placeholders import INCREMENTAL_CONTEXT
from headrace.config.format.places import Path

_WITH_TOKENS = frozenset({"token_path", "token_expired", "start_param"})
_VALUES = ("incremental.start_value", "incremental.last_value")


def token_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    """What is wrong between the keys of an incremental that goes on from a token.

    Args:
        resource: The resource; it may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.endpoint
    written = endpoint.get("incremental")
    if not isinstance(written, Mapping):
        return
    here: Path = ("endpoint", "incremental")
    if written.get("token_path") is None:
        if written.get("cursor_path") is None:
            yield (
                (*here, "cursor_path"),
                "is missing: JSONPath of the field by which rows are ordered; or `token_path`, "
                "where the API names in its last page what the next sync is to send",
            )
        if written.get("token_expired") is not None:
            yield (*here, "token_expired"), "is of tokens, and needs a `token_path`"
        return
    for key, value in written.items():
        if value is not None and key not in _WITH_TOKENS:
            yield (
                (*here, key),
                "does not go with `token_path`: the API knows by the token what has changed; "
                "leave one of them out",
            )
    if parent_fields(endpoint):
        yield (
            (*here, "token_path"),
            "is one for the whole resource, and this one is listed for each row of its parent: "
            "its rows need a `cursor_path`",
        )
    if _kind_of(resource.paginator) == "auto":
        yield (
            (*here, "token_path"),
            "needs a `paginator` that is named: a guessed one may take the token for the cursor of "
            "a next page. `single_page`, where all comes at once",
        )
    if _disposition(resource.keys.get("write_disposition")) == "replace":
        yield (
            ("write_disposition",),
            "would replace the table by what has changed since the last sync: `token_path` needs "
            "`write_disposition: merge`, or `append`",
        )
    yield from _odd_places(endpoint)


def _odd_places(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for path, name in placeholders_in(endpoint):
        if not name.startswith(INCREMENTAL_CONTEXT):
            continue
        if name not in _VALUES:
            yield (
                ("endpoint", *path),
                f"`{{{name}}}` is of no token: write `{{incremental.start_value}}`",
            )
        elif path[:1] == ("path",):
            yield (
                ("endpoint", *path),
                "cannot hold the token, which the first sync has none of: send it as "
                "`start_param`, or in `params`, `headers` or `json`",
            )


def _kind_of(paginator: Any) -> Any:
    kind = paginator.get("type") if isinstance(paginator, Mapping) else paginator
    return "auto" if kind is None else kind


def _disposition(written: Any) -> Any:
    return written.get("disposition") if isinstance(written, Mapping) else written
