"""Resources whose missing rows cannot be told from others, or not be taken out of their table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace.config.built.cursor import is_incremental_param
from headrace.config.built.merging import MergedResource
from headrace.config.built.missing_rows import action_of, parent_columns
from headrace.config.built.parents import params_of, parent_fields
from headrace.config.built.tail import is_tail, primary_key_columns
from headrace.config.format.fields import OBJECT, is_python_object
from headrace.config.format.paginators import paginator_kind
from headrace.config.format.places import value_at
from headrace.core.dlt_door.objects import is_offset_paginator, is_resource

_KEEP = "or say `missing_rows: keep`"
_NEEDS_KEY = (
    "needs the `primary_key` of the resource, by whose columns rows are found again: name them, "
    f"{_KEEP}"
)
_NEEDS_MERGE = (
    "needs `write_disposition: merge`; `replace` needs no `missing_rows`, as its table holds what "
    f"the last run listed. Change one of the two, {_KEEP}"
)
_STRATEGY = (
    "does not go with the strategy `{}`, which keeps rows as they once were; use `delete-insert` "
    f"or `upsert`, {_KEEP}"
)
_INCREMENTAL = (
    "needs a listing of all rows in each sync, and `incremental` lists a part of them: what it "
    "leaves out would look as if it were gone. Where the API sends deletions as rows "
    f"(`deleted: true`), the column hint `hard_delete` deletes them; leave one out, {_KEEP}"
)
_TAIL = (
    "needs `endpoint.incremental.refresh_path` where a listing is kept up with: that a row is gone "
    f"is known by its own path alone. Name it, {_KEEP}"
)
_PAGINATOR = (
    "needs to know how its listing ends: name a paginator of the format as `endpoint.paginator`, "
    f"since {{}}. {_KEEP[0].upper()}{_KEEP[1:]}"
)
_LEAVES_OUT = (
    "needs all rows of the listing, and `paginator.{}` leaves the first ones out; begin with the "
    f"first, {_KEEP}"
)
_FUNCTION = (
    "does not go with a `{}` among the `processing_steps`: which rows the function makes of those "
    "that are listed cannot be known beforehand, so that a row could be taken for gone that is "
    f"not. A `filter` may be there. Leave it out, {_KEEP}"
)
_TABLE_BY_ROW = f"needs one table, and `table_name` is a function; give a name, {_KEEP}"
_SHARED = (
    "would take the rows of `{}` for missing, which has the same table; give one of them another "
    f"`table_name`, {_KEEP}"
)
_MODEL = (
    "`mark` adds a column to the table, but a model as `columns` says which there are; declare "
    f"`columns` as a mapping, use `delete`, {_KEEP}"
)
_NESTED_KEY = (
    "`delete` finds the rows of a list by the row that they belong to, but `nested_hints.{}` has "
    f"a key of its own, which parts them from it; leave that out, use `mark`, {_KEEP}"
)
NEEDS_ROW_IDS = (
    "tells missing rows by `_dlt_load_id`, which `pipeline.row_ids: false` leaves out; leave that "
    f"out, {_KEEP}"
)
_PARENT = (
    "needs all rows of its parent `{}` in each sync, {}: what belongs to the others would look as "
    f"if it were gone. {_KEEP[0].upper()}{_KEEP[1:]}"
)


def missing_rows_faults(
    document: Mapping[str, Any], resources: Sequence[MergedResource]
) -> Iterator[tuple[int, str]]:
    """Find resources whose `missing_rows` cannot be carried out.

    Args:
        document: The config as written; it may be wrong in any other way.
        resources: Its resources, merged with the defaults, in order.

    Yields:
        The index of the resource, and a message.
    """
    by_name = {each.name: each for each in resources}
    for resource in resources:
        action = action_of(resource.keys.get("missing_rows"))
        if action is None:
            continue
        told = [
            *_table_faults(resource, action),
            *_listing_faults(resource),
            *_parent_faults(resource, by_name),
            *(_SHARED.format(each) for each in _of_same_table(document, resource, resources)),
        ]
        # One that is not loaded unless it is named is judged when it is.
        is_loaded = resource.keys.get("selected") not in (False, "false")
        if is_loaded and value_at(document, ("pipeline", "row_ids")) in (False, "false"):
            told.append(NEEDS_ROW_IDS)
        yield from ((resource.index, message) for message in told)


def _table_faults(resource: MergedResource, action: str) -> Iterator[str]:
    keys = resource.keys
    if primary_key_columns(keys) is None:
        yield _NEEDS_KEY
    written = keys.get("write_disposition")
    disposition = written if isinstance(written, Mapping) else {"disposition": written}
    strategy = disposition.get("strategy")
    if disposition.get("disposition") != "merge":
        yield _NEEDS_MERGE
    elif strategy not in (None, "delete-insert", "upsert"):
        yield _STRATEGY.format(strategy)
    if callable(keys.get("table_name")):
        yield _TABLE_BY_ROW
    if action == "mark" and is_python_object(keys.get("columns")):
        yield _MODEL
    nested = keys.get("nested_hints")
    for name, hints in nested.items() if isinstance(nested, Mapping) else ():
        is_keyed = isinstance(hints, Mapping) and (
            hints.get("primary_key") or hints.get("merge_key")
        )
        if action == "delete" and is_keyed:
            yield _NESTED_KEY.format(name)
    yield from (_FUNCTION.format(kind) for kind in _functions(resource) if kind != "filter")


def _functions(resource: MergedResource) -> list[str]:
    """The kinds of the functions among the steps of a resource."""
    steps = resource.keys.get("processing_steps")
    return [
        kind
        for step in (steps if isinstance(steps, (list, tuple)) else ())
        if isinstance(step, Mapping)
        for kind in step
    ]


def _listing_faults(resource: MergedResource) -> Iterator[str]:
    endpoint = resource.endpoint
    if is_tail(endpoint):
        if not endpoint["incremental"].get("refresh_path"):
            yield _TAIL
        return
    if _is_incremental(endpoint):
        yield _INCREMENTAL
    yield from _paginator_faults(resource.paginator)


def _lists_a_part(endpoint: Mapping[str, Any]) -> bool:
    return is_tail(endpoint) or _is_incremental(endpoint)


def _is_incremental(endpoint: Mapping[str, Any]) -> bool:
    params = params_of(endpoint).values()
    return endpoint.get("incremental") is not None or any(map(is_incremental_param, params))


def _paginator_faults(paginator: object) -> Iterator[str]:
    kind = paginator_kind(paginator)
    name = paginator.get("type") if isinstance(paginator, Mapping) else paginator
    if paginator is None or name == "auto":
        yield _PAGINATOR.format("what is guessed may be another thing in each sync")
    elif kind == OBJECT and not is_offset_paginator(paginator):
        yield _PAGINATOR.format("where one of your own ends a listing cannot be known")
    elif isinstance(paginator, Mapping):
        if _number(paginator.get("offset")):
            yield _LEAVES_OUT.format("offset")
        page, base = paginator.get("page"), paginator.get("base_page")
        if page is not None and _number(page) != _number(base):
            yield _LEAVES_OUT.format("page")


def _number(written: Any) -> Any:
    """A whole number, which may be written as a text; 0 where there is none."""
    return int(written) if isinstance(written, str) and written.isdecimal() else written or 0


def _parent_faults(
    resource: MergedResource, by_name: Mapping[str, MergedResource]
) -> Iterator[str]:
    above = {resource.name}
    fields = parent_fields(resource.endpoint)
    while fields and fields[0].resource in by_name and fields[0].resource not in above:
        parent = by_name[fields[0].resource]
        above.add(parent.name)
        if parent_columns(resource.keys) and _lists_a_part(parent.endpoint):
            return
        if why := _why_partial(parent):
            yield _PARENT.format(parent.name, why)
            return
        fields = parent_fields(parent.endpoint)


def _why_partial(parent: MergedResource) -> str | None:
    """Why a parent does not bring all its rows in each sync; None where it may."""
    if not parent.keys:
        return "and a resource made in Python does not say whether it has brought them"
    if _lists_a_part(parent.endpoint):
        return (
            "and its `incremental` lists a part of them, unless what requests hold of it is part "
            "of the `primary_key` (by `include_from_parent`)"
        )
    if _functions(parent):
        return "and its `processing_steps` may leave some out"
    for message in _paginator_faults(parent.paginator):
        return "but " + message.removeprefix("needs ").partition(". ")[0]
    return None


def _of_same_table(
    document: Mapping[str, Any], resource: MergedResource, resources: Sequence[MergedResource]
) -> Iterator[str]:
    own = _table_of(document, resource)
    for other in resources:
        if other is not resource and own and _table_of(document, other) == own:
            yield other.name


def _table_of(document: Mapping[str, Any], resource: MergedResource) -> str:
    """The table of a resource, without what dlt's naming conventions change of a name."""
    written = document["resources"][resource.index]
    table = written.table_name if is_resource(written) else resource.keys.get("table_name")
    name = resource.name if table is None else table
    return "".join(filter(str.isalnum, name)).lower() if isinstance(name, str) else ""
