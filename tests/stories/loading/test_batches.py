"""An API that takes the values of many rows of the parent in one request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import dlt
import pytest

from headrace import HeadraceError, RowError, rest_api_source, sync
from tests.support.command_line import headrace
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

IDS = {"ids": "{resources.users.id}"}


class Scores:
    """Users in pages of ten, and the scores of as many users as are asked for at once.

    Args:
        server: To serve them with.
        users: How many users there are.
        most: How many of them one request may name.
    """

    def __init__(self, server: JsonServer, users: int = 25, most: int = 1000) -> None:
        self.server, self.users, self.most = server, users, most
        self.unknown: set[int] = set()
        self.is_down = False
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/users":
            at = int(asked.query.get("after", 0))
            rows = [{"id": n, "name": f"u{n}"} for n in range(1, self.users + 1)]
            following = at + 10 if at + 10 < self.users else None
            return Answer({"data": rows[at : at + 10], "next": following})
        if self.is_down:
            return Answer({"message": "down"}, 503)
        ids = self._ids(asked)
        if len(ids) > self.most:
            return Answer({"message": f"at most {self.most} ids"}, 400)
        if self.unknown.intersection(ids):
            return Answer({"message": "no such user"}, 404)
        return Answer({"data": [{"id": f"s{n}", "user": str(n), "score": n * n} for n in ids]})

    @staticmethod
    def _ids(asked: Asked) -> list[int]:
        if asked.method == "POST":
            found = json.loads(asked.body)["ids"]
            return found if isinstance(found, list) else [int(n) for n in found.split(",")]
        if asked.path != "/scores":
            return [int(n) for n in asked.path.removeprefix("/scores/").split(";")]
        return [int(n) for n in asked.query["ids"].split(",")]

    def config(self, endpoint: dict[str, Any] | None = None, **scores: Any) -> dict[str, Any]:
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "after"}
        return {
            "client": {
                "base_url": self.server.base_url,
                "paginator": "single_page",
                "retry": {"max_attempts": 1},
            },
            "resource_defaults": {
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"data_selector": "data"},
            },
            "resources": [
                {"name": "users", "endpoint": {"path": "users", "paginator": paginator}},
                {
                    "name": "scores",
                    "endpoint": {"path": "scores", "params": IDS, "batch": 10, **(endpoint or {})},
                    **scores,
                },
            ],
        }

    def sizes(self) -> list[int]:
        """How many users each request for scores has named since the last call."""
        found = [len(self._ids(each)) for each in self.server.asked if each.path != "/users"]
        self.server.asked.clear()
        return found


@pytest.fixture
def api(server: JsonServer) -> Scores:
    return Scores(server)


def scores_in(warehouse: Warehouse) -> list[int]:
    return sorted(row["score"] for row in warehouse.rows("test_data.scores"))


def squares(*but: int, up_to: int = 25) -> list[int]:
    return [n * n for n in range(1, up_to + 1) if n not in but]


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param({}, id="in a param"),
        pytest.param({"batch": {"size": 10, "separator": ","}}, id="as a mapping"),
        pytest.param(
            {
                "path": "scores/{resources.users.id}",
                "params": None,
                "batch": {"size": 10, "separator": ";"},
            },
            id="in the path",
        ),
        pytest.param(
            {"method": "POST", "params": None, "json": {"ids": "{resources.users.id}"}},
            id="as a text in the body",
        ),
        pytest.param(
            {"method": "POST", "params": None, "json": {"ids": ["{resources.users.id}"]}},
            id="as a list of numbers in the body",
        ),
    ],
)
def test_ten_users_a_request(api: Scores, warehouse: Warehouse, endpoint: dict[str, Any]) -> None:
    sync(warehouse.pipeline(), rest_api_source(api.config(endpoint)))

    assert scores_in(warehouse) == squares()
    assert api.sizes() == [10, 10, 5]


def test_a_list_of_one_placeholder_in_the_params_repeats_the_param(
    api: Scores, warehouse: Warehouse
) -> None:
    config = api.config({"params": {"ids": ["{resources.users.id}"]}})
    given = api.server.handler

    def answer(asked: Asked) -> Answer:
        if asked.path == "/users":
            return given(asked)
        return Answer({"data": [{"id": n} for n in asked.target.count("ids=") * [asked.target]]})

    api.server.handler = answer
    rows = list(rest_api_source(config).resources["scores"])

    assert len(rows) == 25
    assert rows[0]["id"] == "/scores?" + "&".join(f"ids={n}" for n in range(1, 11))


def test_batches_are_filled_over_the_pages_of_the_parent(api: Scores, warehouse: Warehouse) -> None:
    sync(warehouse.pipeline(), rest_api_source(api.config({"batch": 23})))

    assert api.sizes() == [23, 2]
    assert scores_in(warehouse) == squares()


@pytest.mark.parametrize("at_once", [True, False], ids=["in a list", "one by one"])
def test_a_parent_of_ones_own(api: Scores, warehouse: Warehouse, at_once: bool) -> None:
    config = api.config()

    def users() -> Iterator[Any]:
        rows = [{"id": n} for n in range(1, 26)]
        yield from [rows] if at_once else rows

    config["resources"][0] = dlt.resource(users, name="users")
    sync(warehouse.pipeline(), rest_api_source(config))

    assert scores_in(warehouse) == squares()
    assert api.sizes() == [10, 10, 5]


def test_each_row_gets_the_fields_of_its_own_parent(api: Scores, warehouse: Warehouse) -> None:
    batch = {"size": 10, "parent_key": "user"}
    config = api.config({"batch": batch}, include_from_parent=["name", "id"])

    sync(warehouse.pipeline(), rest_api_source(config))

    found = warehouse.query("SELECT score, _users_name, _users_id FROM test_data.scores ORDER BY 1")
    assert found == [(n * n, f"u{n}", n) for n in range(1, 26)]


def test_a_row_of_a_parent_that_was_not_asked_for(api: Scores, warehouse: Warehouse) -> None:
    config = api.config({"batch": {"size": 10, "parent_key": "score"}})

    with pytest.raises(HeadraceError) as caught:
        sync(warehouse.pipeline(), rest_api_source(config))

    for said in ("`scores`", "`16` in `score`", "`endpoint.batch.parent_key`", "10 values"):
        assert said in str(caught.value)


def test_more_values_than_the_api_takes_are_asked_for_in_halves(
    api: Scores, warehouse: Warehouse
) -> None:
    api.users, api.most = 100, 10
    report = sync(warehouse.pipeline(), rest_api_source(api.config({"batch": 40})))

    assert scores_in(warehouse) == squares(up_to=100)
    assert report.failed_requests == ()
    (note,) = report.figures.resources["scores"].notes
    assert "takes 10; set `endpoint.batch`" in note
    assert sum(size > 10 for size in api.sizes()) <= 9


def test_a_value_that_the_api_does_not_know_costs_no_other(
    api: Scores, warehouse: Warehouse
) -> None:
    api.unknown = {13}

    report = sync(warehouse.pipeline(), rest_api_source(api.config()))

    assert scores_in(warehouse) == squares(13)
    assert [each.key for each in report.failed_requests] == ['{"id":13}']

    api.sizes()
    report = sync(warehouse.pipeline(), rest_api_source(api.config()))

    # It goes by itself now, so that the others stay together.
    assert sorted(api.sizes()) == [1, 4, 10, 10]
    api.unknown.clear()
    assert sync(warehouse.pipeline(), rest_api_source(api.config())).failed_requests == ()
    assert scores_in(warehouse) == squares()


@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_an_answer_that_is_passed_over_for_one_value_costs_no_other(
    api: Scores, warehouse: Warehouse, disposition: str
) -> None:
    api.unknown = {13}
    ignored = [{"status_code": 404, "action": "ignore"}]
    config = api.config({"response_actions": ignored}, write_disposition=disposition)

    report = sync(warehouse.pipeline(), rest_api_source(config))

    assert scores_in(warehouse) == squares(13)
    assert report.failed_requests == ()
    assert report.figures.resources["scores"].notes == []


def test_a_value_that_comes_again_and_again_is_asked_for_once(
    api: Scores, warehouse: Warehouse
) -> None:
    given = api.server.handler
    comments = [{"id": n % 4 + 1, "name": "u"} for n in range(40)]
    api.server.handler = lambda asked: (
        Answer({"data": comments}) if asked.path == "/users" else given(asked)
    )

    config = api.config({"batch": 3}, write_disposition="append")
    sync(warehouse.pipeline(), rest_api_source(config))

    assert scores_in(warehouse) == [1, 4, 9, 16]
    assert api.sizes() == [3, 1]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (UUID(int=7), str(UUID(int=7))),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00Z"),
        (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01 00:00:00+00:00"),
        (Decimal("1.50"), 1.5),
        (Decimal("1.50"), "1.50"),
        (1.0, 1),
        (1, 1.0),
        (True, "True"),
        (True, True),
        (2**70, str(2**70)),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
    ],
    ids=repr,
)
def test_a_row_names_its_parent_as_the_api_spells_it(
    server: JsonServer, value: Any, named: Any
) -> None:
    server.handler = lambda asked: Answer([{"id": 1, "user": named}])
    batch = {"size": 10, "parent_key": "user"}
    config: Any = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            dlt.resource([{"id": value, "name": "a"}, {"id": "other", "name": "b"}], name="users"),
            {
                "name": "scores",
                "include_from_parent": ["name"],
                "endpoint": {
                    "path": "scores",
                    "params": IDS,
                    "batch": {**batch, "separator": "|"},
                },
            },
        ],
    }

    (row,) = list(rest_api_source(config).resources["scores"])

    assert row["_users_name"] == "a"


def test_a_row_that_names_null_belongs_to_no_text_null(server: JsonServer) -> None:
    server.handler = lambda asked: Answer([{"id": 1, "user": None}])
    config: Any = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            dlt.resource([{"id": "null", "name": "a"}], name="users"),
            {
                "name": "scores",
                "include_from_parent": ["name"],
                "endpoint": {
                    "path": "scores",
                    "params": IDS,
                    "batch": {"size": 10, "parent_key": "user"},
                },
            },
        ],
    }

    with pytest.raises(Exception, match="a row has nothing in `user`"):
        list(rest_api_source(config).resources["scores"])


def test_a_server_that_is_down_costs_one_sync(api: Scores, warehouse: Warehouse) -> None:
    sync(warehouse.pipeline(), rest_api_source(api.config()))
    api.is_down = True
    report = sync(warehouse.pipeline(), rest_api_source(api.config()))
    assert len(report.failed_requests) == 25
    api.is_down, api.users = False, 26
    api.sizes()

    report = sync(warehouse.pipeline(), rest_api_source(api.config()))

    assert report.failed_requests == ()
    assert scores_in(warehouse) == squares(up_to=26)
    assert api.sizes() == [10, 10, 5, 1]


def test_a_value_at_which_the_server_fails_each_time_costs_others_one_sync(
    api: Scores, warehouse: Warehouse
) -> None:
    given = api.server.handler

    def answer(asked: Asked) -> Answer:
        fails = asked.path == "/scores" and "13" in asked.query["ids"].split(",")
        return Answer({"message": "oops"}, 500) if fails else given(asked)

    api.server.handler = answer
    report = sync(warehouse.pipeline(), rest_api_source(api.config()))
    assert len(report.failed_requests) == 10

    report = sync(warehouse.pipeline(), rest_api_source(api.config()))

    assert [each.key for each in report.failed_requests] == ['{"id":13}']
    assert scores_in(warehouse) == squares(13)


def test_a_wrong_path_is_an_error_after_a_few_requests(api: Scores, warehouse: Warehouse) -> None:
    api.unknown = set(range(1, 26))

    with pytest.raises(HeadraceError, match="404"):
        sync(warehouse.pipeline(), rest_api_source(api.config()))

    assert len(api.sizes()) <= 60


def test_rows_that_differ_in_another_field_are_asked_for_apart(
    server: JsonServer, warehouse: Warehouse
) -> None:
    users = [{"id": n, "team": {"key": "ab"[n % 2]}} for n in range(1, 8)]

    def answer(asked: Asked) -> Answer:
        if asked.path == "/users":
            return Answer(users)
        team = asked.path.split("/")[2]
        return Answer([{"id": f"{team}{n}"} for n in asked.query["ids"].split("|")])

    server.handler = answer
    path = "teams/{resources.users.team.key}/scores"
    batch = {"size": 3, "separator": "|", "field": "id"}
    config = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            "users",
            {"name": "scores", "endpoint": {"path": path, "params": IDS, "batch": batch}},
        ],
    }

    found = {row["id"] for row in rest_api_source(config).resources["scores"]}

    assert found == {f"{'ab'[n % 2]}{n}" for n in range(1, 8)}
    assert len(server.asked) == 1 + 3


def test_rows_that_come_twice_and_rows_without_a_value(server: JsonServer) -> None:
    users = [{"id": 1}, {"id": None}, {"id": 2}, {"id": 1}]
    server.handler = lambda asked: (
        Answer(users)
        if asked.path == "/users"
        else Answer([{"id": n} for n in asked.query["ids"].split(",")])
    )
    config: Any = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            "users",
            {"name": "scores", "endpoint": {"path": "scores", "params": IDS, "batch": 10}},
        ],
    }

    assert [row["id"] for row in rest_api_source(config).resources["scores"]] == ["1", "2"]


def test_a_value_with_the_separator_in_it(server: JsonServer) -> None:
    long = "a,b" + "\nc" * 1000
    server.handler = lambda asked: Answer([{"id": long}, {"id": "c"}])
    config: Any = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            "users",
            {"name": "scores", "endpoint": {"path": "scores", "params": IDS, "batch": 10}},
        ],
    }

    with pytest.raises(Exception, match=r"`a,b c.*` of the parent holds the separator") as caught:
        list(rest_api_source(config).resources["scores"])

    assert isinstance(caught.value.__cause__, RowError)
    assert len(str(caught.value.__cause__)) < 400


def test_later_syncs_ask_from_where_the_last_one_ended(api: Scores, warehouse: Warehouse) -> None:
    incremental = {"cursor_path": "score", "initial_value": 0, "start_param": "above"}
    config = api.config({"incremental": incremental})
    sync(warehouse.pipeline(), rest_api_source(config))
    api.sizes()

    sync(warehouse.pipeline(), rest_api_source(config))

    asked = [each.query["above"] for each in api.server.asked if each.path == "/scores"]
    assert asked == ["625"] * 3


def test_the_commands_ask_in_batches_too(api: Scores, tmp_path: Path) -> None:
    config = api.config({"batch": {"size": 10, "parent_key": "user"}}, include_from_parent=["id"])
    destination = f"duckdb:///{tmp_path}/kept.duckdb"
    config["pipeline"] = {"name": "kept", "destination": destination, "dataset": "data"}
    file = tmp_path / "api.yml"
    file.write_text(json.dumps(config))

    for arguments in (["run", file], ["verify", file], ["preview", file, "scores"]):
        api.sizes()
        done = headrace(*map(str, arguments))
        assert done.returncode == 0, done.stderr
        assert max(api.sizes()) == 10

    told = headrace("check", str(file)).stdout
    assert "columns: id, user, score, _users_id" in told
