"""The JSON Schema that editors complete and check config files with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from headrace.config import config_json_schema, load_config

from .documents import GUIDE_YAML, small, with_client, with_paginator
from .faulty import child

SCHEMA = config_json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    json.dumps(SCHEMA)


@pytest.mark.parametrize(
    "document",
    [
        yaml.safe_load(GUIDE_YAML),
        small("path"),
        with_client(timeout="${TIMEOUT}", retry={"max_attempts": 3}, auth={"token": "${T}"}),
        with_paginator(type="offset", limit="${LIMIT}", stop_after_empty_page="${STOP}"),
        {**small(None, columns={"a": {"data_type": "bigint", "x-hint": 1}}), "pipeline": {}},
        small(None, write_disposition={"disposition": "merge"}, primary_key=["a", "b"]),
        small({"incremental": {"cursor_path": "id", "late_rows": {"lookback": 60}}}),
        small({"response_actions": [{"status_code": 404, "content": "x", "action": "ignore"}]}),
        with_client(timeout="60", concurrency="8", headers={"X-Version": 2, "X-On": True}),
        with_client(timeout=None, headers=None, auth={"type": "api_key", "api_key": 123}),
        with_client(auth={"type": "api_key", "name": "X-KEY"}),
        child({"params": {"p": "{resources.parents.id}"}, "batch": 100}),
        child({"params": {"p": "{resources.parents.id}"}, "batch": {"size": 5, "parent_key": "p"}}),
        {**small(None, selected="yes", name=2024), "$schema": "headrace.schema.json"},
    ],
)
def test_right_configs_are_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        {**small(), "resources": []},
        {**small(), "resorces": []},
        with_client(timeout="soon"),
        with_client(base_url=None),
        small({"data_selector": 3}),
        with_client(timeout=0),
        with_client(auth={"type": "api_key", "location": "body"}),
        with_client(session="x"),
        with_paginator(type="cursor", limt=1),
        with_paginator(type="cursr"),
        small({"method": "FETCH"}),
        small(None, columns={"a": {"data_type": "integer"}}),
        small(None, processing_steps=[]),
        small({"response_actions": [{"status_code": 404, "action": "hop"}]}),
        small({"response_actions": [{"status_code": 404}]}),
        child({"batch": "many"}),
        child({"batch": {"parent_key": "p"}}),
    ],
)
def test_wrong_configs_are_not(document: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(document)


def properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, definition in [("", schema), *schema["$defs"].items()]:
        for key, value in definition["properties"].items():
            yield f"{name}.{key}", value


def test_every_key_is_described() -> None:
    assert [name for name, value in properties(SCHEMA) if not value.get("description")] == []


def test_right_configs_are_those_that_can_be_read() -> None:
    document = with_client(
        timeout=None, concurrency="8", headers={"X-Version": 2}, auth={"token": 123}
    )
    document["$schema"] = "headrace.schema.json"
    assert VALIDATOR.is_valid(document)
    assert load_config(document).client.concurrency == 8


def test_unknown_keys_are_refused_everywhere() -> None:
    assert SCHEMA["additionalProperties"] is False
    open_ = [name for name, each in SCHEMA["$defs"].items() if each["additionalProperties"]]
    assert open_ == []
    types = [
        each["properties"]["type"]
        for each in SCHEMA["$defs"].values()
        if "type" in each["properties"]
    ]
    assert all("const" in each or "anyOf" in each for each in types)
