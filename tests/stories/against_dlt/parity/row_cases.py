"""Configs that say which rows there are, and what becomes of them."""

from __future__ import annotations

from typing import Any

import dlt
from requests import Response

from tests.stories.against_dlt.parity.case import Case, listing
from tests.stories.against_dlt.parity.making import DATA, MERGED, SINGLE, since


def child(name: str, *resources: Any, **keys: Any) -> Case:
    """Resources that depend on the users, or on each other."""
    return Case(name, ["users", *resources], SINGLE, is_concurrent=True, **keys)


def hinted(name: str, path: str = "plain", **hints: Any) -> Case:
    """A listing whose table is told more of, loaded twice."""
    return Case(name, [listing(path, **hints)], SINGLE, runs=2)


def without_names(response: Response) -> None:
    response._content = response.content.replace(b'"name"', b'"title"')


def nothing(response: Response) -> None:
    """Looks on."""


def doubled(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [row, {**row, "id": row["id"] + 100}]


def _users_of_mine() -> Any:
    return dlt.resource([[{"id": 1}, {"id": 3}]], name="people")


DEPENDENTS = [
    child("a field in the path", listing("users/{resources.users.id}/posts", "posts")),
    child(
        "a param that resolves",
        listing(
            "users/{n}/posts",
            "posts",
            endpoint={"params": {"n": {"type": "resolve", "resource": "users", "field": "id"}}},
        ),
    ),
    child(
        "a field within a field",
        listing(
            "users/{resources.users.id}/x",
            "x",
            endpoint={"params": {"team": "{resources.users.team.key}"}},
        ),
    ),
    child(
        "fields in JSON and headers",
        listing(
            "echo",
            endpoint={
                "method": "POST",
                "headers": {"X-User": "{resources.users.name}"},
                "json": {"id": "{resources.users.id}", "t": ["{resources.users.team.key}!"]},
            },
        ),
    ),
    child(
        "fields in a form",
        listing("echo", endpoint={"method": "POST", "data": {"u": "{resources.users.id}"}}),
    ),
    child(
        "fields of the parent in the rows",
        listing(
            "users/{resources.users.id}/posts", "posts", include_from_parent=["id", "team", "name"]
        ),
    ),
    child(
        "grandchildren",
        listing("users/{resources.users.id}/posts", "posts", include_from_parent=["id"]),
        listing("users/{resources.posts.words}1/y", "y", include_from_parent=["post"]),
    ),
    child(
        "side by side",
        listing("users/{resources.users.id}/posts", "posts", parallelized=True),
    ),
    child(
        "answers to be ignored",
        listing(
            "users/{resources.users.id}/photos",
            "photos",
            endpoint={"response_actions": [{"status_code": 404, "action": "ignore"}]},
        ),
    ),
    Case(
        "a parent of one's own",
        lambda base: [
            _users_of_mine(),
            listing("users/{resources.people.id}/posts", "posts"),
        ],
        SINGLE,
        is_concurrent=True,
    ),
    Case(
        "a parent that is not loaded",
        [
            listing("users", selected=False),
            listing("users/{resources.users.id}/posts", "posts"),
        ],
        SINGLE,
        is_concurrent=True,
    ),
]

LATE = "2026-01-04T00:00:00Z"
INCREMENTALS = [
    since("a start param", {"start_param": "since", "initial_value": LATE}, **MERGED),
    since(
        "a start and an end",
        {
            "start_param": "since",
            "end_param": "until",
            "initial_value": LATE,
            "end_value": "2026-01-06T00:00:00Z",
        },
        runs=1,
    ),
    since(
        "a placeholder",
        {"initial_value": LATE},
        params={"since": "{incremental.start_value}", "first": "{incremental.initial_value}"},
    ),
    since(
        "values converted",
        {"start_param": "since", "initial_value": LATE, "convert": lambda value: value[:10]},
    ),
    since("a lag", {"start_param": "since", "initial_value": LATE, "lag": 86400.0}, **MERGED),
    since("oldest first", {"start_param": "since", "initial_value": LATE, "row_order": "asc"}),
    since("the least value", {"cursor_path": "id", "last_value_func": "min", "initial_value": 5}),
    since("known by a key of its own", {"start_param": "since", "primary_key": "name"}),
    since("an open range", {"start_param": "since", "initial_value": LATE, "range_start": "open"}),
    since(
        "a closed range",
        {
            "start_param": "since",
            "initial_value": LATE,
            "end_value": "2026-01-06T00:00:00Z",
            "range_end": "closed",
        },
        runs=1,
    ),
    since("none outside", {"start_param": "since", "allow_external_schedulers": False}),
    *(
        Case(
            f"rows without the key: {choice}",
            [
                listing(
                    "holes",
                    endpoint={
                        **DATA,
                        "incremental": {"cursor_path": "at", "on_cursor_value_missing": choice},
                    },
                )
            ],
            SINGLE,
        )
        for choice in ("include", "exclude")
    ),
    Case(
        "a param that is incremental",
        [
            listing(
                "since",
                endpoint={
                    **DATA,
                    "params": {
                        "since": {
                            "type": "incremental",
                            "cursor_path": "updated_at",
                            "initial_value": LATE,
                            "last_value_func": "max",
                            "primary_key": "id",
                            "row_order": "asc",
                            "lag": 0,
                            "range_start": "closed",
                            "range_end": "open",
                            "on_cursor_value_missing": "raise",
                            "allow_external_schedulers": False,
                            "convert": lambda value: value[:10],
                        }
                    },
                },
            )
        ],
        SINGLE,
        runs=2,
    ),
    Case(
        "an incremental object as a param",
        lambda base: [
            listing(
                "since",
                endpoint={
                    **DATA,
                    "params": {"since": dlt.sources.incremental("updated_at", initial_value=LATE)},
                },
            )
        ],
        SINGLE,
        runs=2,
    ),
]

ACTIONS = [
    Case(name, [listing(path, endpoint={"response_actions": actions, **SINGLE})])
    for name, path, actions in (
        ("a status ignored", "nowhere", [{"status_code": 404, "action": "ignore"}]),
        ("a text ignored", "quota", [{"content": "quota exceeded", "action": "ignore"}]),
        (
            "a status with a text ignored",
            "nowhere",
            [{"status_code": 404, "content": "not found", "action": "ignore"}],
        ),
        ("an action that does not apply", "plain", [{"status_code": 404, "action": "ignore"}]),
        ("a function changes the answer", "plain", [{"status_code": 200, "action": without_names}]),
        ("several functions", "plain", [{"status_code": 200, "action": [nothing, without_names]}]),
        ("a function alone", "plain", [without_names]),
    )
]

STEPS = [
    Case(name, [listing("plain", processing_steps=steps)], SINGLE)
    for name, steps in {
        "rows filtered": [{"filter": lambda row: row["id"] > 2}],
        "rows mapped": [{"map": lambda row: {**row, "name": row["name"].upper()}}],
        "rows made of rows": [{"yield_map": doubled}],
        "one step after the other": [
            {"filter": lambda row: row["id"] % 2 == 1},
            {"map": lambda row: {"id": row["id"]}},
            {"yield_map": doubled},
        ],
    }.items()
]

HINTS = [
    hinted("merged by a key", **MERGED),
    hinted("merged by a key of the group", merge_key="name", write_disposition="merge"),
    hinted("replaced", write_disposition="replace"),
    hinted("appended", write_disposition="append"),
    hinted(
        "upserted",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    ),
    hinted("another name", table_name="others"),
    hinted("a name by the row", table_name=lambda row: row["group"]["label"]),
    hinted("flat", max_table_nesting=0),
    hinted("as parquet", file_format="parquet"),
    hinted("as the destination has it", table_format="native"),
    hinted("no new columns", schema_contract={"columns": "discard_value"}),
    hinted(
        "a reference",
        references=[{"columns": ["id"], "referenced_table": "users", "referenced_columns": ["id"]}],
    ),
    hinted(
        "hints for nested tables",
        nested_hints={"tags": {"columns": {"value": {"name": "value", "data_type": "text"}}}},
    ),
    hinted("typed columns", columns=[{"name": "id", "data_type": "text"}]),
    hinted("extracted in parallel", parallelized=True),
]
