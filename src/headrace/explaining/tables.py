"""Says where rows are in a page, and what becomes of them in the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config import EndpointConfig, ResourceConfig
from headrace.explaining.explanation import ExplainedStep

_STEPS = {"map": "changes rows", "filter": "leaves rows out", "yield_map": "makes rows of rows"}
_LOOKED_FOR = {"csv": "each line is one", "jsonl": "each line is one"}
_MEANINGS = {
    "replace": "the table is emptied, and filled with what this sync lists",
    "append": "rows are added to those that are there; one that is listed again is there twice",
    "skip": "nothing is loaded",
}


def table_steps(resource: ResourceConfig, *, is_loaded: bool) -> Iterator[ExplainedStep]:
    """What is said of the rows of a resource.

    Args:
        resource: The resource.
        is_loaded: Whether its rows are loaded; others are asked for by them in any case.
    """
    yield ExplainedStep("rows", _rows(resource.endpoint))
    parent = resource.parent
    if parent is not None and parent.include:
        names = ", ".join(f"`{name}` as `{parent.added(name)}`" for name in parent.include)
        yield ExplainedStep("from the parent", f"each row gets {names}")
    if resource.steps:
        kinds = dict.fromkeys(_STEPS.get(kind, kind) for kind, _ in resource.steps)
        yield ExplainedStep("steps", f"Python of yours {', then '.join(kinds)}")
    if not is_loaded:
        yield ExplainedStep("table", "none: its rows only say what others are asked for by")
        return
    yield ExplainedStep("table", _table(resource))
    if columns := _columns(resource.hints.get("columns")):
        yield ExplainedStep("columns", columns)
    missing = resource.missing_rows
    if missing is not None:
        done = "marked" if missing.action == "mark" else "deleted"
        yield ExplainedStep(
            "missing rows",
            f"rows of the table that a whole listing shows no more are {done}, where they are no "
            f"more than {missing.most:.0%} of it",
        )


def _rows(endpoint: EndpointConfig) -> str:
    decoder = getattr(endpoint.decoder, "type", None)
    kind = f"answers are {decoder}; " if decoder else ""
    selector = endpoint.data_selector
    where = (
        _LOOKED_FOR.get(decoder or "", "the list of objects is looked for in page 1")
        if selector is None
        else "each answer is one row, or a list of them"
        if str(selector) == "$"
        else f"they are at `{selector}` of each page"
    )
    if endpoint.rows_wrapped_at:
        where += f", each in its `{endpoint.rows_wrapped_at}`"
    rows = endpoint.rows
    if rows is None:
        return kind + where
    if rows.each is not None:
        where += f"; rows of the table are made of the parts at `{rows.each.path}` of each"
    if rows.key_as is not None:
        where += f"; it is an object of rows, whose keys become `{rows.key_as}`"
    if rows.value_as is not None:
        where += f"; plain values become `{rows.value_as}`"
    if rows.names is not None:
        where += "; lists of values get the names that the page, or the config, has for them"
    if rows.without:
        where += f"; without {', '.join(f'`{name}`' for name in rows.without)}, kept nowhere"
    return kind + where


def _table(resource: ResourceConfig) -> str:
    written = resource.hints.get("write_disposition")
    strategy = written.get("strategy") if isinstance(written, Mapping) else None
    disposition = written.get("disposition") if isinstance(written, Mapping) else written
    if callable(disposition) or not isinstance(disposition or "append", str):
        meaning = "a function of yours says for each row how it is written"
        disposition = "a function"
    else:
        disposition = disposition or "append"
        meaning = _MEANINGS.get(disposition) or _merge(resource, strategy)
    name = resource.hints.get("table_name") or resource.name
    shown = f"`{name}`" if isinstance(name, str) else "the one that a function of yours names"
    how = f"{disposition}, by the strategy {strategy}" if strategy else disposition
    return f"{shown}; {how}: {meaning}"


def _merge(resource: ResourceConfig, strategy: object) -> str:
    keys = resource.primary_key or _names(resource.hints.get("merge_key"))
    if not keys:
        return "rows are added, since no `primary_key` tells which of them are the same"
    shown = ", ".join(f"`{key}`" for key in keys)
    if strategy == "scd2":
        return f"a row that has changed ends the version before it, which stays; by {shown}"
    return f"one row for each {shown}: one that comes again takes the place of its older version"


def _names(keys: Any) -> tuple[str, ...]:
    if isinstance(keys, str):
        return (keys,)
    return tuple(map(str, keys)) if isinstance(keys, list | tuple) else ()


def _columns(columns: Any) -> str:
    listed = {each.get("name"): each for each in columns} if isinstance(columns, list) else columns
    if not isinstance(listed, Mapping) or not listed:
        return ""
    told = [
        f"{name} {each['data_type']}" if each.get("data_type") else str(name)
        for name, each in listed.items()
        if isinstance(each, Mapping)
    ]
    return f"{', '.join(told)} from the beginning; others when they first have a value"
