"""Incrementals of Headrace's own kind, which keep up with a listing that is newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import holds_incremental_values
from headrace.config.format.incremental import IncrementalConfig, LookbackConfig
from headrace.config.format.placeholders import names_in
from headrace.core.defaults import LIMIT_PARAM
from headrace.core.expressions.expression import Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.tail import TailSettings

KEYS_OF_TAILS = (
    "settled_when",
    "settles_after",
    "refresh_path",
    "refresh_selector",
    "touches",
    "late_rows",
    "time_path",
)
"""Keys that dlt does not know, and that make an incremental keep up with its listing."""
KEYS_OF_DLT = (
    *("start_param", "end_param", "end_value", "lag", "convert", "transform"),
    *("range_start", "range_end", "allow_external_schedulers", "on_cursor_value_missing"),
    *("per_parent", "step", "smallest_step", "value_format", "most_rows"),
    *("token_path", "token_expired"),
)
"""Keys that make an incremental one of dlt's also where the listing is newest first."""


@dataclass(frozen=True, slots=True)
class SettlesAfter:
    """Rows that look settled, and may change for a while all the same.

    Args:
        seconds: For how long.
        since: The field with the time that it counts from.
        when: An expression that is true of the rows that are meant; None for all.
    """

    seconds: float
    since: JsonPath
    when: Expression | None


@dataclass(frozen=True, kw_only=True)
class TailConfig:
    """How a listing that is newest first is kept up with.

    Args:
        key: The field that orders the listing.
        primary_key: The columns that identify a row, in order.
        settled_when: An expression that is true of a row that can no longer change; None when
            nothing is known of that.
        settles_after: Of which of those rows that is true only after a while; None for none.
        refresh_path: The path of one row, with a placeholder for its primary key; None when rows
            cannot be fetched one by one.
        refresh_selector: The JSONPath of the row in that answer.
        touches: Fields whose value is the key of an older row that changes with this one.
        time_path: The field with the time at which a row came to be; None for none.
        settings: The settings of the planner.
    """

    key: JsonPath
    primary_key: tuple[str, ...]
    settled_when: Expression | None
    settles_after: SettlesAfter | None
    refresh_path: str | None
    refresh_selector: str
    touches: tuple[str, ...]
    time_path: JsonPath | None
    settings: TailSettings = field(repr=False)


def is_tail(endpoint: Mapping[str, Any]) -> bool:
    """Whether the `incremental` of an endpoint keeps up with a listing, which dlt's do not.

    It does where it has a key that dlt does not know. It also does where the listing is newest
    first and nothing asks for a part of it: no key that only incrementals of dlt's kind have, and
    no placeholder for a value of the incremental.

    Args:
        endpoint: The merged keys as written; they may be wrong in any way.
    """
    incremental = endpoint.get("incremental")
    if not isinstance(incremental, Mapping):
        return False
    if any(incremental.get(key) is not None for key in KEYS_OF_TAILS):
        return True
    is_dlts = any(incremental.get(key) is not None for key in KEYS_OF_DLT)
    is_newest_first = incremental.get("row_order") == "desc"
    return is_newest_first and not is_dlts and not holds_incremental_values(endpoint)


def build_tail(
    resource: MergedResource, incremental: IncrementalConfig | None
) -> TailConfig | None:
    """How the config wants a listing to be kept up with.

    Args:
        resource: A resource without faults.
        incremental: Its `endpoint.incremental`, typed; None where it has none.

    Returns:
        None where the resource is not kept up with.
    """
    if incremental is None or not is_tail(resource.endpoint):
        return None
    columns = primary_key_columns(resource.keys) or ()
    return TailConfig(
        key=JsonPath(incremental.cursor_path),
        primary_key=columns,
        settled_when=incremental.settled_when,
        settles_after=_settles_after(incremental),
        refresh_path=incremental.refresh_path,
        refresh_selector=str(incremental.refresh_selector or "$"),
        touches=incremental.touches or (),
        time_path=JsonPath(incremental.time_path) if incremental.time_path else None,
        settings=tail_settings(resource, incremental, columns),
    )


def _settles_after(incremental: IncrementalConfig) -> SettlesAfter | None:
    written = incremental.settles_after
    if written is None:
        return None
    return SettlesAfter(written.duration, JsonPath(written.since), written.when)


def tail_settings(
    resource: MergedResource, incremental: IncrementalConfig, columns: tuple[str, ...]
) -> TailSettings:
    """How the planner follows a listing that is kept up with.

    Args:
        resource: The resource; beside its incremental it may be wrong in any way.
        incremental: Its `endpoint.incremental`, typed.
        columns: The columns of its primary key.
    """
    late_rows = incremental.late_rows or "none"
    return TailSettings(
        row_order=incremental.row_order or "desc",
        late_rows=float(late_rows.lookback) if isinstance(late_rows, LookbackConfig) else late_rows,
        key_is_primary=JsonPath(incremental.cursor_path).steps == columns,
        has_settled_when=incremental.settled_when is not None,
        has_refresh_path=incremental.refresh_path is not None,
        has_touches=bool(incremental.touches),
        has_filter=_has_filter(resource.endpoint),
        limit=_page_size(resource),
        backfill_until=incremental.initial_value,
    )


def primary_key_columns(resource: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The columns of a resource's primary key.

    Args:
        resource: The merged keys as written; they may be wrong in any way.

    Returns:
        The columns in order; None where there is no primary key, or a function names it.
    """
    given = resource.get("primary_key")
    if isinstance(given, str) and given:
        return (given,)
    if isinstance(given, (list, tuple)) and given and all(isinstance(each, str) for each in given):
        return tuple(given)
    return None


def _page_size(resource: MergedResource) -> int | None:
    """Rows asked for in a page: by the paginator, or by a param of the usual name."""
    params, paginator = resource.endpoint.get("params"), resource.paginator
    limit = paginator.get("limit") if isinstance(paginator, Mapping) else None
    if limit is None and isinstance(params, Mapping):
        limit = params.get(LIMIT_PARAM)
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
    return any(name != LIMIT_PARAM and name not in (in_path or ()) for name in params)
