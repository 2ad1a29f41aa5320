"""Rows that were hidden, unfinished, or changed by others when they were first to be seen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from headrace import PageError
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.tables import Row, Warehouse

HISTORY = 3_000
FOLLOWING: dict[str, Any] = {
    "settled_when": "status in ('success', 'error')",
    "refresh_path": "/executions/{id}",
    "touches": ["retry_of"],
    "late_rows": "probe",
}


def row(number: int, status: str = "success", **fields: Any) -> Row:
    return {"id": number, "status": status, "retry_of": None, "retried_by": None, **fields}


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        running.put(*(row(number) for number in range(1, 201)))
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    config = api.config(**FOLLOWING)
    config["resources"][0]["columns"] = {
        "retry_of": {"data_type": "bigint"},
        "retried_by": {"data_type": "bigint"},
    }
    return Mirror(api, warehouse, config)


def test_a_row_that_is_hidden_while_it_runs(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    api.put(row(201, "running"), row(202))
    api.hidden.add(201)
    api.single_fields = {"steps": 7, "input": {"a": 1}}

    mirror.sync()
    assert mirror.rows()[200]["status"] == "running"

    api.change(201, status="success")
    api.hidden.clear()
    mirror.sync()
    assert not mirror.faults()

    # Finished rows are not asked for again.
    api.forget_requests()
    mirror.sync()
    assert len(api.asked) == 1
    assert set(mirror.rows()[0]) == {"id", "status", "retry_of", "retried_by"}


def test_a_row_that_others_change_one_step_later(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    api.put(row(201, retry_of=50))
    mirror.sync()
    # The server writes the two rows one after the other.
    api.change(50, retried_by=201)
    mirror.sync()

    assert api.rows_asked == ["50", "50"]
    assert not mirror.faults()


def test_a_row_that_its_answer_wraps(api: KeptListing, mirror: Mirror) -> None:
    api.rows_are_wrapped = True
    api.change(3, status="running")
    mirror.sync()
    api.change(3, status="success")

    with pytest.raises(PageError) as failure:
        mirror.sync()
    assert "/executions/3: the answer has no `id`, so it is not the row" in str(failure.value)
    assert "`incremental.refresh_selector` leads to the row in it" in str(failure.value)

    mirror.config["resources"][0]["endpoint"]["incremental"]["refresh_selector"] = "data"
    mirror.sync()
    assert not mirror.faults()


def test_a_row_that_is_gone(api: KeptListing, mirror: Mirror) -> None:
    api.change(3, status="running")
    mirror.sync()
    expected = mirror.rows()
    del api.rows[3]

    mirror.sync()
    assert "_headrace_gone" not in mirror.warehouse.tables("test_data")
    before = datetime.now(UTC)
    mirror.sync()

    ((resource, key, since),) = mirror.warehouse.query(
        "SELECT resource, key, since FROM test_data._headrace_gone"
    )
    assert (resource, key) == ("executions", "3")
    assert since < before
    assert mirror.rows() == expected
    # It is asked for no more.
    api.forget_requests()
    mirror.sync()
    assert api.rows_asked == []


def test_ten_new_rows_after_a_long_history(api: KeptListing, mirror: Mirror) -> None:
    api.put(*(row(number) for number in range(201, HISTORY + 1)))
    mirror.sync()
    new = range(HISTORY + 1, HISTORY + 11)
    api.put(*(row(number) for number in new))
    for running in new[2:5]:
        api.change(running, status="running")
        api.hidden.add(running)
    api.change(new[-1], retry_of=100)
    api.change(100, retried_by=new[-1])
    api.forget_requests()

    report = mirror.sync()

    assert len(api.asked) <= 10
    assert report.figures.total.requests == len(api.asked)
    assert not mirror.faults()


def test_probes_are_bounded(api: KeptListing, mirror: Mirror) -> None:
    now = time.time()
    api.put(*(row(number) for number in range(202, 900, 2)))

    first = mirror.sync(clock=lambda: now)
    # And once a row that the listing shows, to see whether the path is right.
    assert len(api.rows_asked) == 201
    (note,) = first.figures.total.notes
    assert "a sync asks for 200 of them at most" in note

    # One of those that were not asked for has come into being; the others never will.
    api.put(row(203, "running"))
    api.hidden.add(203)
    mirror.sync(clock=lambda: now + 700)
    mirror.sync(clock=lambda: now + 800)
    assert not mirror.faults()


def test_a_lookback_finds_rows_that_come_late(api: KeptListing, warehouse: Warehouse) -> None:
    def made(number: int, seconds: int) -> Row:
        at = datetime.fromtimestamp(1_750_000_000 + seconds, UTC).isoformat()
        return {"id": number, "started_at": at}

    api.rows = {number: made(number, 10 * number) for number in range(1, 2_000, 2)}
    config = api.config(late_rows={"lookback": 3_600}, time_path="started_at")
    config["resources"][0]["columns"] = {"started_at": {"data_type": "text"}}
    mirror = Mirror(api, warehouse, config)
    mirror.sync()
    api.forget_requests()

    api.put(made(1_800, 18_000), made(2_001, 20_010))
    mirror.sync()

    # 3,600 seconds are 180 rows, which are 4 pages.
    assert len(api.asked) <= 5
    assert not mirror.faults()
