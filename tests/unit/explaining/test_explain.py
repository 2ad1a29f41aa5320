"""What a config will do is said in words: request by request, and without its secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace import ConfigError, ExplainedResource, explain

CURSOR = {"type": "cursor", "cursor_path": "next", "cursor_param": "after"}


def resource(**keys: Any) -> dict[str, Any]:
    """A resource; keys of the endpoint go by `endpoint`."""
    endpoint = {"path": "orders", "paginator": "single_page", **keys.pop("endpoint", {})}
    return {"name": "orders", **keys, "endpoint": endpoint}


def explained(client: dict[str, Any] | None = None, **keys: Any) -> ExplainedResource:
    document = {
        "client": {"base_url": "https://api.example.com/v1", **(client or {})},
        "resources": [resource(**keys)],
    }
    return explain(document).resources[0]


def requests(**keys: Any) -> dict[str, str]:
    return {each.when: each.text for each in explained(**keys).requests}


def said(about: str, client: dict[str, Any] | None = None, **keys: Any) -> list[str]:
    return [step.text for step in explained(client, **keys).steps if step.about == about]


@pytest.mark.parametrize(
    ("paginator", "second", "third"),
    [
        ({**CURSOR, "limit": 50}, "the same with after=<what page 1 has at next>", None),
        (
            {"type": "header_cursor", "cursor_key": "X-Next", "cursor_param": "at"},
            "the same with at=<what page 1 has in its header X-Next>",
            None,
        ),
        (
            {"type": "json_link", "next_url_path": "links.next"},
            "GET <the URL that page 1 has at links.next>",
            "GET <the URL that page 2 has at links.next>",
        ),
        ("header_link", "GET <the URL that page 1 has in its header Link>", None),
        (
            {"type": "header_link", "link_header": "X-More"},
            "GET <the URL that page 1 has in its header X-More>",
            None,
        ),
        ({"type": "offset", "limit": 20}, "the same with offset=20", "the same with offset=40"),
        (
            {"type": "page_number", "base_page": 1, "has_more_path": "more", "total_path": None},
            "the same with page=2",
            "the same with page=3",
        ),
    ],
)
def test_how_pages_go_on(paginator: Any, second: str, third: str | None) -> None:
    told = requests(endpoint={"paginator": paginator})
    assert told["page 2"] == second
    assert third in (None, told["page 3"])


@pytest.mark.parametrize("paginator", ["single_page", "auto"])
def test_what_goes_on_nowhere_or_is_not_known_has_one_page(paginator: str) -> None:
    told = requests(endpoint={"paginator": paginator})
    assert told == {"page 1": "GET https://api.example.com/v1/orders"}


def test_the_bounds_of_a_config_are_said_and_hide_no_page() -> None:
    paginator = {**CURSOR, "max_pages": 1, "stop_condition": "rows < 250"}
    keys: dict[str, Any] = {"endpoint": {"paginator": paginator}}
    assert "page 3" in requests(**keys)
    assert said("end", **keys) == [
        "at a page that has nothing at `next`, or where `rows < 250` is true of a page"
    ]
    assert "there are more than 1 pages" in said("fails where", **keys)[0]


def test_a_body_goes_on_in_its_place() -> None:
    endpoint = {
        "method": "POST",
        "json": {"size": 5, "filter": {"kind": "a"}},
        "paginator": {"type": "offset", "limit": 5, "offset_body_path": "page.from"},
    }
    told = requests(endpoint=endpoint)
    assert told["page 1"].startswith("POST https://api.example.com/v1/orders")
    assert '"filter": {"kind": "a"}' in told["page 1"]
    assert told["page 2"] == "the same with 5 at page.from of its body"


def test_an_incremental() -> None:
    incremental = {
        "cursor_path": "updated_at",
        "start_param": "since",
        "initial_value": "2024-01-01",
        "lag": 60,
    }
    keys: dict[str, Any] = {"endpoint": {"incremental": incremental}}
    newest = "the newest updated_at that is loaded, less 60"
    assert requests(**keys) == {
        "page 1": "GET https://api.example.com/v1/orders?since=2024-01-01",
        "next sync": f"the same with since=<{newest}>",
    }
    assert said("next sync", **keys) == [f"begins at {newest}; older rows that come are left out"]


def test_an_incremental_that_the_api_knows_nothing_of() -> None:
    keys: dict[str, Any] = {"endpoint": {"incremental": {"cursor_path": "id"}}}
    assert said("next sync", **keys) == [
        "asks for the same, and leaves out rows whose `id` is below the newest id that is loaded"
    ]


@pytest.mark.parametrize(
    ("disposition", "meaning"),
    [
        ("replace", "the table is emptied"),
        ("append", "rows are added"),
        ("merge", "one row for each `id`"),
        (None, "append: rows are added"),
    ],
)
def test_what_becomes_of_rows(disposition: str | None, meaning: str) -> None:
    written: dict[str, Any] = {} if disposition is None else {"write_disposition": disposition}
    assert meaning in said("table", primary_key="id", **written)[0]


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        (None, "nobody: no credentials are sent"),
        (
            {"type": "bearer", "token": "${SHOP_TOKEN}"},
            "a token in the header `Authorization`, from ${SHOP_TOKEN}",
        ),
        ("bearer", "a token in the header `Authorization`, from token of dlt's settings"),
        (
            {"type": "api_key", "name": "key", "api_key": "s3cret-value", "location": "query"},
            "a key in the parameter `key`, which stands in the config itself",
        ),
        (
            {"type": "http_basic", "username": "me", "password": "${WORD}"},
            "a user and a password by HTTP Basic, from ${WORD}",
        ),
        (
            {
                "type": "oauth2_client_credentials",
                "access_token_url": "${LOGIN_URL}/token",
                "client_id": "${ID}",
                "client_secret": "${SECRET}",
            },
            "a token that is fetched before page 1 and when it expires, with the id and the secret "
            "of a client, from ${LOGIN_URL} and ${ID} and ${SECRET}",
        ),
    ],
)
def test_who_asks(auth: Any, told: str) -> None:
    assert said("who asks", {} if auth is None else {"auth": auth}) == [told]


def test_no_secret_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cret-of-env")
    document = {
        "client": {
            "base_url": "https://me:s3cret-login@api.example.com?".rstrip("?"),
            "headers": {"X-Api-Key": "s3cret-header"},
            "auth": {
                "type": "api_key",
                "name": "key",
                "api_key": "s3cret-key",
                "location": "query",
            },
        },
        "resources": [
            resource(
                endpoint={
                    "path": "orders?token=s3cret-path",
                    "params": {"api_key": "s3cret-param", "q": "${SHOP_TOKEN}"},
                    "method": "POST",
                    "json": {"password": "s3cret-body"},
                    "headers": {"Authorization": "s3cret-own"},
                }
            )
        ],
    }
    told = json.dumps(explain(document).as_dict())
    assert "s3cret" not in told
    assert "https://api.example.com/orders?token=***&api_key=***&q=${SHOP_TOKEN}&key=***" in told
    assert "s3cret" not in repr(explain(document))


def test_children_are_said_with_what_they_are_asked_by() -> None:
    document = {
        "client": {"base_url": "https://api.example.com", "paginator": "single_page"},
        "resources": [
            {"name": "users", "selected": False},
            {
                "name": "posts",
                "include_from_parent": ["name"],
                "endpoint": {"path": "users/{resources.users.id}/posts"},
            },
        ],
    }
    users, posts = explain(document).resources
    assert posts.requests[0].url == "https://api.example.com/users/<id of a row of users>/posts"
    about = {step.about: step.text for step in posts.steps}
    assert about["parts"] == "one listing for each row of `users`, several at once"
    assert about["from the parent"] == "each row gets `name` as `_users_name`"
    assert [s.text for s in users.steps if s.about == "table"] == [
        "none: its rows only say what others are asked for by"
    ]


def test_what_is_looked_up_need_not_be_set(tmp_path: Path) -> None:
    document = {
        "client": {"base_url": "${SHOP_URL}/v2", "auth": {"token": "${SHOP_TOKEN}"}},
        "resources": [resource(endpoint={"params": {"shop": "${SHOP}"}})],
    }
    file = tmp_path / "shop.yml"
    file.write_text(yaml.safe_dump(document))
    told = explain(file)
    assert told.resources[0].requests[0].url == "${SHOP_URL}/v2/orders?shop=${SHOP}"
    steps = {step.about: step.text for step in told.steps}
    assert steps["API"] == "${SHOP_URL}/v2"
    assert steps["loads to"].startswith("the file shop.duckdb, dataset `shop_dataset`")


def test_a_number_must_be_known() -> None:
    document = {
        "client": {"base_url": "https://api.example.com"},
        "resources": [resource(endpoint={"paginator": {"type": "offset", "limit": "${SIZE}"}})],
    }
    with pytest.raises(ConfigError, match=r"limit: nothing can be said without .* \$\{SIZE\}"):
        explain(document)


def test_some_resources_alone() -> None:
    document = {"client": {"base_url": "https://api.example.com"}, "resources": ["a", "b"]}
    assert [each.name for each in explain(document, resources=["b"]).resources] == ["b"]
    with pytest.raises(ConfigError, match="`c`"):
        explain(document, resources=["c"])


def test_tenants_are_asked_alike() -> None:
    document = {
        "tenants": {
            "column": "shop",
            "list": [
                {"name": "a", "set": {"client.base_url": "https://a.example.com"}},
                {"name": "b", "set": {"client.base_url": "https://b.example.com"}},
            ],
        },
        "client": {"base_url": "https://any.example.com", "auth": {"token": "${TOKEN}"}},
        "resources": [resource()],
    }
    told = explain(document)
    steps = {step.about: step.text for step in told.steps}
    assert steps["tenants"] == "all of this for each of a, b, whose name each row has in `shop`"
    assert told.resources[0].requests[0].url == "https://a.example.com/orders"
