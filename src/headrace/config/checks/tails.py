"""Listings that cannot be kept up with, although each of their keys is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import holds_incremental_values, parent_fields
from headrace.config.built.tail import (
    KEYS_OF_DLT,
    KEYS_OF_TAILS,
    is_tail,
    listed_key,
    primary_key_columns,
    tail_settings,
)
from headrace.config.format.fields import OBJECT
from headrace.config.format.incremental import IncrementalConfig
from headrace.config.format.paginators import paginator_kind
from headrace.config.format.placeholders import names_in
from headrace.config.format.places import Path
from headrace.config.format.wording import listed
from headrace.core.json_path import JsonPath

_NEEDS_ALL_ROWS = ("scd2", "insert-only", "cdc")
_DISPOSITION = (
    "an incremental with `row_order: desc` and no `start_param` loads rows again when they change, "
    "which needs `write_disposition: merge`; to leave out the rows of earlier syncs without asking "
    "again for those that change, as dlt does, add `range_start: closed`"
)
_NEEDS_LISTED_KEY = (
    "must hold a field of `rows.each.of_row` that takes over the key of the listed row, which is a "
    "field of its own, as `order_id` of `of_row: {order_id: id}`: the listing is kept up with row "
    "by row"
)
_NO_TAIL_PAGINATORS = {
    "offset": "each deletion shifts a row past the client",
    "page_number": "each deletion shifts a row past the client",
    "auto": "what is guessed may be another thing in each sync. Name the paginator",
}
_ENDS_EARLY = (
    "`ignore` ends a listing early, and a listing that is kept up with would never come to the "
    "rows below; use `fail` or `retry`"
)


def tail_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    """What is wrong between the keys of a listing that is kept up with.

    Args:
        resource: The resource; it may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.endpoint
    if not is_tail(endpoint):
        return
    incremental = endpoint["incremental"]
    here: Path = ("endpoint", "incremental")
    yield from (((*here, path), message) for path, message in _key_faults(incremental))
    if holds_incremental_values(endpoint):
        yield here, "has no values for `{incremental. ...}`: it is listed from the top each time"
    if parent_fields(endpoint):
        yield here, "cannot be kept up with: it is listed anew for each row of its parent"
    yield from ((here, message) for message in _paginator_faults(resource.paginator))
    yield from _action_faults(endpoint)
    yield from _disposition_faults(resource.keys.get("write_disposition"))
    if primary_key_columns(resource.keys) is None:
        yield ("primary_key",), "name the columns of the primary key: rows are merged by it"
        return
    columns = listed_key(resource)
    if columns is None:
        yield ("primary_key",), _NEEDS_LISTED_KEY
        return
    yield from _refresh_faults(incremental, columns)
    typed = _typed_incremental(resource)
    if typed is not None and _is_plain(typed.cursor_path):
        for key, message in tail_settings(resource, typed, columns).problems():
            yield (*here, key), message


def _typed_incremental(resource: MergedResource) -> IncrementalConfig | None:
    """The typed incremental, also where other keys are wrong, so that all faults come at once."""
    if resource.typed is not None:
        return resource.typed.endpoint.incremental
    try:
        return IncrementalConfig.model_validate(resource.endpoint["incremental"])
    except ValidationError:
        return None


def _disposition_faults(written: object) -> Iterator[tuple[Path, str]]:
    disposition = written if isinstance(written, Mapping) else {"disposition": written}
    if disposition.get("disposition") != "merge":
        yield ("write_disposition",), _DISPOSITION
    elif disposition.get("strategy") in _NEEDS_ALL_ROWS:
        strategy = disposition["strategy"]
        yield ("write_disposition",), f"the strategy `{strategy}` needs all rows in each load"


def _paginator_faults(paginator: object) -> Iterator[str]:
    kind = paginator.get("type") if isinstance(paginator, Mapping) else paginator
    kind = "auto" if paginator is None else kind
    if paginator_kind(paginator) == OBJECT:
        yield (
            "cannot be kept up with by a paginator of your own: where it stands cannot be kept "
            "from sync to sync. Use `cursor`, `header_cursor`, `json_link` or `header_link`"
        )
    elif isinstance(kind, str) and kind in _NO_TAIL_PAGINATORS:
        yield f"cannot be kept up with by `{kind}` pages: {_NO_TAIL_PAGINATORS[kind]}"


def replaced_children(resources: Sequence[MergedResource]) -> Iterator[tuple[int, str]]:
    """Find resources that would lose rows, since they get only a part of them in each sync.

    What depends on a listing that is kept up with is listed for the latest rows of its parent
    alone.

    Args:
        resources: All resources of the config, in order; they may be wrong in any other way.

    Yields:
        The index of the resource, and a message.
    """
    endpoints = {resource.name: resource.endpoint for resource in resources}
    for index, resource in enumerate(resources):
        written = resource.keys.get("write_disposition")
        disposition = written.get("disposition") if isinstance(written, Mapping) else written
        above: list[str] = []
        fields = parent_fields(endpoints[resource.name])
        while fields and fields[0].resource in endpoints and fields[0].resource not in above:
            above.append(fields[0].resource)
            fields = parent_fields(endpoints[above[-1]])
        for parent in above if disposition == "replace" else ():
            if is_tail(endpoints[parent]):
                yield (
                    index,
                    f"`replace` would keep nothing but what belongs to the latest rows of "
                    f"`{parent}`, which is kept up with; use `merge` or `append`",
                )


def _key_faults(incremental: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    order = incremental.get("row_order")
    if order is None:
        yield "row_order", "say `row_order: desc`: the listing has to be newest first"
    for key in KEYS_OF_DLT:
        if incremental.get(key) is not None:
            yield (
                key,
                f"`{key}` is for dlt's incrementals; it does not go with "
                f"{listed([key for key in (*KEYS_OF_TAILS, 'row_order') if incremental.get(key)])}",
            )
    for key in ("cursor_path", "time_path"):
        path = incremental.get(key)
        if isinstance(path, str) and not _is_plain(path):
            yield key, f"`{path}` must be a plain path to one field, for example `id`"

    if incremental.get("hidden") is not None and incremental.get("time_path") is None:
        yield (
            "hidden",
            "a row may come and end between two syncs, below rows that were listed: give "
            "`time_path`, the field with the time of a row, so that the last ones are listed again",
        )
    later = incremental.get("settles_after")
    if isinstance(later, Mapping):
        if incremental.get("settled_when") is None:
            yield "settles_after", "says for which rows `settled_when` counts later: give that too"
        since = later.get("since")
        if isinstance(since, str) and not _is_plain(since):
            yield "settles_after", f"`{since}` must be a plain path to one field: `stoppedAt`"


def _is_plain(path: str) -> bool:
    try:
        steps = JsonPath(path)
    except ValueError:
        return False
    return bool(steps.steps) and not steps.spread


def _refresh_faults(
    incremental: Mapping[str, Any], keys: tuple[str, ...]
) -> Iterator[tuple[Path, str]]:
    path = incremental.get("refresh_path")
    if not isinstance(path, str):
        return
    where: Path = ("endpoint", "incremental", "refresh_path")
    if len(keys) != 1:
        yield where, f"needs a primary key of one column; it is {listed(keys)}"
        return
    if names_in(path) != [keys[0]]:
        yield where, f"must hold the primary key once, as in `/items/{{{keys[0]}}}`"


def _action_faults(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    actions = endpoint.get("response_actions")
    for index, action in enumerate(actions if isinstance(actions, (list, tuple)) else ()):
        if isinstance(action, Mapping) and action.get("action") == "ignore":
            yield ("endpoint", "response_actions", index, "action"), _ENDS_EARLY
