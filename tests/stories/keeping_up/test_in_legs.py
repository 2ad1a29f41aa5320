"""A first sync in legs, each committed with what is known by then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import dlt
import pytest

from headrace import LegSettings, ResponseStatusError, rest_api_source, sync
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.servers import Answer
from tests.support.tables import Row, Warehouse

ROWS = 3_000
PAGE = 100
# A page has about 4,000 bytes.
TEN_PAGES = LegSettings(most_bytes=40_000, least_seconds=3_600)
FOLLOWING: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
    "late_rows": "probe",
}


def row(number: int, status: str = "success") -> Row:
    return {"id": number, "status": status}


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing(page=PAGE) as running:
        running.put(*(row(number) for number in range(1, ROWS + 1)))
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    return Mirror(api, warehouse, api.config(**FOLLOWING))


def test_a_first_sync_takes_several_legs(api: KeptListing, mirror: Mirror) -> None:
    report = mirror.sync(legs=TEN_PAGES)

    assert mirror.counted("_dlt_loads") >= 3
    # Each came with what was known by then.
    assert mirror.counted("_dlt_pipeline_state") == mirror.counted("_dlt_loads")
    total = report.figures.total
    assert (total.rows, total.loaded_rows, total.known) == (ROWS, ROWS, 0)
    assert total.requests == total.pages == ROWS // PAGE
    assert report.is_complete
    assert not mirror.faults()


def test_others_of_the_source_are_loaded_once_and_whole(api: KeptListing, mirror: Mirror) -> None:
    users = {
        "name": "users",
        "write_disposition": "replace",
        "endpoint": {"path": "/users", "paginator": "single_page"},
    }
    events = {**users, "name": "events", "write_disposition": "append"}
    mirror.config["resources"] = [users, *mirror.config["resources"], events]
    api.also_answer("/users", [{"id": 1}, {"id": 2}])

    mirror.sync(legs=TEN_PAGES)

    assert mirror.counted("_dlt_loads") >= 3
    assert mirror.counted("users") == 2
    assert mirror.counted("events") == 2
    assert len([each for each in api.asked if each.path == "/users"]) == 2
    assert not mirror.faults()


def test_two_listings_of_which_one_is_longer(api: KeptListing, mirror: Mirror) -> None:
    (listed,) = mirror.config["resources"]
    again = {**listed, "name": "executions_again"}
    short = {**listed, "name": "few"}
    short["endpoint"] = {**listed["endpoint"], "path": "/few"}
    mirror.config["resources"] = [short, listed, again]
    api.also_answer("/few", {"data": [row(2), row(1)], "next": None})

    report = mirror.sync(legs=TEN_PAGES)

    assert mirror.counted("few") == 2
    assert mirror.counted("executions_again") == ROWS
    assert report.figures.of("few").requests == 1
    assert not mirror.faults()


def test_what_is_fed_with_the_rows_gets_those_of_each_leg(api: KeptListing, mirror: Mirror) -> None:
    @dlt.transformer(name="details")
    def details(rows: list[Row]) -> Iterator[list[Row]]:
        yield [{"execution": row["id"]} for row in rows]

    source = rest_api_source(mirror.config)
    source.resources["details"] = source.resources["executions"] | details
    sync(mirror.pipeline(), source, legs=TEN_PAGES)

    assert mirror.counted("_dlt_loads") >= 3
    assert mirror.counted("details") == ROWS
    assert not mirror.faults()


def test_a_resource_that_is_there_under_a_second_name(api: KeptListing, mirror: Mirror) -> None:
    source = rest_api_source(mirror.config)
    source.resources["copy"] = source.resources["executions"].with_name("copy")
    sync(mirror.pipeline(), source, legs=TEN_PAGES)

    assert mirror.counted("copy") == ROWS
    assert not mirror.faults()


def test_a_plain_run_and_a_sync_follow_each_other(api: KeptListing, mirror: Mirror) -> None:
    mirror.run()
    assert mirror.counted("_dlt_loads") == 1
    assert not mirror.faults()

    api.put(row(ROWS + 1))
    mirror.sync()
    api.put(row(ROWS + 2))
    mirror.run()

    # Both found what the one before them had saved.
    assert len(api.asked) == ROWS // PAGE + 2
    assert not mirror.faults()


def test_a_sync_that_is_told_to_stop_goes_on_later(api: KeptListing, mirror: Mirror) -> None:
    stop = threading.Event()
    api.at_request(12, stop.set)

    stopped = mirror.sync(legs=TEN_PAGES, stop=stop)

    assert not stopped.is_complete
    loaded = mirror.counted("executions")
    assert 0 < loaded < ROWS
    assert stopped.figures.total.loaded_rows == loaded

    api.forget_requests()
    api.put(row(ROWS + 1))
    finished = mirror.sync(legs=TEN_PAGES)

    assert finished.is_complete
    # The top for the new row, then the rest from the cursor that was saved.
    assert api.pages_asked.count(None) == 1
    assert len(api.asked) == 1 + (ROWS - loaded) // PAGE
    assert not mirror.faults()


def test_a_failure_in_a_later_leg_costs_that_leg_only(api: KeptListing, mirror: Mirror) -> None:
    api.at_request(20, lambda: Answer({"message": "not now"}, 403))

    with pytest.raises(ResponseStatusError):
        mirror.sync(legs=TEN_PAGES)

    loaded = mirror.counted("executions")
    assert loaded >= 10 * PAGE
    api.forget_requests()
    mirror.sync(legs=TEN_PAGES)
    assert len(api.asked) == 1 + (ROWS - loaded) // PAGE
    assert not mirror.faults()


def test_a_cursor_that_is_refused_in_the_middle(api: KeptListing, mirror: Mirror) -> None:
    def forget_cursors() -> None:
        api.refuse_old_cursors()
        api.put(row(ROWS + 1))

    api.at_request(15, forget_cursors)

    ran = mirror.headrace_run("--set", "pipeline.leg_bytes=40000")

    assert ran.exit_code == 0
    assert (
        "Note: the server refused a cursor: the listing starts again at the top, and goes down to "
        "`1601`, where it had come to."
    ) in ran.stdout
    # What was read before is settled, and is not loaded again.
    assert f"Loaded {ROWS + 1:,} rows" in ran.stdout
    assert not mirror.faults()


def test_a_cursor_that_has_expired_since_the_last_sync(api: KeptListing, mirror: Mirror) -> None:
    stop = threading.Event()
    api.at_request(12, stop.set)
    mirror.sync(legs=TEN_PAGES, stop=stop)
    api.refuse_old_cursors()

    report = mirror.sync(legs=TEN_PAGES)

    assert "refused a cursor" in report.figures.total.notes[0]
    assert not mirror.faults()


def test_a_server_that_takes_no_cursor_at_all(api: KeptListing, mirror: Mirror) -> None:
    api.takes_cursors = False

    ran = mirror.headrace_run()

    assert ran.exit_code == 1
    assert "the server refused 6 cursors without a new row between them" in ran.stderr
    assert "Check that `paginator.cursor_param` and `paginator.cursor_path`" in ran.stderr
    assert 'says: "the cursor is not valid"' in ran.stderr
