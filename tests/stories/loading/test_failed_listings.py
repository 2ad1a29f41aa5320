"""Of many listings that belong to the rows of a parent, some fail: the others are loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import dlt
import duckdb
import pytest

from headrace import (
    HeadraceError,
    ResponseStatusError,
    SyncReport,
    rest_api_source,
    status,
    sync,
)
from headrace.dlt_source.failed_requests import TABLE
from tests.support.canaries import canary
from tests.support.command_line import headrace
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

RECORD = f"test_data.{TABLE}"
SINCE = {"cursor_path": "n", "initial_value": 0, "start_param": "since"}
NEW_ORDERS: dict[str, Any] = {
    "endpoint": {"incremental": {"cursor_path": "id", "initial_value": 0, "start_param": "above"}}
}
MERGED = {"primary_key": "id", "write_disposition": "merge"}


class Orders:
    """Orders, each with lines in pages of two; some listings fail.

    Args:
        server: To serve them with.
    """

    def __init__(self, server: JsonServer) -> None:
        self.server = server
        self.lines: dict[int, list[int]] = {n: [1, 2, 3] for n in range(1, 8)}
        self.faults: dict[int, Answer | Callable[[], Answer]] = {}
        self.failing_page = 1
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        parts = unquote(asked.path).strip("/").split("/")
        if parts == ["orders"]:
            since = int(asked.query.get("above", 0))
            rows = [{"id": n, "name": f"order {n}"} for n in self.lines if n > since]
            return Answer({"data": rows})
        of, at = int(parts[1]), int(asked.query.get("cursor", 0))
        if of in self.faults and at // 2 + 1 >= self.failing_page:
            fault = self.faults[of]
            return fault if isinstance(fault, Answer) else fault()
        since = int(asked.query.get("since", 0))
        found = [n for n in self.lines[of] if n >= since]
        rows = [{"id": f"{of}-{n}", "n": n} for n in found]
        return Answer({"data": rows[at : at + 2], "next": at + 2 if at + 2 < len(rows) else None})

    def fail(self, *numbers: int, status: int = 500, page: int = 1) -> None:
        """Has the listings of some orders fail, from a page on."""
        self.failing_page = page
        self.faults = {n: Answer({"message": "no lines"}, status) for n in numbers}

    def asked_of(self, number: int) -> list[str]:
        """What was asked of one order since the last call."""
        path = f"/orders/{number}/lines"
        found = [each.target for each in self.server.asked if each.path == path]
        self.server.asked[:] = [each for each in self.server.asked if each.path != path]
        return found

    def config(
        self, lines: dict[str, Any] | None = None, orders: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
        endpoint = {
            "path": "orders/{resources.orders.id}/lines",
            **(lines or {}).get("endpoint", {}),
        }
        return {
            "client": {
                "base_url": self.server.base_url,
                "paginator": paginator,
                "retry": {"max_attempts": 2, "backoff_factor": 0.001},
            },
            "resource_defaults": {**MERGED, "endpoint": {"data_selector": "data"}},
            "resources": [
                {"name": "orders", **(orders or {})},
                {"name": "lines", **(lines or {}), "endpoint": endpoint},
            ],
        }


@pytest.fixture
def api(server: JsonServer) -> Orders:
    return Orders(server)


def run(warehouse: Warehouse | PostgresDatabase, config: dict[str, Any], **how: Any) -> SyncReport:
    return sync(warehouse.pipeline(), rest_api_source(config), **how)


def lines_in(warehouse: Warehouse | PostgresDatabase) -> list[str]:
    return sorted(row["id"] for row in warehouse.rows("test_data.lines"))


def lines_of(*numbers: int, count: int = 3) -> list[str]:
    return [f"{number}-{n}" for number in numbers for n in range(1, count + 1)]


def recorded(warehouse: Warehouse | PostgresDatabase) -> list[tuple[Any, ...]]:
    return warehouse.query(f"SELECT resource, key, status, tries FROM {RECORD} ORDER BY key")


@pytest.mark.parametrize("failing", [403, 404, 500, 503])
@pytest.mark.parametrize("kind", ["warehouse", "postgres"])
def test_the_others_are_loaded(
    kind: str, failing: int, api: Orders, request: pytest.FixtureRequest
) -> None:
    destination = request.getfixturevalue(kind)
    api.fail(3, 6, status=failing)

    report = run(destination, api.config())

    assert lines_in(destination) == lines_of(1, 2, 4, 5, 7)
    assert len(destination.rows("test_data.orders")) == 7
    told = [(each.key, each.status, each.tries) for each in report.failed_requests]
    assert sorted(told) == [('{"id":3}', failing, 1), ('{"id":6}', failing, 1)]
    first = report.failed_requests[0]
    assert first.request == f"GET {api.server.base_url}/orders/{json.loads(first.key)['id']}/lines"
    assert str(failing) in first.reason
    assert recorded(destination) == [
        ("lines", '{"id":3}', failing, 1),
        ("lines", '{"id":6}', failing, 1),
    ]

    api.fail(6, status=failing)
    again = run(destination, api.config())
    assert lines_in(destination) == lines_of(1, 2, 3, 4, 5, 7)
    assert recorded(destination) == [("lines", '{"id":6}', failing, 2)]
    assert again.failed_requests[0].since < again.failed_requests[0].last_tried

    api.fail()
    assert not run(destination, api.config()).failed_requests
    assert lines_in(destination) == lines_of(*range(1, 8))
    assert recorded(destination) == []


def test_the_command_line_says_so(api: Orders, warehouse: Warehouse, tmp_path: Any) -> None:
    file = tmp_path / "test.json"
    file.write_text(json.dumps({**api.config(), "pipeline": {"dataset": "test_data"}}))
    place = (str(file), "--destination", warehouse.url)
    api.fail(4)

    ran = headrace("run", *place)

    assert ran.returncode == 4
    assert "1 request beside the listings failed" in ran.stderr
    assert 'lines {"id":4}: GET' in ran.stdout
    assert "500 Internal Server Error" in ran.stdout
    assert RECORD in ran.stdout
    runs = warehouse.query(
        "SELECT resource, outcome, failed_requests FROM test_data._headrace_runs ORDER BY 1"
    )
    assert runs == [("lines", "complete", 1), ("orders", "complete", 0)]
    shown = headrace("status", *place).stdout
    assert "requests that failed, and are asked again: 1" in shown
    assert '{"id":4} since' in shown
    quiet = headrace("run", *place, "--quiet")
    assert (quiet.returncode, quiet.stdout) == (4, "")
    assert "1 request beside the listings failed" in quiet.stderr

    api.fail()
    assert headrace("run", *place).returncode == 0
    assert "requests that failed" not in headrace("status", *place).stdout


def test_status_gives_them(api: Orders, warehouse: Warehouse) -> None:
    api.fail(2)
    run(warehouse, api.config())
    found = {each.name: each for each in status(warehouse.pipeline(), api.config()).resources}
    assert not found["orders"].failed_requests
    (failed,) = found["lines"].failed_requests
    assert (failed.key, failed.status, failed.tries) == ('{"id":2}', 500, 1)


def test_a_plain_run_of_dlt(
    api: Orders, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    api.fail(5, status=403)
    for _ in range(2):
        warehouse.pipeline().run(rest_api_source(api.config()))
    assert lines_in(warehouse) == lines_of(1, 2, 3, 4, 6, 7)
    assert recorded(warehouse) == [("lines", '{"id":5}', 403, 2)]
    assert "resource `lines`: a request failed and is on record" in caplog.text
    api.fail()
    warehouse.pipeline().run(rest_api_source(api.config()))
    assert lines_in(warehouse) == lines_of(*range(1, 8))
    assert recorded(warehouse) == []


def test_a_server_that_breaks_off(api: Orders, warehouse: Warehouse) -> None:
    broken = Answer(raw=b'{"data": [{"id": "2-1"', headers={"Content-Type": "application/json"})
    api.faults = {2: broken}
    (failed,) = run(warehouse, api.config()).failed_requests
    assert "orders/2/lines" in failed.reason
    assert lines_in(warehouse) == lines_of(1, 3, 4, 5, 6, 7)


def test_a_login_page(api: Orders, warehouse: Warehouse) -> None:
    api.faults = {7: Answer(raw=b"<html>Log in</html>", headers={"Content-Type": "text/html"})}
    (failed,) = run(warehouse, api.config()).failed_requests
    assert (failed.status, failed.key) == (200, '{"id":7}')
    assert lines_in(warehouse) == lines_of(*range(1, 7))


def test_a_listing_that_ends_short(api: Orders, warehouse: Warehouse) -> None:
    """By what the API says of itself."""
    api.faults = {4: Answer({"data": [{"id": "4-1", "n": 1}], "total": 3, "next": None})}
    (failed,) = run(warehouse, api.config()).failed_requests
    assert failed.key == '{"id":4}'
    assert "3" in failed.reason
    assert "4-1" in lines_in(warehouse)
    api.fail()
    assert not run(warehouse, api.config()).failed_requests
    assert lines_in(warehouse) == lines_of(*range(1, 8))


class TestPartOfAListing:
    """The first page of an order's lines comes, and the second one does not."""

    def test_merged_rows_stay(self, api: Orders, warehouse: Warehouse) -> None:
        api.fail(3, page=2)
        run(warehouse, api.config())
        part = ["3-1", "3-2"]
        assert lines_in(warehouse) == sorted([*lines_of(1, 2, 4, 5, 6, 7), *part])
        api.fail()
        run(warehouse, api.config())
        assert lines_in(warehouse) == lines_of(*range(1, 8))

    def test_rows_that_are_added_come_once(self, api: Orders, warehouse: Warehouse) -> None:
        appended = {
            "write_disposition": "append",
            "endpoint": {"incremental": {**SINCE, "per_parent": True}},
        }
        api.fail(3, page=2)
        run(warehouse, api.config(appended))
        assert lines_in(warehouse) == lines_of(1, 2, 4, 5, 6, 7)
        api.fail()
        run(warehouse, api.config(appended))
        assert lines_in(warehouse) == lines_of(*range(1, 8))

    def test_a_table_that_is_replaced_holds_what_came(
        self, api: Orders, warehouse: Warehouse
    ) -> None:
        replaced = {"write_disposition": "replace"}
        run(warehouse, api.config(replaced))
        api.fail(3, page=2)
        report = run(warehouse, api.config(replaced))
        assert lines_in(warehouse) == sorted([*lines_of(1, 2, 4, 5, 6, 7), "3-1", "3-2"])
        assert [each.key for each in report.failed_requests] == ['{"id":3}']


class TestIncremental:
    """A listing that failed is asked again from where it was to begin."""

    @pytest.mark.parametrize("disposition", ["merge", "append"])
    @pytest.mark.parametrize("per_parent", [False, True])
    def test_nothing_is_left_out(
        self, per_parent: bool, disposition: str, api: Orders, warehouse: Warehouse
    ) -> None:
        lines = {
            "write_disposition": disposition,
            "endpoint": {"incremental": {**SINCE, "per_parent": per_parent}},
        }
        api.lines = {n: [1, 2] for n in range(1, 5)}
        run(warehouse, api.config(lines))
        api.lines = {1: [1, 2, 8], 2: [1, 2, 3, 4, 5], 3: [1, 2, 9], 4: [1, 2]}
        api.fail(2)
        api.asked_of(2)
        run(warehouse, api.config(lines))
        assert {each.split("=")[-1] for each in api.asked_of(2)} == {"2"}
        api.fail(2, page=2)
        run(warehouse, api.config(lines))
        api.fail()
        api.asked_of(2)
        api.lines[1].append(11)
        assert not run(warehouse, api.config(lines)).failed_requests
        # As it would have been asked when it failed first.
        assert api.asked_of(2)[0].endswith("since=2")
        expected = sorted(f"{of}-{n}" for of, numbers in api.lines.items() for n in numbers)
        assert lines_in(warehouse) == expected

        # From then on it goes with the others.
        run(warehouse, api.config(lines))
        assert api.asked_of(2)[0].endswith("since=5" if per_parent else "since=11")
        assert lines_in(warehouse) == expected

    def test_with_functions_before_the_filter_of_dlt(
        self, api: Orders, warehouse: Warehouse
    ) -> None:
        lines = {
            "endpoint": {"incremental": SINCE},
            "processing_steps": [{"map": lambda row: row}],
        }
        api.fail(2)
        with pytest.raises(ResponseStatusError, match="orders/2/lines"):
            run(warehouse, api.config(lines))


class TestParents:
    """Rows of the parent that are not listed again."""

    def test_an_incremental_parent(self, api: Orders, warehouse: Warehouse) -> None:
        lines = {"include_from_parent": ["name"]}
        api.fail(2, 5)
        run(warehouse, api.config(lines, NEW_ORDERS))
        api.fail(5)
        api.asked_of(1)
        report = run(warehouse, api.config(lines, NEW_ORDERS))
        assert [each.key for each in report.failed_requests] == ['{"id":5}']
        api.fail()
        # A new one comes along.
        api.lines[8] = [1, 2, 3]
        assert not run(warehouse, api.config(lines, NEW_ORDERS)).failed_requests
        assert not api.asked_of(1)
        found = {row["id"]: row["_orders_name"] for row in warehouse.rows("test_data.lines")}
        assert found == {f"{n}-{i}": f"order {n}" for n in range(1, 9) for i in (1, 2, 3)}
        assert recorded(warehouse) == []

    def test_one_that_is_gone(self, api: Orders, warehouse: Warehouse) -> None:
        """By the listing where that is whole, and by a 404 where it shows what is new alone."""
        api.fail(2)
        run(warehouse, api.config())
        del api.lines[2]
        api.asked_of(2)
        assert not run(warehouse, api.config()).failed_requests
        assert not api.asked_of(2)
        assert recorded(warehouse) == []

    def test_one_that_only_its_own_path_can_tell_of(
        self, api: Orders, warehouse: Warehouse
    ) -> None:
        api.fail(2)
        run(warehouse, api.config(orders=NEW_ORDERS))
        api.fail(2, status=404)
        assert not run(warehouse, api.config(orders=NEW_ORDERS)).failed_requests
        assert recorded(warehouse) == []

    @pytest.mark.parametrize("in_lists", [False, True])
    @pytest.mark.parametrize("disposition", ["merge", "append"])
    def test_a_parent_of_the_users_own(
        self, disposition: str, in_lists: bool, api: Orders, warehouse: Warehouse
    ) -> None:
        numbers = list(range(1, 5))

        def orders() -> Iterable[Any]:
            rows = [{"id": n, "name": f"order {n}"} for n in numbers]
            yield from [rows] if in_lists else rows

        def config() -> dict[str, Any]:
            made = api.config({"write_disposition": disposition})
            made["resources"][0] = dlt.resource(orders, name="orders", selected=False)
            return made

        api.fail(2, 3)
        run(warehouse, config())
        assert lines_in(warehouse) == lines_of(1, 4)
        # 2 comes again, 3 does not.
        numbers[:] = [5, 2]
        api.fail()
        assert not run(warehouse, config()).failed_requests
        assert lines_in(warehouse) == lines_of(1, 2, 3, 4, 5)
        assert recorded(warehouse) == []

    def test_a_parent_with_functions_of_the_users(self, api: Orders, warehouse: Warehouse) -> None:
        orders = {**NEW_ORDERS, "processing_steps": [{"map": lambda row: row}]}
        api.fail(2)
        run(warehouse, api.config(orders=orders))
        api.fail()
        api.lines[8] = [1, 2, 3]
        run(warehouse, api.config(orders=orders))
        assert lines_in(warehouse) == lines_of(*range(1, 9))

    def test_grandchildren(self, api: Orders, warehouse: Warehouse) -> None:
        config = api.config()
        config["resources"].append(
            {"name": "parts", "endpoint": {"path": "lines/{resources.lines.n}/parts"}}
        )
        handler, failing = api.server.handler, {3}

        def answer(asked: Asked) -> Answer:
            parts = asked.path.strip("/").split("/")
            if parts[0] != "lines":
                return handler(asked)
            return (
                Answer({}, 500)
                if int(parts[1]) in failing
                else Answer({"data": [{"id": parts[1]}]})
            )

        api.server.handler = answer
        api.lines = {1: [1, 2], 2: [3]}
        api.fail(1)
        report = run(warehouse, config)
        assert sorted((e.resource, e.key) for e in report.failed_requests) == [
            ("lines", '{"id":1}'),
            ("parts", '{"n":3}'),
        ]
        # The lines of order 1 are not there: those of 3 are not gone for that.
        failing.clear()
        api.fail()
        assert not run(warehouse, config).failed_requests
        assert [row["id"] for row in warehouse.rows("test_data.parts")] == ["1", "2", "3"]


class TestErrors:
    """What is no failure of one listing alone."""

    @pytest.mark.parametrize("status", [400, 404, 405])
    def test_a_path_that_is_wrong(self, status: int, api: Orders, warehouse: Warehouse) -> None:
        api.fail(*api.lines, status=status)
        with pytest.raises(ResponseStatusError) as caught:
            run(warehouse, api.config())
        assert caught.value.status == status
        assert not warehouse.query("SELECT 1 FROM duckdb_tables() WHERE table_name = 'orders'")

    def test_a_wrong_path_of_many(self, api: Orders, warehouse: Warehouse) -> None:
        api.lines = {n: [1] for n in range(1, 2_001)}
        api.fail(*api.lines, status=404)
        with pytest.raises(ResponseStatusError):
            run(warehouse, api.config())
        assert len(api.server.asked) < 100

    def test_a_path_that_has_worked_once(self, api: Orders, warehouse: Warehouse) -> None:
        run(warehouse, api.config())
        api.fail(*api.lines, status=404)
        assert len(run(warehouse, api.config()).failed_requests) == 7
        assert lines_in(warehouse) == lines_of(*range(1, 8))

    def test_a_server_in_trouble_is_no_wrong_path(self, api: Orders, warehouse: Warehouse) -> None:
        api.fail(*api.lines, status=500)
        config = api.config()
        config["client"]["concurrency"] = 1
        assert len(run(warehouse, config).failed_requests) == 7
        assert len(warehouse.rows("test_data.orders")) == 7
        # Only a few of them are asked more than once.
        assert len(api.server.asked) <= 1 + 7 + 3

    def test_a_key_that_is_taken_no_more(self, api: Orders, warehouse: Warehouse) -> None:
        run(warehouse, api.config())
        api.fail(3, status=401)
        with pytest.raises(ResponseStatusError, match="401"):
            run(warehouse, api.config())

    def test_strict(self, api: Orders, warehouse: Warehouse) -> None:
        api.fail(3)
        with pytest.raises(ResponseStatusError, match="orders/3/lines"):
            run(warehouse, {**api.config(), "pipeline": {"strict": True}})

    def test_an_action_that_says_fail(self, api: Orders, warehouse: Warehouse) -> None:
        fail = {"endpoint": {"response_actions": [{"status_code": 500, "action": "fail"}]}}
        api.fail(3)
        with pytest.raises(HeadraceError, match="says `fail`"):
            run(warehouse, api.config(fail))

    def test_an_action_that_says_ignore(self, api: Orders, warehouse: Warehouse) -> None:
        ignore = {"endpoint": {"response_actions": [{"status_code": 500, "action": "ignore"}]}}
        api.fail(3)
        assert not run(warehouse, api.config(ignore)).failed_requests
        assert lines_in(warehouse) == lines_of(1, 2, 4, 5, 6, 7)


def test_a_silent_server_is_not_asked_for_long(api: Orders, warehouse: Warehouse) -> None:
    api.lines = {n: [1, 2, 3] for n in range(1, 61)}
    with JsonServer() as gone:
        silent = gone.base_url

    def config(base_url: str) -> dict[str, Any]:
        made = api.config()
        rows = [{"id": n} for n in api.lines]
        made["resources"][0] = dlt.resource(rows, name="orders", selected=False)
        made["client"] |= {"base_url": base_url, "concurrency": 4}
        return made

    report = run(warehouse, config(silent))

    assert len(report.failed_requests) == 60
    tries = [each.tries for each in report.failed_requests]
    assert 20 <= sum(tries) <= 24
    assert {each.status for each in report.failed_requests} == {None}
    assert "not asked, after others failed" in report.failed_requests[0].reason
    assert not run(warehouse, config(api.server.base_url)).failed_requests
    assert len(lines_in(warehouse)) == 180


def test_no_secret_is_on_record(
    api: Orders, warehouse: Warehouse, tmp_path: Any, canaries_set: None
) -> None:
    config = api.config({"endpoint": {"params": {"token": canary("param")}}})
    config["client"]["auth"] = {
        "type": "api_key",
        "name": "k",
        "location": "query",
        "api_key": canary("key"),
    }
    words = f"no access with {canary('key')}"
    api.faults = {2: Answer({"message": words}, 403)}
    run(warehouse, config)
    (row,) = warehouse.query(f"SELECT * FROM {RECORD}")
    for secret in (canary("key"), canary("param")):
        assert secret not in repr(row)
        assert secret.encode() not in warehouse.file.read_bytes()


def test_a_full_refresh_forgets_them(api: Orders, warehouse: Warehouse) -> None:
    api.fail(2, 3)
    run(warehouse, api.config())
    api.fail(3)
    run(warehouse, api.config(), full_refresh=True)
    assert recorded(warehouse) == [("lines", '{"id":3}', 500, 1)]


def test_each_resource_has_its_own(api: Orders, warehouse: Warehouse) -> None:
    config = api.config()
    config["resources"].append({**config["resources"][1], "name": "again"})
    api.fail(2)
    run(warehouse, config)
    assert sorted(recorded(warehouse)) == [
        ("again", '{"id":2}', 500, 1),
        ("lines", '{"id":2}', 500, 1),
    ]


def test_verify_says_what_it_could_not_compare(api: Orders, warehouse: Warehouse) -> None:
    run(warehouse, api.config())
    api.fail(3)
    place = ("--destination", warehouse.url, "--dataset", "test_data")
    Path("test.json").write_text(json.dumps({**api.config(), "pipeline": {"name": "test"}}))

    ran = headrace("verify", "test.json", *place)

    assert ran.returncode == 1
    assert "1 request beside the listings failed" in ran.stdout
    assert 'lines {"id":3}: GET' in ran.stdout
    assert "or a request that failed would have brought them" in ran.stdout
    assert "which is not all" in ran.stdout
    assert "The tables hold what the API lists." not in ran.stdout
    found = json.loads(headrace("verify", "test.json", *place, "--json").stdout)
    assert not found["ok"]
    assert [each["key"] for each in found["failed_requests"]] == ['{"id":3}']
    # It leaves no trace.
    assert not status(warehouse.pipeline(), api.config()).resources[1].failed_requests

    # What it lists beside is repaired.
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute("DELETE FROM test_data.lines WHERE id IN ('1-1', '3-2')")
    assert headrace("verify", "test.json", *place, "--repair").returncode == 1
    assert lines_in(warehouse) == [each for each in lines_of(*range(1, 8)) if each != "3-2"]
    api.fail()
    assert headrace("verify", "test.json", *place, "--repair").returncode == 0
    assert lines_in(warehouse) == lines_of(*range(1, 8))
