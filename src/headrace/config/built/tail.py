"""A resource whose `incremental` keeps a mirror of a listing that is newest first."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from headrace.config.built.parents import holds_incremental_values, parent_fields
from headrace.config.checks.placeholders import names_in
from headrace.config.checks.showing import Path, listed
from headrace.config.format.fields import OBJECT
from headrace.config.format.incremental import IncrementalConfig, LookbackConfig
from headrace.config.format.paginators import paginator_kind
from headrace.config.format.response_actions import tail_action_faults
from headrace.core.expressions.expression import Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.tail import TailSettings

_OURS = ("settled_when", "refresh_path", "refresh_selector", "touches", "late_rows", "time_path")
WITH_START_PARAM = (
    *("start_param", "end_param", "end_value", "lag", "convert", "transform"),
    *("range_start", "range_end", "allow_external_schedulers", "on_cursor_value_missing"),
    "per_parent",
)
"""Keys that make an incremental one of dlt's also where the listing is newest first."""

_LIMIT = "limit"
_NEEDS_ALL_ROWS = ("scd2", "insert-only", "cdc")
_DISPOSITION = (
    "an incremental with `row_order: desc` and no `start_param` loads rows again when they change, "
    "which needs `write_disposition: merge`; to leave out the rows of earlier syncs without asking "
    "again for those that change, as dlt does, add `range_start: closed`"
)
_NO_TAIL_PAGINATORS = {
    "offset": "each deletion shifts a row past the client",
    "page_number": "each deletion shifts a row past the client",
    "auto": "what is guessed may be another thing in each sync. Name the paginator",
}


@dataclass(frozen=True, kw_only=True)
class TailConfig:
    """How a listing that is newest first is kept up with.

    Args:
        key: the field that orders the listing.
        primary_key: the fields that name a row.
        settled_when: true of a row that can change no more; None when nothing is known of that.
        refresh_path: path of one row, with the placeholder of its primary key; None without.
        refresh_selector: where the row is in that answer.
        touches: fields that name an older row which changes because of theirs.
        time_path: the field that says when a row came to be; None without.
        settings: for the planner.
    """

    key: JsonPath
    primary_key: tuple[str, ...]
    settled_when: Expression | None
    refresh_path: str | None
    refresh_selector: str
    touches: tuple[str, ...]
    time_path: JsonPath | None
    settings: TailSettings = field(repr=False)


def is_tail(endpoint: Mapping[str, Any]) -> bool:
    """Whether the `incremental` of an endpoint keeps up with a listing, and is none of dlt's.

    With a key that dlt does not know it does. So it does where the listing is newest first and
    nothing asks for a part of it: neither a key that only dlt's have, nor a placeholder.

    Args:
        endpoint: merged with the defaults; may be wrong in any way.
    """
    incremental = endpoint.get("incremental")
    if not isinstance(incremental, Mapping):
        return False
    if any(incremental.get(key) is not None for key in _OURS):
        return True
    is_dlts = any(incremental.get(key) is not None for key in WITH_START_PARAM)
    is_newest_first = incremental.get("row_order") == "desc"
    return is_newest_first and not is_dlts and not holds_incremental_values(endpoint)


def tail_faults(resource: Mapping[str, Any], paginator: object) -> Iterator[tuple[Path, str]]:
    """What is wrong between the keys of a tail, each right by itself.

    Args:
        resource: merged with the defaults; may be wrong in any other way.
        paginator: that it is listed with, as written; None for none.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.get("endpoint")
    incremental = endpoint.get("incremental") if isinstance(endpoint, Mapping) else None
    if not (isinstance(endpoint, Mapping) and isinstance(incremental, Mapping)):
        return
    if not is_tail(endpoint):
        return
    here: Path = ("endpoint", "incremental")
    yield from (((*here, path), message) for path, message in _own_faults(incremental))
    if holds_incremental_values(endpoint):
        yield here, "has no values for `{incremental. ...}`: it is listed from the top each time"
    if parent_fields(endpoint):
        yield here, "cannot be kept up with: it is listed anew for each row of its parent"
    yield from ((here, message) for message in _paginator_faults(paginator))
    for path, message in tail_action_faults(endpoint):
        yield ("endpoint", *path), message
    written = resource.get("write_disposition")
    disposition = written if isinstance(written, Mapping) else {"disposition": written}
    if disposition.get("disposition") != "merge":
        yield ("write_disposition",), _DISPOSITION
    elif disposition.get("strategy") in _NEEDS_ALL_ROWS:
        strategy = disposition["strategy"]
        yield ("write_disposition",), f"the strategy `{strategy}` needs all rows in each load"
    keys = _primary_key(resource)
    if keys is None:
        yield ("primary_key",), "name the columns of the primary key: rows are merged by it"
        return
    yield from _refresh_faults(incremental, keys)
    try:
        model = IncrementalConfig.model_validate(incremental)
    except ValidationError:
        return
    settings = _settings(model, keys, endpoint, _limit(paginator, endpoint))
    for key, message in settings.problems():
        yield (*here, key), message


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


def replaced_children(
    resources: Sequence[tuple[str, Mapping[str, Any]]],
) -> Iterator[tuple[int, str]]:
    """Resources that would lose rows: a tail passes only a part of its rows on each time.

    Args:
        resources: name and merged keys of each, in order; no keys of those made in Python.

    Yields:
        The place of the resource, and a message.
    """
    endpoints = {name: resource.get("endpoint") or {} for name, resource in resources}
    for index, (name, resource) in enumerate(resources):
        written = resource.get("write_disposition")
        disposition = written.get("disposition") if isinstance(written, Mapping) else written
        above: list[str] = []
        fields = parent_fields(endpoints[name])
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


def build_tail(resource: Mapping[str, Any], paginator: object) -> TailConfig | None:
    """The tail of a resource without faults; None where it has none.

    Args:
        resource: merged with the defaults.
        paginator: that it is listed with, as written.
    """
    endpoint = resource["endpoint"]
    if not is_tail(endpoint):
        return None
    model = IncrementalConfig.model_validate(endpoint["incremental"])
    keys = _primary_key(resource) or ()
    return TailConfig(
        key=JsonPath(model.cursor_path),
        primary_key=keys,
        settled_when=model.settled_when,
        refresh_path=model.refresh_path,
        refresh_selector=str(model.refresh_selector or "$"),
        touches=model.touches or (),
        time_path=JsonPath(model.time_path) if model.time_path else None,
        settings=_settings(model, keys, endpoint, _limit(paginator, endpoint)),
    )


def _own_faults(incremental: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    order = incremental.get("row_order")
    if order is None:
        yield "row_order", "say `row_order: desc`: the listing has to be newest first"
    for key in WITH_START_PARAM:
        if incremental.get(key) is not None:
            yield (
                key,
                f"`{key}` is for dlt's incrementals; it does not go with "
                f"{listed([key for key in (*_OURS, 'row_order') if incremental.get(key)])}",
            )
    for key in ("cursor_path", "time_path"):
        path = incremental.get(key)
        if isinstance(path, str) and not _is_plain(path):
            yield key, f"`{path}` must be a plain path to one field, for example `id`"


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
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(path) if name is not None]
    except ValueError:
        names = []
    if names != [keys[0]]:
        yield where, f"must hold the primary key once, as in `/items/{{{keys[0]}}}`"


def _primary_key(resource: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The columns of the primary key; None where there is none, or a function names it."""
    given = resource.get("primary_key")
    if isinstance(given, str) and given:
        return (given,)
    if isinstance(given, (list, tuple)) and given and all(isinstance(each, str) for each in given):
        return tuple(given)
    return None


def _limit(paginator: object, endpoint: Mapping[str, Any]) -> int | None:
    """Rows asked for in a page: by the paginator, or by a param of the usual name."""
    params = endpoint.get("params")
    limit = paginator.get("limit") if isinstance(paginator, Mapping) else None
    if limit is None and isinstance(params, Mapping):
        limit = params.get(_LIMIT)
    try:
        return int(limit) if isinstance(limit, (int, str)) else None
    except ValueError:
        return None


def _has_filter(endpoint: Mapping[str, Any]) -> bool:
    """Whether the listing may leave rows out: any param but the page size could do that."""
    params, path = endpoint.get("params"), endpoint.get("path")
    if not isinstance(params, Mapping):
        return False
    in_path = names_in(path) if isinstance(path, str) else None
    return any(name != _LIMIT and name not in (in_path or ()) for name in params)


def _settings(
    model: IncrementalConfig,
    keys: tuple[str, ...],
    endpoint: Mapping[str, Any],
    limit: int | None,
) -> TailSettings:
    late_rows = model.late_rows or "none"
    return TailSettings(
        row_order=model.row_order or "desc",
        late_rows=float(late_rows.lookback) if isinstance(late_rows, LookbackConfig) else late_rows,
        key_is_primary=JsonPath(model.cursor_path).steps == keys,
        has_settled_when=model.settled_when is not None,
        has_refresh_path=model.refresh_path is not None,
        has_touches=bool(model.touches),
        has_filter=_has_filter(endpoint),
        limit=limit,
        backfill_until=model.initial_value,
    )
