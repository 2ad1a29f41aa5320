"""Configs with one fault each in `endpoint.lanes`: where it is, and what is to be said of it."""

from __future__ import annotations

from typing import Any

from .documents import small

WINDOWS: dict[str, Any] = {
    "cursor_path": "updated_at",
    "initial_value": "2026-01-01T00:00:00Z",
    "start_param": "from",
    "end_param": "to",
    "range_end": "open",
    "step": "1d",
}
CURSOR = {"type": "cursor", "cursor_path": "next"}
LANES = "resources[0].endpoint.lanes"


def by_time(
    lanes: dict[str, Any] | None = None,
    incremental: dict[str, Any] | None = None,
    paginator: Any = CURSOR,
    **keys: Any,
) -> dict[str, Any]:
    """A resource whose windows are read at once, and other keys."""
    merged = {"primary_key": "id", "write_disposition": "merge", **keys}
    written = None if incremental == {} else {**WINDOWS, **(incremental or {})}
    endpoint = {
        "path": "items",
        "paginator": paginator,
        "incremental": written,
        "lanes": {"by": "time", **(lanes or {})},
    }
    document = small(endpoint)
    document["resources"] = [{"name": "items", "endpoint": endpoint, **merged}]
    return document


def by_values(lanes: dict[str, Any] | None = None, *others: Any, **endpoint: Any) -> dict[str, Any]:
    """A resource that is listed by the values of a parameter, and other resources."""
    written = {"by": "values", "param": "of", "from": "owners.id", **(lanes or {})}
    document = small(None)
    document["resources"] = [
        {"name": "items", "endpoint": {"path": "items", "lanes": written, **endpoint}},
        *(others or ["owners"]),
    ]
    return document


UPSERT = {"disposition": "merge", "strategy": "upsert"}
CHILD = {"path": "items/{resources.owners.id}"}

LANES_FAULTS: list[tuple[dict[str, Any], str, list[str]]] = [
    (by_time({"by": "day"}), f"{LANES}.by", ["`day` is not known"]),
    (by_time({"by": None}), LANES, ["has no `by`", "`time`"]),
    (by_time({"at_once": 0}), f"{LANES}.at_once", ["at least 1"]),
    (by_time({"at_onec": 2}), f"{LANES}.at_onec", ["did you mean `at_once`"]),
    (by_time({"step": "1 month"}, {"step": None}), f"{LANES}.step", ["expected a duration"]),
    (by_time(incremental={}), f"{LANES}.by", ["needs an `incremental`"]),
    (by_time(incremental={"step": None}), f"{LANES}.by", ["needs a `step`"]),
    (by_time({"step": "2d"}), f"{LANES}.step", ["is 2d here, and 1d"]),
    (
        by_time({"step": "1d"}, {"step": None, "end_param": None}),
        "resources[0].endpoint.incremental.step",
        ["needs both ends", "`end_param`"],
    ),
    (
        by_time(incremental={"end_value": "2026-01-01T12:00:00Z"}),
        "resources[0].endpoint.incremental.step",
        ["into one window"],
    ),
    (
        by_time(incremental={"initial_value": 1, "end_value": 900, "step": 100}),
        "resources[0].endpoint.incremental.step",
        ["parts numbers", "`unchanging: true`"],
    ),
    *(
        (by_time(paginator=paginator), f"{LANES}.by", ["take a cursor", "`unchanging: true`"])
        for paginator in (
            {"type": "offset", "limit": 10},
            {"type": "page_number", "total_path": "total"},
            "auto",
        )
    ),
    (by_time(write_disposition="append"), "resources[0].write_disposition", ["disposition: merge"]),
    (by_time(write_disposition="replace"), "resources[0].write_disposition", ["primary_key"]),
    (by_time(write_disposition=UPSERT), "resources[0].write_disposition", ["`delete-insert`"]),
    (
        by_time(write_disposition={"disposition": "merge", "deduplicated": True}),
        "resources[0].write_disposition",
        ["without `deduplicated`"],
    ),
    (by_time(primary_key=None), "resources[0].primary_key", ["name the columns"]),
    (by_time() | {"pipeline": {"row_ids": False}}, f"{LANES}.by", ["`pipeline.row_ids: false`"]),
    # values
    (by_values({"param": None}), f"{LANES}.param", ["is missing"]),
    (by_values({"values": []} | {"from": None}), f"{LANES}.values", ["is empty"]),
    (
        by_values({"values": [[1]], "from": None}),
        f"{LANES}.values[0]",
        ["expected text or a number; got a list"],
    ),
    (by_values({"from": None}), f"{LANES}.by", ["needs the values"]),
    (by_values({"values": [1]}), f"{LANES}.from", ["leave one of them out"]),
    (by_values({"from": "owners"}), f"{LANES}.from", ["`workflows.id`"]),
    (by_values({"from": "owner.id"}), f"{LANES}.from", ["did you mean `owners`"]),
    (by_values({"from": "items.id"}), f"{LANES}.from", ["itself: name another resource"]),
    (by_values(params={"of": 1}), f"{LANES}.param", ["sent by `params` already"]),
    (
        by_values(None, "owners", incremental={"cursor_path": "id", "start_param": "since"}),
        f"{LANES}.by",
        ["does not go with `endpoint.incremental`"],
    ),
    (by_values(None, "owners", **CHILD), f"{LANES}.by", ["depends on no other"]),
    (
        by_values(
            None,
            {
                "name": "owners",
                "endpoint": {"incremental": {"cursor_path": "id", "start_param": "since"}},
            },
        ),
        f"{LANES}.from",
        ["asked for what is new alone"],
    ),
]
