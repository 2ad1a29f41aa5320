"""Configs as dlt's documentation has them, against servers that look like those they are for."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import dlt
import pytest
from dlt.sources.helpers.rest_client.auth import HttpBasicAuth
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

Config = Callable[[str], Any]

ISSUES = [
    {
        "id": 1_000 + number,
        "number": number,
        "title": f"Issue {number}",
        "state": "open",
        "created_at": f"2024-02-{number:02}T09:00:00Z",
        "updated_at": f"2024-03-{number:02}T09:00:00Z",
        "user": {"login": f"user{number % 3}", "id": number % 3},
        "labels": [{"id": n, "name": f"label {n}"} for n in range(number % 3)],
        "assignee": None,
    }
    for number in range(1, 8)
]
_PER_PAGE = 3


def github(asked: Asked) -> Answer:
    """Pages by number with links in a header, newest change first, filtered by `since`."""
    parts = asked.path.strip("/").split("/")[3:]
    if parts[-1] == "comments":
        number = int(parts[1])
        comments = [
            {"id": number * 100 + n, "body": "+1", "issue_url": f"issues/{number}"}
            for n in range(number % 4)
        ]
        return _github_page(asked, comments)
    since = asked.query.get("since", "")
    issues = [issue for issue in reversed(ISSUES) if str(issue["updated_at"]) >= since]
    return _github_page(asked, issues)


def _github_page(asked: Asked, rows: list[dict[str, Any]]) -> Answer:
    page = int(asked.query.get("page", 1))
    last = page * _PER_PAGE
    links = {}
    if last < len(rows):
        query = "&".join(f"{name}={value}" for name, value in asked.query.items() if name != "page")
        url = f"http://{asked.headers['Host']}{asked.path}?{query}&page={page + 1}"
        links["Link"] = f'<{url}>; rel="next", <{url}>; rel="last"'
    return Answer(rows[last - _PER_PAGE : last], headers=links)


def pokemon(asked: Asked) -> Answer:
    """Counts, and links to the next and the previous page."""
    kind = asked.path.strip("/").split("/")[2]
    first, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 2))
    names = [f"{kind}-{number}" for number in range(1, 6)]
    base = f"http://{asked.headers['Host']}/api/v2/{kind}"
    following = f"{base}?offset={first + limit}&limit={limit}" if first + limit < 5 else None
    results = [{"name": name, "url": f"{base}/{name}/"} for name in names[first : first + limit]]
    return Answer({"count": 5, "next": following, "previous": None, "results": results})


POSTS = [{"id": number, "title": f"Post {number}", "body": "x"} for number in range(1, 6)]


def blog(asked: Asked) -> Answer:
    """Posts, and comments of each by path, by query and by a search."""
    parts = asked.path.strip("/").split("/")
    if parts == ["posts"]:
        page = int(asked.query.get("page", 1))
        rows = POSTS[2 * page - 2 : 2 * page]
        more = f"http://{asked.headers['Host']}/posts?page={page + 1}" if page < 3 else None
        return Answer({"data": rows, "paging": {"next": more}})
    if parts[0] == "search":
        wanted = json.loads(asked.body)["filters"]["id"]
        return Answer({"results": [{"post": wanted, "score": wanted * 1.5}]})
    post = parts[1] if parts[0] == "posts" else asked.query["post_id"]
    return Answer({"comments": [{"id": int(post) * 10 + n, "text": "hi"} for n in range(2)]})


def groups(asked: Asked) -> Answer:
    parts = asked.path.strip("/").split("/")
    if len(parts) == 1:
        return Answer([{"id": "a"}, {"id": "b"}])
    if len(parts) == 3:
        return Answer([{"id": f"{parts[1]}{n}", "group_id": parts[1]} for n in range(2)])
    return Answer({"user": parts[3], "group": parts[1], "level": 3})


def since_created(asked: Asked) -> Answer:
    """Posts by their creation, and by a time in seconds that is asked for as a date."""
    rows = [
        {
            "id": day,
            "title": f"Post {day}",
            "created_at": f"2024-01-{day:02}",
            "updated_at": 1704067200 + 86400 * day,
        }
        for day in range(20, 30)
    ]
    since = asked.query.get("created_since", "")
    return Answer({"results": [row for row in rows if str(row["created_at"]) >= since]})


def quick_example(base: str) -> Any:
    return {
        "client": {
            "base_url": f"{base}/",
            "auth": {"token": "a-token-of-the-api"},
            "paginator": {"type": "json_link", "next_url_path": "paging.next"},
        },
        "resources": [
            "posts",
            {
                "name": "comments",
                "endpoint": {
                    "path": "posts/{resources.posts.id}/comments",
                    "params": {"sort": "created_at"},
                },
            },
        ],
    }


def github_config(since: Any, **endpoint: Any) -> Config:
    def config(base: str) -> Any:
        return {
            "client": {
                "base_url": f"{base}/repos/dlt-hub/dlt/",
                "auth": {"type": "bearer", "token": "a-token-for-github"},
            },
            "resource_defaults": {
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"params": {"per_page": 100}},
            },
            "resources": [
                {
                    "name": "issues",
                    "endpoint": {
                        "path": "issues",
                        "params": {
                            "sort": "updated",
                            "direction": "desc",
                            "state": "open",
                            "since": copy.deepcopy(since),
                        },
                        **copy.deepcopy(endpoint),
                    },
                },
                {
                    "name": "issue_comments",
                    "endpoint": {"path": "issues/{resources.issues.number}/comments"},
                    "include_from_parent": ["id"],
                },
            ],
        }

    return config


SINCE = {"cursor_path": "updated_at", "initial_value": "2024-03-03T11:21:28Z"}


def pokemon_config(base: str) -> Any:
    return {
        "client": {"base_url": f"{base}/api/v2/", "paginator": "json_link"},
        "resource_defaults": {"endpoint": {"params": {"limit": 2}}},
        "resources": ["pokemon", "berry", "location"],
    }


def pokemon_by_guess(base: str) -> Any:
    return {
        "client": {"base_url": f"{base}/api/v2/"},
        "resources": [
            {"name": "pokemon", "endpoint": {"path": "pokemon", "params": {"limit": 2}}},
            "berry",
        ],
    }


def by_query_and_body(base: str) -> Any:
    return {
        "client": {"base_url": base, "paginator": JSONLinkPaginator("paging.next")},
        "resources": [
            "posts",
            {
                "name": "post_comments",
                "endpoint": {"path": "comments", "params": {"post_id": "{resources.posts.id}"}},
            },
            {
                "name": "post_details",
                "endpoint": {
                    "path": "search",
                    "method": "POST",
                    "json": {
                        "filters": {"id": "{resources.posts.id}"},
                        "order": "desc",
                        "limit": 5,
                    },
                },
            },
        ],
    }


def resolved(*fields: tuple[str, str, str]) -> dict[str, Any]:
    return {
        name: {"type": "resolve", "resource": resource, "field": field}
        for name, resource, field in fields
    }


def several_params(base: str) -> Any:
    return {
        "client": {"base_url": base},
        "resources": [
            "groups",
            {
                "name": "users",
                "endpoint": {
                    "path": "groups/{group_id}/users",
                    "params": resolved(("group_id", "groups", "id")),
                },
            },
            {
                "name": "user_details",
                "endpoint": {
                    "path": "groups/{group_id}/users/{user_id}/details",
                    "params": resolved(
                        ("group_id", "users", "group_id"), ("user_id", "users", "id")
                    ),
                },
            },
        ],
    }


def seeded(base: str) -> Any:
    @dlt.resource()
    def repositories() -> Any:
        yield [{"name": "dlt"}, {"name": "verified-sources"}, {"name": "education"}]

    return {
        "client": {"base_url": f"{base}/repos/dlt-hub/"},
        "resources": [
            {
                "name": "issues",
                "endpoint": {
                    "path": "{repository}/issues/",
                    "params": resolved(("repository", "repositories", "name")),
                    "auth": HttpBasicAuth("user", "a-password"),
                },
            },
            repositories(),
        ],
    }


def in_lower_case(record: Any) -> Any:
    record["title"] = record["title"].lower()
    return record


def with_steps(base: str) -> Any:
    return {
        "client": {"base_url": base, "paginator": "single_page"},
        "resources": [
            {
                "name": "posts",
                "processing_steps": [
                    {"filter": lambda row: row["id"] < 10},
                    {"map": in_lower_case},
                    {"filter": lambda row: "post" in row["title"]},
                ],
            }
        ],
    }


def as_date(epoch: Any) -> str:
    return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()


def created(endpoint: dict[str, Any]) -> Config:
    def config(base: str) -> Any:
        given = copy.deepcopy(endpoint)
        posts = {
            "name": "posts",
            "endpoint": {"path": "posts", "data_selector": "results", **given},
        }
        return {"client": {"base_url": base, "paginator": "single_page"}, "resources": [posts]}

    return config


BY_DATE = {"cursor_path": "created_at", "initial_value": "2024-01-25"}
BY_EPOCH = {"cursor_path": "updated_at", "initial_value": 1704067200 + 86400 * 25}

DOCUMENTED: dict[str, tuple[Config, Callable[[Asked], Answer], int]] = {
    "the quick example": (quick_example, blog, 1),
    "GitHub": (github_config({"type": "incremental", **SINCE}), github, 2),
    "GitHub, by a placeholder": (
        github_config("{incremental.start_value}", incremental=SINCE),
        github,
        2,
    ),
    "Pokemon": (pokemon_config, pokemon, 1),
    "Pokemon, guessed": (pokemon_by_guess, pokemon, 1),
    "parents in the query and in JSON": (by_query_and_body, blog, 1),
    "several params of one parent": (several_params, groups, 1),
    "a resource that is no endpoint": (seeded, github, 1),
    "processing steps": (with_steps, blog, 1),
    "an incremental param": (
        created({"params": {"created_since": {"type": "incremental", **BY_DATE}}}),
        since_created,
        2,
    ),
    "an incremental of the endpoint": (
        created({"incremental": {"start_param": "created_since", **BY_DATE}}),
        since_created,
        2,
    ),
    "an incremental that is converted": (
        created({"incremental": {"start_param": "created_since", **BY_EPOCH, "convert": as_date}}),
        since_created,
        2,
    ),
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_config_loads_what_it_loads_with_dlt(
    name: str, server: JsonServer, warehouse: Warehouse
) -> None:
    config, server.handler, runs = DOCUMENTED[name]
    asked = []
    for side, make_source in MAKERS.items():
        server.asked.clear()
        for _ in range(runs):
            warehouse.pipeline(side).run(make_source(config(server.base_url)))
        asked.append(
            sorted(f"{each.method} {each.path} {each.query} {each.body!r}" for each in server.asked)
        )
        assert len(asked[-1]) > runs - 1
    assert asked[1] == asked[0]
    ours, theirs = contents(warehouse, "ours_data"), contents(warehouse, "theirs_data")
    assert ours == theirs
    assert all(rows for _, rows in theirs.values())
