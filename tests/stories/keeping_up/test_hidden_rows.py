"""Rows that the listing hides, where the API lists them elsewhere, and where it only seems to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace import ConfigError, LegSettings, PageError, ResponseStatusError
from headrace.config import load_config
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.servers import Answer
from tests.support.tables import Row, Warehouse

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
FOLLOWING: dict[str, Any] = {
    "settled_when": "status in ('success', 'error')",
    "refresh_path": "/executions/{id}",
    "hidden": {"params": {"status": "running"}},
    "late_rows": "probe",
    "time_path": "started",
}


def row(number: int, status: str = "success") -> Row:
    return {"id": number, "status": status, "started": (BEGAN + timedelta(minutes=number))}


def as_sent(*rows: Row) -> list[Row]:
    return [{**each, "started": each["started"].isoformat()} for each in rows]


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        running.put(*as_sent(*(row(number) for number in range(1, 201))))
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    return Mirror(api, warehouse, api.config(**FOLLOWING))


def statuses(mirror: Mirror) -> dict[int, str]:
    return {each["id"]: each["status"] for each in mirror.rows()}


def run_hidden(api: KeptListing, *numbers: int) -> None:
    api.put(*as_sent(*(row(number, "running") for number in numbers)))
    api.hidden.update(numbers)


def test_hidden_rows_come_a_page_at_a_time_wherever_they_stand(
    api: KeptListing, mirror: Mirror
) -> None:
    run_hidden(api, 3, *range(301, 421))
    api.put(*as_sent(row(1_000)))

    mirror.sync()

    assert api.hidden_asked == 3
    found = statuses(mirror)
    assert [number for number, status in found.items() if status == "running"] == [
        3,
        *range(301, 421),
    ]
    assert len(found) == 200 + 120 + 1

    # They end; each is read once more, by the cheapest way.
    for number in list(api.hidden):
        api.change(number, status="success")
    api.hidden.clear()
    api.forget_requests()
    mirror.sync()
    assert set(statuses(mirror).values()) == {"success"}
    assert len(api.asked) < 30
    mirror.sync(clock=lambda: time.time() + 700)
    api.forget_requests()
    mirror.sync(clock=lambda: time.time() + 800)
    assert (api.hidden_asked, len(api.pages_asked), api.rows_asked) == (1, 1, [])


def test_a_server_that_refuses_the_cursors_that_it_names(api: KeptListing, mirror: Mirror) -> None:
    run_hidden(api, *range(201, 321))
    api.put(*as_sent(row(321)))
    for number in range(1, 12, 2):
        api.at_request(number + 1, lambda: Answer({"message": "no"}, 400))

    report = mirror.sync()

    notes = " ".join(report.figures.resources["executions"].notes)
    assert "the server refused 6 of its own cursors" in notes
    assert len(statuses(mirror)) == 321


def test_a_server_that_takes_no_notice_is_told_of_once_and_gaps_are_asked_for(
    api: KeptListing, mirror: Mirror
) -> None:
    api.heeds_status = False
    run_hidden(api, 201)
    api.put(*as_sent(row(202)))

    ran = mirror.headrace_run()

    assert ran.exit_code == 0
    told = " ".join(ran.output.split())
    assert "the API does not list the rows that the listing hides by `incremental.hidden`" in told
    assert "Keys that the listing passes over are asked for one by one instead" in told
    assert statuses(mirror)[201] == "running"
    assert "does not list" not in mirror.headrace_run().output
    assert api.hidden_asked == 1


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_server_that_refuses(api: KeptListing, mirror: Mirror, status: int) -> None:
    api.hidden_answer = Answer({"message": "no such parameter"}, status)
    run_hidden(api, 201)
    api.put(*as_sent(row(202)))

    report = mirror.sync()

    (note,) = [each for each in report.figures.resources["executions"].notes if "hidden" in each]
    assert f"the server answers {status}" in note
    assert statuses(mirror)[201] == "running"


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_lets_no_one_in(api: KeptListing, mirror: Mirror, status: int) -> None:
    api.hidden_answer = Answer({"message": "not for you"}, status)

    with pytest.raises(ResponseStatusError, match=str(status)):
        mirror.sync()


def test_many_open_rows_are_read_a_page_at_a_time(api: KeptListing, mirror: Mirror) -> None:
    mirror.config["resources"][0]["endpoint"]["incremental"]["open"] = {
        "params": {"status": "waiting"}
    }
    parked = [*range(10, 100), 195]
    for number in parked:
        api.change(number, status="waiting")
    mirror.sync()

    for number in (20, 30):
        api.change(number, status="error")
    api.forget_requests()
    mirror.sync()

    # Two pages of those that wait; those that wait no more are asked for alone.
    assert [each.query.get("status") for each in api.asked if each.path == "/executions"] == [
        *("running", "waiting", "waiting"),
        None,
    ]
    assert sorted(api.rows_asked) == ["20", "30"]
    assert len(api.asked) == 6
    found = statuses(mirror)
    assert [number for number in parked if found[number] == "error"] == [20, 30]


def test_few_open_rows_are_not_worth_a_listing(api: KeptListing, mirror: Mirror) -> None:
    mirror.config["resources"][0]["endpoint"]["incremental"]["open"] = {
        "params": {"status": "waiting"}
    }
    api.change(10, status="waiting")
    mirror.sync()
    api.forget_requests()

    mirror.sync()

    assert len(api.asked) == 3
    assert api.rows_asked == ["10"]


@pytest.mark.parametrize("next_cursor", ["same", "other"])
def test_hidden_rows_that_never_end(api: KeptListing, mirror: Mirror, next_cursor: str) -> None:
    def endless() -> Answer:
        cursor = "same" if next_cursor == "same" else f"page {api.hidden_asked}"
        return Answer({"data": as_sent(row(150, "running")), "next": cursor})

    for number in range(1, 20):
        api.at_request(number, endless)

    with pytest.raises(PageError, match=r"followed before|goes on without a new row"):
        mirror.sync()
    assert api.hidden_asked == 2


def test_a_cursor_of_hidden_rows_that_expires(api: KeptListing, mirror: Mirror) -> None:
    run_hidden(api, *range(201, 321))

    def expire() -> None:
        api.refuse_old_cursors()

    api.at_request(2, expire)

    mirror.sync()

    assert len(statuses(mirror)) == 320


def test_a_last_page_of_hidden_rows_that_names_its_own_cursor(
    api: KeptListing, mirror: Mirror
) -> None:
    api.last_page_names_itself = True
    del api.rows[1]
    run_hidden(api, *range(301, 421))

    mirror.sync()

    assert len(statuses(mirror)) == 319


def test_a_row_that_ran_as_the_first_sync_began_comes_though_that_sync_broke_off(
    api: KeptListing, mirror: Mirror
) -> None:
    mirror.config["resources"][0]["endpoint"]["incremental"]["late_rows"] = "none"

    def begin() -> None:
        run_hidden(api, 201)
        api.put(*as_sent(*(row(number) for number in range(202, 321))))

    # After the listing of hidden rows, and before the top of the plain one.
    api.at_request(2, begin)
    api.at_request(7, lambda: Answer({"message": "who are you"}, 401))
    with pytest.raises(ResponseStatusError):
        mirror.sync(legs=LegSettings(most_bytes=10))
    found = statuses(mirror)
    assert 202 in found
    assert 201 not in found

    api.change(201, status="success")
    api.hidden.clear()
    api.put(*as_sent(*(row(number) for number in range(321, 371))))
    mirror.sync(clock=lambda: time.time() + 1_000)

    assert statuses(mirror)[201] == "success"
    assert len(statuses(mirror)) == 370


def test_rows_in_neither_listing_that_have_no_time_end_the_trust(
    api: KeptListing, mirror: Mirror
) -> None:
    now = [time.time()]
    api.put(*as_sent(row(400)))
    for _ in range(3):
        mirror.sync(clock=lambda: now[0])
        now[0] += 1_000
    # These wait in a queue, which no listing shows; of the first a sample finds out.
    for queued, newer in ((401, 402), (410, 440)):
        api.put({"id": queued, "status": "new", "started": None}, *as_sent(row(newer)))
        api.hidden.add(queued)
        mirror.sync(clock=lambda: now[0])
        now[0] += 1_000

    assert {401, 410} <= statuses(mirror).keys()


def test_a_hidden_row_that_cannot_be_loaded_fails_no_sync_and_comes_once_it_is_mended(
    api: KeptListing, mirror: Mirror
) -> None:
    mirror.config["resources"][0]["columns"] = {"cost": {"data_type": "bigint"}}
    run_hidden(api, 201)
    api.change(201, cost="much")
    api.put(*as_sent(row(202)))

    for _ in range(2):
        assert mirror.headrace_run().exit_code == 0
        assert 201 not in statuses(mirror)
        assert mirror.counted("_headrace_quarantine") == 1

    api.change(201, cost=3)
    assert mirror.headrace_run().exit_code == 0
    assert statuses(mirror)[201] == "running"
    assert mirror.counted("_headrace_quarantine") == 0


@pytest.mark.parametrize("key", [str, int, lambda number: f"01J{number:08d}"])
def test_a_row_that_wakes_up_while_the_first_listing_is_read(
    key: Callable[[int], Any], warehouse: Warehouse
) -> None:
    with KeptListing(page=250) as api:
        following = {**FOLLOWING, "late_rows": "none"}
        mirror = Mirror(api, warehouse, api.config(**following))
        old = [{**each, "id": key(each["id"])} for each in as_sent(*map(row, range(1, 3_501)))]
        api.put(*old)
        parked = key(100)
        api.change(parked, status="waiting")

        def wake() -> None:
            api.change(parked, status="running")
            api.hidden.add(parked)

        # After the listing of hidden rows, and before the page with the row.
        api.at_request(5, wake)
        mirror.sync()
        assert mirror.counted("executions") == 3_500

        api.change(parked, status="success")
        api.hidden.clear()
        mirror.sync()
        assert {each["status"] for each in mirror.rows()} == {"success"}


def test_only_what_is_wanted_of_the_hidden_rows(api: KeptListing, mirror: Mirror) -> None:
    run_hidden(api, 5, 150)

    mirror.config["resources"][0]["endpoint"]["incremental"]["initial_value"] = 101
    mirror.sync()

    found = statuses(mirror)
    assert found[150] == "running"
    assert 5 not in found
    assert min(found) == 101


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settled_when": None}, "give `settled_when` and `refresh_path` as well"),
        ({"time_path": None}, "give `time_path`, the field with the time of a row"),
        ({"hidden": {}}, "say by which `params` or `path` the API lists them"),
        ({"hidden": "running"}, "hidden"),
    ],
)
def test_keys_that_do_not_go_with_it(changes: dict[str, Any], message: str) -> None:
    with KeptListing() as api, pytest.raises(ConfigError) as failure:
        load_config(api.config(**{**FOLLOWING, **changes}))

    assert message in str(failure.value)
