"""Bounding the first sync, starting over, and giving up a load that cannot be done."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.servers import Answer
from tests.support.tables import Row, Warehouse

FOLLOWING: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
    "late_rows": "probe",
    "time_path": "started_at",
}


def row(number: int, status: str = "success") -> Row:
    """A row of each minute from midnight on."""
    started = f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z"
    return {"id": number, "status": status, "started_at": started}


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        running.put(*(row(number) for number in range(1, 501)))
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    config = api.config(**FOLLOWING)
    config["resources"][0]["columns"] = {"started_at": {"data_type": "text"}}
    return Mirror(api, warehouse, config)


def test_full_refresh_starts_over(api: KeptListing, mirror: Mirror) -> None:
    assert mirror.headrace_run().exit_code == 0
    # Changed behind the mirror's back, and gone.
    api.change(7, status="success", note="new")
    del api.rows[8]
    api.forget_requests()

    assert mirror.headrace_run("--full-refresh").exit_code == 0

    assert len(api.pages_asked) == 10
    assert {each["id"] for each in mirror.rows()} == set(api.rows)
    assert mirror.rows()[6]["note"] == "new"


def test_a_full_refresh_that_fails_leaves_all_as_it_was(api: KeptListing, mirror: Mirror) -> None:
    assert mirror.headrace_run().exit_code == 0
    api.at_request(3, lambda: Answer({"message": "not now"}, 403))

    assert mirror.headrace_run("--full-refresh").exit_code == 1

    assert not mirror.faults()
    api.forget_requests()
    api.put(row(501))
    assert mirror.headrace_run().exit_code == 0
    assert len(api.asked) == 1
    assert not mirror.faults()


def test_rows_that_have_not_begun_do_not_hide_the_bound(api: KeptListing, mirror: Mirror) -> None:
    for waiting in (370, 381, 499, 500):
        api.change(waiting, started_at=None)
    assert mirror.headrace_run("--backfill-until", str(row(381)["started_at"])).exit_code == 0
    assert [each["id"] for each in mirror.rows()] == list(range(381, 501))


@pytest.mark.parametrize("bound", ["381", row(381)["started_at"]])
def test_the_first_sync_can_be_bounded(bound: str, api: KeptListing, mirror: Mirror) -> None:
    ran = mirror.headrace_run("--backfill-until", bound)

    assert ran.exit_code == 0
    assert [each["id"] for each in mirror.rows()] == list(range(381, 501))
    # Later syncs need not be told again, and do not go below it.
    api.forget_requests()
    api.put(row(501))
    assert mirror.headrace_run().exit_code == 0
    assert [each["id"] for each in mirror.rows()] == list(range(381, 502))
    assert len(api.asked) == 1


def test_a_bound_that_means_nothing(api: KeptListing, mirror: Mirror) -> None:
    ran = mirror.headrace_run("--backfill-until", "last tuesday")

    assert ran.exit_code == 2
    assert "the first sync cannot be bounded by `last tuesday`" in ran.stderr
    assert "give a whole number, or an ISO time together with `time_path`" in ran.stderr
    assert mirror.headrace_run().exit_code == 0
    assert not mirror.faults()


def load_with_unique_times(mirror: Mirror, caplog: pytest.LogCaptureFixture) -> None:
    """Loads the table, and has it refuse a second row of one time from then on."""
    # dlt's own log says it too, with a traceback.
    caplog.set_level(logging.CRITICAL, logger="dlt")
    assert mirror.headrace_run().exit_code == 0
    with duckdb.connect(str(mirror.warehouse.file)) as connection:
        connection.execute("CREATE UNIQUE INDEX one ON test_data.executions (started_at)")


def test_a_load_that_fails_can_be_given_up(
    api: KeptListing, mirror: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    load_with_unique_times(mirror, caplog)

    api.put(row(501), {**row(502), "started_at": row(1)["started_at"]})
    failed = mirror.headrace_run()
    assert failed.exit_code == 1
    assert "failed at its step `load`" in failed.stderr
    assert 'Duplicate key "started_at: 2026-01-01T00:01:00Z"' in failed.stderr
    assert "headrace run CONFIG --drop-pending" in failed.stderr

    # Mended at its source. What was fetched before is tried once more, and then fetched again.
    api.put(row(502), row(503))
    mended = mirror.headrace_run()
    assert mended.exit_code == 0, mended.stderr
    assert "could not be loaded, so it was given up, and is fetched again" in " ".join(
        mended.output.split()
    )
    assert not mirror.faults()


def test_a_load_that_fails_can_be_dropped_at_once(
    api: KeptListing, mirror: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    load_with_unique_times(mirror, caplog)
    api.put({**row(501), "started_at": row(1)["started_at"]})
    assert mirror.headrace_run().exit_code == 1

    api.put(row(501))
    dropped = mirror.headrace_run("--drop-pending")
    assert dropped.exit_code == 0, dropped.stderr
    assert "given up" not in " ".join(dropped.output.split())
    assert not mirror.faults()
