"""The path of single rows fails: what the listing shows is loaded, and the rest is on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headrace import HeadraceError, LegSettings, ResponseStatusError
from tests.stories.keeping_up.kept_listing import PATH, KeptListing, Mirror
from tests.support.servers import Answer, Asked
from tests.support.tables import Row, Warehouse

PROBING: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
    "late_rows": "probe",
}
RECORD = "test_data._headrace_failed_requests"
TROUBLE = Answer({"message": "Cannot read properties of undefined"}, 500)
BROKEN = Answer(raw=b'{"id": 5, "stat', headers={"Content-Type": "application/json"})


def row(number: int, status: str = "success") -> Row:
    return {"id": number, "status": status}


class FailingListing(KeptListing):
    """A listing where the paths of some rows fail.

    Attributes:
        failing: what is answered there, by the id of the row; of all rows where it is callable.
    """

    def __init__(self) -> None:
        super().__init__(page=10)
        self.failing: dict[int, Answer] = {}
        self._healthy: Callable[[Asked], Answer] = self.handler
        self.handler = self._answer_or_fail

    def _answer_or_fail(self, asked: Asked) -> Answer:
        key = asked.path.removeprefix(f"{PATH}/")
        fault = self.failing.get(int(key)) if key.isdecimal() else None
        return fault or self._healthy(asked)

    def singles(self) -> list[int]:
        """The rows that were asked for alone since the last call."""
        found = sorted(map(int, self.rows_asked))
        self.forget_requests()
        return found


@pytest.fixture
def api() -> Iterator[FailingListing]:
    with FailingListing() as running:
        running.put(*(row(number) for number in range(1, 101)))
        yield running


@pytest.fixture
def mirror(api: FailingListing, warehouse: Warehouse) -> Mirror:
    config = api.config(**PROBING)
    config["client"]["retry"] = {"max_attempts": 2, "backoff_factor": 0.001}
    return Mirror(api, warehouse, config)


def recorded(warehouse: Warehouse) -> list[tuple[str, int | None, int]]:
    return warehouse.query(f"SELECT key, status, tries FROM {RECORD} ORDER BY length(key), key")


@pytest.mark.parametrize("fault", [TROUBLE, Answer({}, 403), BROKEN])
def test_a_gap_in_the_keys(
    fault: Answer, api: FailingListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    # 51 is hidden, and its path fails.
    api.put(row(51, "running"))
    api.hidden.add(51)
    api.failing = {51: fault}
    # A row that can be had: the path is right.
    api.put(row(60, "running"))
    api.hidden.add(60)

    ran = mirror.headrace_run()

    assert ran.exit_code == 4
    assert "1 request beside the listings failed" in ran.stderr
    assert "executions 51: " in ran.stdout
    assert [each["id"] for each in mirror.rows()] == [*range(1, 51), *range(52, 101)]
    assert recorded(warehouse) == [("51", fault.status, 1)]
    assert "51 since" in mirror.headrace_of("status").stdout

    assert mirror.headrace_run().exit_code == 4
    assert recorded(warehouse) == [("51", fault.status, 2)]
    api.failing.clear()
    assert mirror.headrace_run().exit_code == 0
    assert recorded(warehouse) == []
    assert not mirror.faults()


def test_with_one_gap_alone(api: FailingListing, mirror: Mirror, warehouse: Warehouse) -> None:
    """Where no row was ever found by its path, a server in trouble does not make it a wrong one."""
    del api.rows[51]
    api.failing = {51: TROUBLE}
    assert mirror.headrace_run().exit_code == 4
    assert len(mirror.rows()) == 99
    # The answer is that there is no such row.
    api.failing.clear()
    assert mirror.headrace_run().exit_code == 0
    assert recorded(warehouse) == []


def test_an_open_row_is_read_from_the_listing(api: FailingListing, mirror: Mirror) -> None:
    api.change(5, status="running")
    assert not mirror.sync().failed_requests
    api.failing = {5: TROUBLE}
    api.change(5, status="success")
    api.put(*(row(number) for number in range(101, 104)))
    assert not mirror.sync().failed_requests
    assert not mirror.faults()
    # It is settled.
    api.forget_requests()
    mirror.sync()
    assert len(api.asked) == 1


def test_an_open_row_that_the_listing_hides(
    api: FailingListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    api.change(5, status="running")
    mirror.sync()
    api.hidden.add(5)
    api.failing = {5: Answer({"message": "forbidden"}, 403)}
    (failed,) = mirror.sync().failed_requests
    assert (failed.key, failed.status) == ("5", 403)
    assert "GET" in failed.request
    assert "executions/5" in failed.request
    api.failing.clear()
    api.change(5, status="success")
    assert not mirror.sync().failed_requests
    assert not mirror.faults()
    assert "_headrace_gone" not in warehouse.tables("test_data")


def test_an_open_row_far_down_is_left_open(api: FailingListing, mirror: Mirror) -> None:
    api.put(*(row(number) for number in range(101, 1_001)))
    api.change(5, status="running")
    mirror.sync()
    api.failing = {5: TROUBLE}
    api.change(5, status="success")
    api.forget_requests()
    for _ in range(2):
        assert [each.key for each in mirror.sync().failed_requests] == ["5"]
    # The listing is not read down to it.
    assert len(api.pages_asked) < 10
    api.failing.clear()
    assert not mirror.sync().failed_requests
    assert not mirror.faults()


def test_a_row_that_another_one_names(api: FailingListing, mirror: Mirror) -> None:
    incremental = mirror.config["resources"][0]["endpoint"]["incremental"]
    incremental["touches"] = ["retry_of"]
    for number in api.rows:
        api.change(number, retry_of=None, retried_by=None)
    api.put(*({**row(n), "retry_of": None, "retried_by": None} for n in range(101, 401)))
    mirror.sync()
    api.put({**row(401), "retry_of": 50, "retried_by": None})
    api.change(50, retried_by=401)
    api.failing = {50: TROUBLE}
    assert [each.key for each in mirror.sync().failed_requests] == ["50"]
    api.failing.clear()
    assert not mirror.sync().failed_requests
    assert not mirror.faults()


def test_when_every_path_fails(api: FailingListing, mirror: Mirror, warehouse: Warehouse) -> None:
    for number in range(2, 100, 3):
        del api.rows[number]
    api.row_answer = TROUBLE
    mirror.config["client"]["concurrency"] = 1

    report = mirror.sync()

    assert len(mirror.rows()) == 67
    # Three rows, and the first two of them twice.
    asked = api.singles()
    assert len(set(asked)) == 3
    assert len(asked) <= 6
    tries = [each.tries for each in report.failed_requests]
    assert sorted(tries, reverse=True) == [1, 1, 1, *[0] * 30]
    unasked = [each.reason for each in report.failed_requests if not each.tries]
    assert all("not asked, after others failed" in reason for reason in unasked)

    # Those that were not asked come first in the next sync, each once.
    mirror.sync()
    again = api.singles()
    assert not set(again) & set(asked)
    assert len(set(again)) == 3
    api.row_answer = None
    assert not mirror.sync().failed_requests
    assert recorded(warehouse) == []


def test_a_path_that_cannot_be_checked(
    api: FailingListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    """An open row is not there, and whether the path is right cannot be seen."""
    api.change(5, status="running")
    mirror.sync()
    api.put(*(row(number) for number in range(101, 110)))
    api.failing = dict.fromkeys(range(1, 200), TROUBLE) | {5: Answer({"message": "?"}, 404)}
    for _ in range(3):
        assert [each.key for each in mirror.sync().failed_requests] == ["5"]
    assert len(mirror.rows()) == 109
    assert "_headrace_gone" not in warehouse.tables("test_data")
    api.failing.clear()
    api.change(5, status="success")
    assert not mirror.sync().failed_requests
    assert not mirror.faults()


def test_a_status_that_the_config_may_be_to_blame_for(api: FailingListing, mirror: Mirror) -> None:
    """It is not where a listed row is found by the same path."""
    del api.rows[51]
    wrong = Answer({"message": "no such route"}, 405)
    api.failing = dict.fromkeys(range(1, 200), wrong)
    with pytest.raises(ResponseStatusError, match="405"):
        mirror.sync()
    api.failing = {51: wrong}
    (failed,) = mirror.sync().failed_requests
    assert (failed.key, failed.status) == ("51", 405)
    assert len(mirror.rows()) == 99


def test_a_key_that_may_list_only(api: FailingListing, mirror: Mirror) -> None:
    api.put(row(5, "running"))
    mirror.sync()
    api.failing = {5: Answer({}, 401)}
    with pytest.raises(ResponseStatusError, match="401"):
        mirror.sync()


def test_strict(api: FailingListing, mirror: Mirror) -> None:
    api.put(row(5, "running"))
    mirror.sync()
    api.failing = {5: TROUBLE}
    mirror.config["pipeline"]["strict"] = True
    with pytest.raises(HeadraceError, match="executions/5"):
        mirror.sync()


def test_a_plain_run_of_dlt(
    api: FailingListing, mirror: Mirror, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    del api.rows[51]
    api.failing = {51: TROUBLE}
    mirror.run()
    assert len(mirror.rows()) == 99
    assert recorded(warehouse) == [("51", 500, 1)]
    assert "resource `executions`: a request failed and is on record" in caplog.text
    api.failing.clear()
    mirror.run()
    assert recorded(warehouse) == []


def test_over_several_legs(api: FailingListing, mirror: Mirror, warehouse: Warehouse) -> None:
    api.put(*(row(number) for number in range(101, 301)))
    for number in (290, 150):
        del api.rows[number]
        api.failing[number] = TROUBLE
    legs = LegSettings(most_bytes=2_000, least_seconds=3_600)
    report = mirror.sync(legs=legs)
    assert sorted(each.key for each in report.failed_requests) == ["150", "290"]
    assert {each.tries for each in report.failed_requests} == {1}
    assert mirror.counted("_dlt_loads") > 3
    assert recorded(warehouse) == [("150", 500, 1), ("290", 500, 1)]
    assert not mirror.faults()
