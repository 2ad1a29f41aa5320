"""Single values set from the command line."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from headrace.config import apply_overrides, parse_config
from headrace.core.exceptions import ConfigError

DOCUMENT: dict[str, Any] = {
    "client": {"base_url": "https://a.b", "paginator": "cursor"},
    "resources": ["executions", {"name": "users", "endpoint": "u"}],
}


def at(document: Any, *path: Any) -> Any:
    for part in path:
        document = document[part]
    return document


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("client.base_url=http://x:1/a=b", ("client", "base_url"), "http://x:1/a=b"),
        ("client.timeout=2.5", ("client", "timeout"), 2.5),
        ("client.headers={X: 'a'}", ("client", "headers"), {"X": "a"}),
        ("client.headers=", ("client", "headers"), ""),
        ("client.auth=null", ("client", "auth"), None),
        ("client.auth.api_key=${K}", ("client", "auth", "api_key"), "${K}"),
        ("client.paginator.limit=5", ("client", "paginator"), {"type": "cursor", "limit": 5}),
        (
            "resources.executions.endpoint.paginator.limit=20",
            ("resources", 0),
            {"name": "executions", "endpoint": {"paginator": {"limit": 20}}},
        ),
        ("resources.0.selected=false", ("resources", 0, "selected"), False),
        ("resources[1].primary_key=[a, b]", ("resources", 1, "primary_key"), ["a", "b"]),
        (
            "resources.users.endpoint.params.q=x: y",
            ("resources", 1, "endpoint"),
            {"path": "u", "params": {"q": "x: y"}},
        ),
        ("client.x.since=2024-01-01", ("client", "x", "since"), "2024-01-01"),
        ("resources.users=other", ("resources", 1), "other"),
        ("pipeline.name=p", ("pipeline", "name"), "p"),
        ("client.x=@[", ("client", "x"), "@["),
        ("client.x=a #b", ("client", "x"), "a #b"),
    ],
)
def test_a_value_is_set(override: str, path: tuple[Any, ...], value: object) -> None:
    before = copy.deepcopy(DOCUMENT)
    assert at(apply_overrides(DOCUMENT, [override]), *path) == value
    assert before == DOCUMENT


def test_faults_are_told_together_and_without_the_values() -> None:
    overrides = ["s3cr3t", "=s3cr3t", ".=s3cr3t", "resources.excutions.x=s3cr3t"]
    overrides += ["resources.9=s3cr3t", "client.base_url.z.y=s3cr3t", "client.timeout=1"]
    with pytest.raises(ConfigError) as caught:
        apply_overrides(DOCUMENT, overrides)
    assert "s3cr3t" not in str(caught.value)
    assert [fault.path for fault in caught.value.faults] == [
        *("", "", ".", "resources.excutions.x", "resources.9", "client.base_url.z.y")
    ]
    messages = [fault.message for fault in caught.value.faults]
    assert "must be `path=value`" in messages[0]
    assert "did you mean `executions`? it has 2 items: `executions`, `users`" in messages[3]
    assert "`resources` has no item `9`" in messages[4]
    assert "`client.base_url` is text, so there is no `z` in it" in messages[5]


@pytest.mark.parametrize("override", ["clientx", "client.timeout", "resources[0].name"])
def test_an_override_without_a_value_is_named(override: str) -> None:
    with pytest.raises(ConfigError) as caught:
        apply_overrides(DOCUMENT, [override])
    assert f"the override `{override}` must be `path=value`" in str(caught.value)


def test_one_item_is_not_items() -> None:
    with pytest.raises(ConfigError, match="it has 1 item: `a`"):
        apply_overrides({"resources": ["a"]}, ["resources.5=x"])


def test_the_changed_config_is_checked_like_any() -> None:
    changed = apply_overrides(DOCUMENT, ["resources.users.endpoint.method=post"])
    assert len(parse_config(changed).resources) == 2
