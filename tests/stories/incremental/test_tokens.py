"""An API that names in its last page what the next sync is to send: sync tokens, delta links."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace import ConfigError, HeadraceError, rest_api_source, sync, verify
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


class Changes:
    """An API that lists what has changed since a token, two rows a page.

    Args:
        server: What serves it.
        by: How the token is named and taken: `token` or `link`.
    """

    def __init__(self, server: JsonServer, by: str = "token") -> None:
        self.log: list[dict[str, Any]] = []
        self.by = by
        self.expired: set[str] = set()
        self.names_none = False
        self.server = server
        server.handler = self._answer

    def put(self, *ids: int, **fields: Any) -> None:
        self.log += [{"id": number, **fields} for number in ids]

    def _answer(self, asked: Asked) -> Answer:
        token = asked.query.get("token") or json.loads(asked.body or b"{}").get("since")
        if token in self.expired:
            return Answer({"error": f"token {token} has expired"}, 410)
        start = int(token.removeprefix("token-")) if token else 0
        start = int(asked.query.get("page", start))
        rows = self.log[start : start + 2]
        if start + 2 < len(self.log):
            return Answer({"items": rows, "next": start + 2})
        named = f"token-{len(self.log)}"
        if self.by == "link":
            named = f"{self.server.base_url}/changes?token={named}"
        return Answer({"items": rows, **({} if self.names_none else {"sync": {"token": named}})})

    def config(self, disposition: str = "merge", **endpoint: Any) -> dict[str, Any]:
        incremental: dict[str, Any] = {"token_path": "sync.token"}
        if self.by == "token":
            incremental["start_param"] = "token"
        return {
            "client": {
                "base_url": self.server.base_url,
                "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "page"},
            },
            "resources": [
                {
                    "name": "changes",
                    "primary_key": "id",
                    "write_disposition": disposition,
                    "endpoint": {
                        "path": "changes",
                        "data_selector": "items",
                        "incremental": incremental,
                        **endpoint,
                    },
                }
            ],
        }

    @property
    def tokens(self) -> list[str | None]:
        return [each.query.get("token") for each in self.server.asked]


@pytest.fixture
def api(server: JsonServer) -> Changes:
    return Changes(server)


def loaded(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.query("SELECT id, v FROM test_data.changes ORDER BY 1, 2")


def run(warehouse: Warehouse, config: dict[str, Any], **settings: Any) -> Any:
    return sync(warehouse.pipeline(), rest_api_source(config), **settings)


@pytest.mark.parametrize("by", ["token", "link"])
@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_the_next_sync_sends_what_the_last_page_named(
    way: str, by: str, server: JsonServer, warehouse: Warehouse
) -> None:
    api = Changes(server, by)
    api.put(1, 2, 3, v=1)
    for changed in ((2, 4), (5,), ()):
        server.asked.clear()
        source = rest_api_source(api.config())
        if way == "to dicts":
            source.resources["changes"].add_map(lambda row: row)
        sync(warehouse.pipeline(), source)
        began = len(api.log)
        api.put(*changed, v=2)
    assert api.tokens == ["token-5"]
    assert began == 6
    assert loaded(warehouse) == [(1, 1), (2, 2), (3, 1), (4, 2), (5, 2)]


def test_a_placeholder_holds_it_and_is_left_out_at_first(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = Changes(server)
    api.put(1, v=1)
    config = api.config(
        method="POST",
        json={"since": "{incremental.start_value}", "kinds": ["a"]},
        incremental={"token_path": "sync.token"},
    )
    for _ in range(2):
        run(warehouse, config)
    bodies = [json.loads(each.body) for each in server.asked]
    assert bodies == [{"kinds": ["a"]}, {"kinds": ["a"], "since": "token-1"}]


def test_a_token_that_has_expired_begins_anew_with_a_word(
    api: Changes, warehouse: Warehouse
) -> None:
    api.put(1, 2, 3, v=1)
    run(warehouse, api.config())
    api.expired.add("token-3")
    api.put(4, v=1)
    api.server.asked.clear()
    report = run(warehouse, api.config())
    assert api.tokens[:2] == ["token-3", None]
    (note,) = report.figures.of("changes").notes
    assert "listed anew" in note
    assert "410" in note
    assert [number for number, _ in loaded(warehouse)] == [1, 2, 3, 4]
    api.server.asked.clear()
    run(warehouse, api.config())
    assert api.tokens == ["token-4"]


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_a_token_may_expire_while_the_pages_behind_it_are_listed(
    way: str, api: Changes, warehouse: Warehouse
) -> None:
    api.put(1, 2, 3, v=1)
    run(warehouse, api.config())
    api.put(3, 4, 5, v=2)
    answer = api.server.handler
    api.server.handler = lambda asked: (
        Answer({"error": "the token has expired"}, 410)
        if asked.query.get("token") and asked.query.get("page")
        else answer(asked)
    )
    source = rest_api_source(api.config())
    if way == "to dicts":
        source.resources["changes"].add_map(lambda row: row)
    api.server.asked.clear()
    report = sync(warehouse.pipeline(), source)
    assert api.tokens[:3] == ["token-3", "token-3", None]
    assert any("listed anew" in note for note in report.figures.of("changes").notes)
    assert [number for number, _ in loaded(warehouse)] == [1, 2, 3, 4, 5]
    api.server.asked.clear()
    run(warehouse, api.config())
    assert api.tokens == ["token-6"]


def test_appended_rows_that_came_before_a_token_expired_do_not_come_twice(
    api: Changes, warehouse: Warehouse
) -> None:
    api.put(1, v=1)
    run(warehouse, api.config("append"))
    api.put(2, 3, 4, v=1)
    answer = api.server.handler
    api.server.handler = lambda asked: (
        Answer(None, 410) if asked.query.get("page") else answer(asked)
    )
    with pytest.raises(HeadraceError, match="--list-anew"):
        run(warehouse, api.config("append"))
    api.server.handler = answer
    run(warehouse, api.config("append"))
    assert loaded(warehouse) == [(number, 1) for number in range(1, 5)]


def test_other_statuses_may_say_so_and_appended_rows_come_twice_with_a_word(
    api: Changes, warehouse: Warehouse
) -> None:
    api.put(1, v=1)
    config = api.config("append")
    run(warehouse, config)
    answer = api.server.handler

    def refuses(asked: Asked) -> Answer:
        return Answer(None, 400) if "token" in asked.query else answer(asked)

    api.server.handler = refuses
    with pytest.raises(HeadraceError, match="400"):
        run(warehouse, config)
    config["resources"][0]["endpoint"]["incremental"]["token_expired"] = [400, 410]
    report = run(warehouse, config)
    assert any("appended" in note for note in report.figures.of("changes").notes)
    assert loaded(warehouse) == [(1, 1), (1, 1)]


def test_nothing_is_remembered_of_a_listing_that_failed_or_was_limited(
    api: Changes, warehouse: Warehouse
) -> None:
    api.put(1, 2, 3, v=1)
    config = api.config()
    sync(warehouse.pipeline(), build_source(parse_config(config), limit_rows=3))
    answer = api.server.handler
    api.server.handler = lambda asked: Answer(None, 403) if "page" in asked.query else answer(asked)
    with pytest.raises(HeadraceError):
        run(warehouse, config)
    api.server.handler = answer
    stopped = api.config()
    stopped["client"]["paginator"]["stop_condition"] = "rows == 2"
    report = run(warehouse, stopped)
    assert any("no token is kept" in note for note in report.figures.of("changes").notes)
    api.server.asked.clear()
    run(warehouse, config)
    assert api.tokens == [None, None]


def test_a_last_page_without_one(api: Changes, warehouse: Warehouse) -> None:
    api.put(1, v=1)
    api.names_none = True
    with pytest.raises(HeadraceError, match=r"nothing at `incremental\.token_path`"):
        run(warehouse, api.config())
    api.names_none = False
    run(warehouse, api.config())
    api.names_none = True
    api.put(2, v=1)
    # The former one is kept, by which the same rows come again.
    for _ in range(2):
        api.server.asked.clear()
        run(warehouse, api.config())
        assert api.tokens == ["token-1"]
    assert loaded(warehouse) == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    "changed", [{"path": "others"}, {"params": {"kind": "b"}}], ids=["path", "params"]
)
def test_a_token_of_another_request_is_not_sent(
    changed: dict[str, Any], api: Changes, warehouse: Warehouse
) -> None:
    api.put(1, v=1)
    run(warehouse, api.config())
    api.server.asked.clear()
    report = run(warehouse, api.config(**changed))
    assert api.tokens == [None]
    assert "another request" in report.figures.of("changes").notes[0]


@pytest.mark.parametrize("how", ["full_refresh", "list_anew"])
def test_it_is_forgotten_where_all_is_to_be_listed(
    how: str, api: Changes, warehouse: Warehouse
) -> None:
    api.put(1, v=1)
    run(warehouse, api.config())
    api.server.asked.clear()
    run(warehouse, api.config(), **{how: True})
    assert api.tokens == [None]
    assert loaded(warehouse) == [(1, 1)]


def test_verify_lists_without_one(api: Changes, warehouse: Warehouse) -> None:
    api.put(1, 2, 3, v=1)
    run(warehouse, api.config())
    api.server.asked.clear()
    report = verify(warehouse.pipeline(), rest_api_source(api.config()))
    assert report.ok
    assert api.tokens == [None, None]
    api.server.asked.clear()
    run(warehouse, api.config())
    assert api.tokens == ["token-3"]


def test_a_delta_link_to_another_host_is_not_followed(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = Changes(server, "link")
    with JsonServer() as other:
        answer = server.handler
        server.handler = lambda asked: Answer(
            {"items": [{"id": 1, "v": 1}], "sync": {"token": f"{other.base_url}/changes?token=x"}}
        )
        run(warehouse, api.config())
        with pytest.raises(HeadraceError, match="allowed_hosts"):
            run(warehouse, api.config())
        assert other.asked == []
    assert answer is not None


def test_a_token_is_shown_nowhere(
    api: Changes, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "headrace")
    api.put(1, v=1)
    answer = api.server.handler

    def with_long_token(asked: Asked) -> Answer:
        if asked.query.get("token"):
            return Answer({"error": f"bad {asked.query['token']}"}, 400)
        found = answer(asked)
        found.body["sync"] = {"token": "s3cr3t-0f-a-user"}
        return found

    api.server.handler = with_long_token
    run(warehouse, api.config())
    with pytest.raises(HeadraceError) as failed:
        run(warehouse, api.config())
    assert "bad ***" in str(failed.value)
    assert "s3cr3t" not in str(failed.value) + caplog.text


@pytest.mark.parametrize(
    ("endpoint", "disposition", "key", "told"),
    [
        ({"incremental": {}}, "merge", "incremental.cursor_path", "`token_path`"),
        (
            {"incremental": {"token_path": "a", "cursor_path": "b"}},
            "merge",
            "incremental.cursor_path",
            "does not go with `token_path`",
        ),
        (
            {"incremental": {"token_path": "a", "step": "1d"}},
            "merge",
            "incremental.step",
            "does not go with `token_path`",
        ),
        (
            {"incremental": {"cursor_path": "a", "token_expired": [400]}},
            "merge",
            "incremental.token_expired",
            "needs a `token_path`",
        ),
        (
            {"incremental": {"token_path": "a", "token_expired": [500]}},
            "merge",
            "incremental.token_expired[0]",
            "from 400 to 499",
        ),
        ({"paginator": "auto"}, "merge", "incremental.token_path", "`paginator`"),
        ({"path": "a/{incremental.start_value}"}, "merge", "path", "`start_param`"),
        ({}, "replace", "write_disposition", "`write_disposition: merge`"),
    ],
)
def test_what_does_not_go_together_is_refused_when_the_config_is_read(
    endpoint: dict[str, Any], disposition: str, key: str, told: str, api: Changes
) -> None:
    with pytest.raises(ConfigError) as refused:
        rest_api_source(api.config(disposition, **endpoint))
    faults = {
        each.path.removeprefix("resources[0].").removeprefix("endpoint."): each.message
        for each in refused.value.faults
    }
    assert told in faults[key]
