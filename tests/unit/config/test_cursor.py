"""The incrementals of dlt: how they may be written, and how they may not."""

from __future__ import annotations

from typing import Any

import dlt
import pytest

from headrace.config import ResourceConfig, load_config, parse_config
from headrace.config.built.cursor import CursorConfig
from headrace.core.exceptions import ConfigError

from .documents import small

ENDPOINT = "resources[0].endpoint"
UPDATED: dict[str, Any] = {"cursor_path": "updated_at", "initial_value": "2024-01-01"}


def as_param(**incremental: Any) -> dict[str, Any]:
    return small({"params": {"q": 1, "since": {"type": "incremental", **UPDATED, **incremental}}})


def on_endpoint(params: Any = None, **incremental: Any) -> dict[str, Any]:
    return small({"params": params, "incremental": {**UPDATED, **incremental}})


def resource_of(document: dict[str, Any]) -> ResourceConfig:
    (resource,) = parse_config(document).resources
    assert isinstance(resource, ResourceConfig)
    return resource


def cursor_of(document: dict[str, Any]) -> CursorConfig:
    cursor = resource_of(document).cursor
    assert cursor is not None
    return cursor


def test_a_param_begins_a_range() -> None:
    document = as_param(lag=2, convert=str)
    cursor = cursor_of(document)
    assert cursor.arguments == UPDATED | {"lag": 2}
    assert (cursor.start_param, cursor.end_param, cursor.convert) == ("since", None, str)
    assert list(resource_of(document).endpoint.params.items()) == [("q", 1), ("since", None)]


def test_an_object_stays_the_very_object() -> None:
    made: Any = dlt.sources.incremental("updated_at")
    cursor = cursor_of(small({"params": {"since": made}}))
    assert cursor.incremental is made
    assert cursor.start_param == "since"


def test_an_endpoint_may_have_both_ends() -> None:
    bounds = {"start_param": "from", "end_param": "to", "end_value": "2025-01-01"}
    cursor = cursor_of(on_endpoint(**bounds, transform=len, per_parent=None, lag=None))
    assert cursor.arguments == UPDATED | {"end_value": "2025-01-01"}
    assert (cursor.start_param, cursor.end_param, cursor.convert) == ("from", "to", len)


def test_values_keep_their_types_and_texts_of_a_file_become_numbers() -> None:
    arguments = cursor_of(on_endpoint(initial_value=5, lag=1, primary_key=())).arguments
    assert arguments == {**UPDATED, "initial_value": 5, "lag": 1, "primary_key": ()}
    assert isinstance(arguments["lag"], int)

    config = load_config(on_endpoint(lag="${LAG}"), lookup=lambda name: "1.5")
    (resource,) = config.resources
    assert isinstance(resource, ResourceConfig)
    assert resource.cursor is not None
    assert resource.cursor.arguments["lag"] == 1.5


def test_a_resource_may_leave_out_the_incremental_of_the_defaults() -> None:
    document = small({"incremental": None})
    document["resource_defaults"] = {"endpoint": {"incremental": UPDATED}}
    assert resource_of(document).cursor is None


def later(values: Any) -> Any:
    return max(values, key=len)


def two_params() -> dict[str, Any]:
    document = as_param()
    document["resources"][0]["endpoint"]["params"]["from"] = dlt.sources.incremental("id")
    return document


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    (two_params(), "params.from", "one incremental only, and has that of `since`"),
    (
        on_endpoint({"since": {"type": "incremental", **UPDATED}}),
        "incremental",
        "one incremental only, and has that of the param `since`",
    ),
    (as_param(end_value="2025"), "params.since.end_value", "write it under `endpoint.incremental`"),
    (as_param(end_param="to"), "params.since.end_param", "write it under `endpoint.incremental`"),
    (
        small({"params": {"since": dlt.sources.incremental("id", 1, end_value=9)}}),
        "params.since",
        "write the incremental as `endpoint.incremental`",
    ),
    (as_param(row_ordr="asc"), "params.since.row_ordr", "did you mean `row_order`?"),
    (as_param(per_parent=True), "params.since.per_parent", "is not a key here"),
    (on_endpoint(start_parm="since"), "incremental.start_parm", "did you mean `start_param`?"),
    (on_endpoint(convert="to_epoch"), "incremental.convert", "functions need Python"),
    (as_param(transform="to_epoch"), "params.since.transform", "functions need Python"),
    (on_endpoint(convert=str, transform=len), "incremental.transform", "is the old name"),
    (on_endpoint(last_value_func="avg"), "incremental.last_value_func", "`avg` is not known"),
    (on_endpoint(cursor_path="a[", start_param="since"), "incremental.cursor_path", "no JSONPath"),
    (
        on_endpoint(end_value="2025", initial_value=None),
        "incremental.end_value",
        "needs an `initial_value`",
    ),
    (
        on_endpoint(initial_value="10", end_value="9"),
        "incremental.end_value",
        "lies before `initial_value`",
    ),
    (
        on_endpoint(initial_value="2026-08-10T10:00:00Z", end_value="2026-08-10T11:00:00+02:00"),
        "incremental.end_value",
        "lies before `initial_value`",
    ),
    (
        on_endpoint(initial_value="9", end_value="10", last_value_func="min"),
        "incremental.end_value",
        "lies before `initial_value`",
    ),
    (
        on_endpoint(initial_value="2026-08-10", end_value=1786356000),
        "incremental.end_value",
        "is a number, and `initial_value` is a time",
    ),
    (
        on_endpoint(initial_value="08/10/2026"),
        "incremental.initial_value",
        "in more than one way; write a date as `2026-08-31`",
    ),
    (on_endpoint(initial_value="10", lag=2), "incremental.lag", "`initial_value` is a number"),
    (on_endpoint(per_parent=True), "incremental.per_parent", "needs a parent"),
    (
        on_endpoint({"since": "{incremental.first_value}"}),
        "params.since",
        "no value of an incremental; there are: `start_value`",
    ),
    (
        small({"path": "a/{n}/b", "params": {"n": dlt.sources.incremental("id")}}),
        "params.n",
        "write `{incremental.start_value}`",
    ),
]


def merged_by(merge_key: Any, document: dict[str, Any], disposition: Any = "merge") -> Any:
    document["resources"][0] |= {"merge_key": merge_key, "write_disposition": disposition}
    return document


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (
            merged_by("updated_at", on_endpoint(primary_key="id", start_param="since")),
            "incremental.primary_key",
        ),
        (
            merged_by(["site", "updatedAt"], on_endpoint(primary_key=["id"], start_param="since")),
            "incremental.primary_key",
        ),
        (merged_by("updated_at", as_param(primary_key="id")), "params.since.primary_key"),
        (
            merged_by(
                "day", small({"params": {"a": dlt.sources.incremental("day", primary_key="id")}})
            ),
            "params.a.primary_key",
        ),
    ],
)
def test_a_merge_that_deletes_what_the_incremental_leaves_out(document: Any, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    (fault,) = caught.value.faults
    assert fault.path.endswith(path)
    assert "the merge deletes them" in fault.message


@pytest.mark.parametrize(
    "document",
    [
        merged_by("updated_at", on_endpoint(start_param="since")),
        merged_by("day", on_endpoint(primary_key="id", start_param="since")),
        merged_by("updated_at", on_endpoint(primary_key="id", start_param="since"), "append"),
        merged_by("updated_at", on_endpoint(primary_key=(), start_param="since")),
    ],
)
def test_other_merges_have_what_they_need(document: Any) -> None:
    parse_config(document)


@pytest.mark.parametrize(
    "incremental",
    [
        {"initial_value": "2026-08-10T10:00:00+02:00", "end_value": "2026-08-10T08:00:00.5Z"},
        {"initial_value": "9", "end_value": "10"},
        {"initial_value": "9", "end_value": 10},
        {"initial_value": "2025", "end_value": "2026-08-10T10:00:00Z"},
        {"initial_value": "INV-9", "end_value": "INV-10", "last_value_func": later},
        {"initial_value": 10, "lag": 2},
    ],
)
def test_a_range_has_the_order_of_what_its_ends_say(incremental: dict[str, Any]) -> None:
    assert cursor_of(on_endpoint(**incremental)).arguments["initial_value"]


@pytest.mark.parametrize(
    ("document", "path", "told"), FAULTS, ids=[f"{path}: {told}" for _, path, told in FAULTS]
)
def test_one_fault(document: dict[str, Any], path: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    (fault,) = caught.value.faults
    assert fault.path == f"{ENDPOINT}.{path}"
    assert told in fault.message
