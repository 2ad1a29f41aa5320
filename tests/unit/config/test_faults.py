"""What is said of a wrong config: each fault, at its key."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.config import parse_config
from headrace.core.exceptions import ConfigError

from .documents import guide, with_client
from .faulty import CONFIGS, two
from .faulty_lanes import LANES_FAULTS
from .faulty_resources import RESOURCES

BROKEN = [*CONFIGS, *RESOURCES, *LANES_FAULTS]


@pytest.mark.parametrize(
    ("document", "path", "phrases"), BROKEN, ids=[f"{path}: {said[0]}" for _, path, said in BROKEN]
)
def test_one_fault(document: dict[str, Any], path: str, phrases: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    (fault,) = caught.value.faults
    assert fault.path == path
    for phrase in phrases:
        assert phrase in fault.message
    assert "<" not in str(fault), "none of pydantic's insides"


def test_all_faults_at_once_in_the_order_of_the_config() -> None:
    document: dict[str, Any] = {
        "client": {"base_url": "x", "auth": {"type": "api_key"}, "timeout": -1},
        "resources": [
            {"name": "a", "endpoint": {"paginator": {"type": "cursor", "limt": 1, "limit": 0}}},
            {"name": "a", "endpoint": {"incremental": {"x": 1}, "data_selector": "["}},
            {"endpoint": {"path": "{b}"}, "write_disposition": "x"},
        ],
        "pipline": {},
    }
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert [fault.path for fault in caught.value.faults] == [
        "client.base_url",
        "client.auth.api_key",
        "client.timeout",
        "resources[0].endpoint.paginator.limt",
        "resources[0].endpoint.paginator.limit",
        "resources[1].name",
        "resources[1].endpoint.incremental.x",
        "resources[1].endpoint.incremental.cursor_path",
        "resources[1].endpoint.data_selector",
        "resources[2].endpoint.path",
        "resources[2].write_disposition",
        "resources[2].name",
        "pipline",
    ]
    assert "13 faults" in str(caught.value)


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        (with_client(retry={"max_atempts": 3}), ["client.retry.max_atempts"]),
        (
            with_client(auth={"type": "oauth2_client_credentials", "cliant_id": "x"}),
            [
                "client.auth.cliant_id",
                *(
                    f"client.auth.{key}"
                    for key in ("access_token_url", "client_id", "client_secret")
                ),
            ],
        ),
    ],
)
def test_all_faults_of_one_mapping_are_told(document: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert [fault.path for fault in caught.value.faults] == paths


@pytest.mark.parametrize("document", [None, 3, [], "x"])
def test_a_config_that_is_no_mapping(document: Any) -> None:
    with pytest.raises(ConfigError, match="expected a mapping"):
        parse_config(document)


def test_a_fault_in_the_defaults_is_told_once() -> None:
    document = {**two("a", "b"), "resource_defaults": {"endpoint": {"paginator": "offset"}}}
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert [fault.path for fault in caught.value.faults] == ["resource_defaults.endpoint.paginator"]


ANYTHING = st.recursive(
    st.none()
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.text(max_size=8)
    | st.builds(object)
    | st.sampled_from(["{x}", "{", "cursor", "auto", "bearer", "$[", "a[?("]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(
            st.text(max_size=3)
            | st.integers()
            | st.sampled_from(["type", "name", "endpoint", "path", "params", "columns"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.data())
def test_anything_anywhere_is_a_config_or_a_config_error(data: st.DataObject) -> None:
    document = guide()
    document["resources"].append({"name": "b", "columns": [{"name": "a"}], "nested_hints": {}})
    document["resource_defaults"] |= {"columns": {"a": {}}, "endpoint": {"params": {"x": 1}}}
    path = data.draw(st.sampled_from(_all_paths(document)))
    inner: Any = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = data.draw(ANYTHING)
    with contextlib.suppress(ConfigError):
        parse_config(document)


def _all_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [
            found
            for key, inner in pairs
            for found in [(*path, key), *_all_paths(inner, (*path, key))]
        ]
    return []
