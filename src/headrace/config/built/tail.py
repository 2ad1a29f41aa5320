"""Incrementals of Headrace's own kind, which keep up with a listing that is newest first."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from jsonpath_ng import JSONPath

from headrace.config.built.key_lane_obstacles import why_no_lanes
from headrace.config.built.lanes_by_key import key_lane_settings
from headrace.config.built.merging import MergedResource
from headrace.config.built.page_size import page_size
from headrace.config.built.parents import holds_incremental_values
from headrace.config.format.incremental import IncrementalConfig, LookbackConfig, OwnListingConfig
from headrace.config.format.lanes import AnyLanes
from headrace.config.format.lanes_by_key import KeyLanesConfig
from headrace.config.format.placeholders import names_in, with_json_texts
from headrace.core.defaults import LIMIT_PARAM
from headrace.core.expressions.expression import Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.tail import TailSettings
from headrace.sansio.tail.messages import OwnListing

KEYS_OF_TAILS = (
    "settled_when",
    "settles_after",
    "refresh_path",
    "refresh_selector",
    "touches",
    "late_rows",
    "hidden",
    "open",
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


@dataclass(frozen=True, slots=True)
class OwnListingAt:
    """Where the API lists rows of one kind.

    Args:
        path: The path of that listing; None for the one of the endpoint.
        params: The query parameters that it takes besides those of the endpoint.
    """

    path: str | None
    params: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TailConfig:
    """How a listing that is newest first is kept up with.

    Args:
        key: The field that orders the listing.
        primary_key: The fields that identify a listed row, in order.
        settled_when: An expression that is true of a row that can no longer change; None when
            nothing is known of that.
        settles_after: Of which of those rows that is true only after a while; None for none.
        refresh_path: The path of one row, with a placeholder for its primary key; None when rows
            cannot be fetched one by one.
        refresh_selector: The JSONPath of the row in that answer.
        touches: Fields whose value is the key of an older row that changes with this one.
        own_listings: Where the rows are listed that the listing hides, and those that are open.
        time_path: The field with the time at which a row came to be; None for none.
        below_param: The query parameter that asks for the rows below a key; None for none.
        settings: The settings of the planner.
        row_key: The columns that identify a row of the table, in order.
        keeps_keys_apart: Whether it is known that no two rows of one listed row have the same key.
        row_names: Where rows are made of parts of the listed ones: the names that fields of the
            listed row get in these, by the keys that lead to the fields; None where a listed row is
            a row.
    """

    key: JsonPath
    primary_key: tuple[str, ...]
    settled_when: Expression | None
    settles_after: SettlesAfter | None
    refresh_path: str | None
    refresh_selector: str
    touches: tuple[str, ...]
    own_listings: Mapping[OwnListing, OwnListingAt]
    time_path: JsonPath | None
    settings: TailSettings = field(repr=False)
    row_key: tuple[str, ...] = ()
    keeps_keys_apart: bool = True
    below_param: str | None = None
    row_names: Mapping[tuple[str, ...], str] | None = None

    def in_table(self, steps: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Where a row of the table has what a listed row has in a field.

        Args:
            steps: The keys that lead to the field; None for no field.

        Returns:
            The keys in the same order; None where it has that nowhere.
        """
        if self.row_names is None or steps is None:
            return steps
        name = self.row_names.get(steps)
        return None if name is None else (name,)

    @property
    def fields_needed(self) -> tuple[tuple[str, ...], ...]:
        """The keys that lead to each field which must be known of a listed row."""
        later = self.settles_after
        paths = (self.key, self.time_path, None if later is None else later.since)
        conditions = (self.settled_when, None if later is None else later.when)
        names = [name for each in conditions if each is not None for name in each.used_names]
        return (
            *(path.steps for path in paths if path is not None and path.steps),
            *((name,) for name in (*self.primary_key, *names, *self.touches)),
        )


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
    resource: MergedResource,
    incremental: IncrementalConfig | None,
    lanes: AnyLanes | None = None,
    concurrency: int = 1,
) -> TailConfig | None:
    """How the config wants a listing to be kept up with.

    Args:
        resource: A resource without faults.
        incremental: Its `endpoint.incremental`, typed; None where it has none.
        lanes: Its `endpoint.lanes`, typed; None where it has none.
        concurrency: How many requests may be under way at once.

    Returns:
        None where the resource is not kept up with.
    """
    if incremental is None or not is_tail(resource.endpoint):
        return None
    columns, names = listed_key(resource) or (), _taken_over(resource.endpoint)
    by_key = lanes if isinstance(lanes, KeyLanesConfig) else None
    return TailConfig(
        key=JsonPath(incremental.cursor_path),
        primary_key=columns,
        row_key=primary_key_columns(resource.keys) or (),
        keeps_keys_apart=_keeps_keys_apart(resource),
        row_names=None if names is None else dict(names),
        settled_when=incremental.settled_when,
        settles_after=_settles_after(incremental),
        refresh_path=incremental.refresh_path,
        refresh_selector=str(incremental.refresh_selector or "$"),
        touches=incremental.touches or (),
        own_listings=_own_listings(incremental),
        time_path=JsonPath(incremental.time_path) if incremental.time_path else None,
        below_param=None if by_key is None else by_key.below_param,
        settings=replace(
            tail_settings(resource, incremental, columns),
            lanes=None
            if by_key is None
            else key_lane_settings(
                by_key, concurrency, page_size(resource), why_no_lanes(resource)
            ),
        ),
    )


def _settles_after(incremental: IncrementalConfig) -> SettlesAfter | None:
    written = incremental.settles_after
    if written is None:
        return None
    return SettlesAfter(written.duration, JsonPath(written.since), written.when)


def _own_listings(incremental: IncrementalConfig) -> dict[OwnListing, OwnListingAt]:
    found: dict[OwnListing, OwnListingAt] = {}
    written: dict[OwnListing, OwnListingConfig | None]
    written = {"hidden": incremental.hidden, "open": incremental.open}
    for of, each in written.items():
        if each is not None:
            params = (each.params or {}).items()
            texts = {name: with_json_texts(value, mappings_too=True) for name, value in params}
            found[of] = OwnListingAt(each.path, texts)
    return found


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
        limit=page_size(resource),
        backfill_until=incremental.initial_value,
        has_hidden=incremental.hidden is not None,
        has_open=incremental.open is not None,
    )


def listed_key(resource: MergedResource) -> tuple[str, ...] | None:
    """The fields by which a row of a resource's listing is known.

    Args:
        resource: The resource; its keys may be wrong in any way.

    Returns:
        The columns of the primary key; where rows are made of parts of the listed ones, the fields
        of the listed row that are in that key. None where there are none.
    """
    columns, names = primary_key_columns(resource.keys), _taken_over(resource.endpoint)
    if columns is None or names is None:
        return columns
    listed = {made: steps[0] for steps, made in names if len(steps) == 1}
    return tuple(listed[column] for column in columns if column in listed) or None


def listed_row_columns(resource: MergedResource) -> tuple[str, ...] | None:
    """The columns of the key that made rows take over from the row that they are parts of.

    Args:
        resource: The resource; it may be wrong in any way.

    Returns:
        None where no rows are made, or their key holds nothing of the listed row.
    """
    columns, names = primary_key_columns(resource.keys), _taken_over(resource.endpoint)
    taken = {made for _, made in names or ()}
    return tuple(column for column in columns or () if column in taken) or None


def each_of(endpoint: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the config says of rows that are made of parts of the listed ones.

    Args:
        endpoint: The merged keys as written; they may be wrong in any way.

    Returns:
        None where it says nothing.
    """
    rows = endpoint.get("rows")
    each = rows.get("each") if isinstance(rows, Mapping) else None
    return each if isinstance(each, Mapping) else None


def _keeps_keys_apart(resource: MergedResource) -> bool:
    each, columns = each_of(resource.endpoint), primary_key_columns(resource.keys) or ()
    if each is None:
        return True
    key_as, index_as = each.get("key_as"), each.get("index_as")
    return index_as in columns and (key_as is None or key_as in columns)


def _taken_over(endpoint: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]] | None:
    """The keys that lead to each field which made rows take over, and the name that it gets."""
    each = each_of(endpoint)
    if each is None:
        return None
    of_row = each.get("of_row")
    found: list[tuple[tuple[str, ...], str]] = []
    for name, path in of_row.items() if isinstance(of_row, Mapping) else ():
        with suppress(ValueError):
            steps = JsonPath(path).steps if isinstance(path, str | JSONPath) else None
            found += [(steps, str(name))] if steps else []
    return found


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


def _has_filter(endpoint: Mapping[str, Any]) -> bool:
    """Whether the listing may leave rows out: any param but the page size could do that."""
    params, path = endpoint.get("params"), endpoint.get("path")
    if not isinstance(params, Mapping):
        return False
    in_path = names_in(path) if isinstance(path, str) else None
    return any(name != LIMIT_PARAM and name not in (in_path or ()) for name in params)
