"""`headrace status`: how the syncs are doing, by what they left in the destination."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace import LegSettings, ResponseStatusError, Status, rest_api_source, status, sync
from headrace.cli.status_summary import print_status
from headrace.reports.status.results import ResourceStatus
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.command_line import Ran, headrace
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE = 50
ROWS = 400
TWO_PAGES = LegSettings(most_bytes=7_000, least_seconds=3_600)


def row(number: int, status: str = "success", **age: float) -> dict[str, Any]:
    at = NOW - timedelta(**(age or {"days": 30}))
    return {"id": number, "status": status, "startedAt": at.isoformat()}


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing(page=PAGE) as running:
        running.put(*(row(number) for number in range(1, ROWS + 1)))
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    return Mirror(api, warehouse, config_of(api))


def config_of(api: KeptListing) -> dict[str, Any]:
    config = api.config(
        settled_when="status == 'success'",
        refresh_path="/executions/{id}",
        late_rows="probe",
        time_path="startedAt",
    )
    config["resources"][0]["columns"] = {"startedAt": {"data_type": "timestamp"}}
    return config


def at(**later: float) -> Any:
    """A clock that stands still."""
    return lambda: (NOW + timedelta(**later)).timestamp()


def look(mirror: Mirror, **later: float) -> ResourceStatus:
    (found,) = status(mirror.pipeline(), mirror.config, clock=at(**later)).resources
    return found


def headrace_status(mirror: Mirror, *arguments: str) -> Ran:
    return headrace("status", *mirror.command(*arguments)[1:])


def test_never_run_yet(mirror: Mirror, api: KeptListing) -> None:
    ran = headrace_status(mirror)

    assert ran.returncode == 0
    assert ran.stdout.startswith("Never run yet: there is nothing of `test` in test_data")
    assert not mirror.warehouse.file.exists()
    too_old = headrace_status(mirror, "--max-age", "15m")
    assert too_old.returncode == 3
    assert "Too old: `executions` never was loaded to its end; --max-age is 15m." in too_old.stderr
    assert not api.asked


def test_rows_without_a_history(mirror: Mirror, api: KeptListing) -> None:
    mirror.sync(run_history=False)

    too_old = headrace_status(mirror, "--max-age", "15m")

    assert too_old.returncode == 3
    assert "`executions` has rows, but no run in the history" in too_old.stderr


def test_a_run_with_a_limit_is_not_complete(mirror: Mirror, api: KeptListing) -> None:
    assert headrace(*mirror.command("--limit-rows", "5")).returncode == 0
    too_old = headrace_status(mirror, "--max-age", "15m")
    assert headrace(*mirror.command("--limit-rows", str(ROWS + 1))).returncode == 0
    fresh = headrace_status(mirror, "--max-age", "15m")

    assert too_old.returncode == 3
    assert "`executions` never was loaded to its end" in too_old.stderr
    assert fresh.returncode == 0


def test_an_up_to_date_table(mirror: Mirror, api: KeptListing) -> None:
    api.put(row(ROWS + 1, minutes=4))
    mirror.sync(clock=at())
    api.forget_requests()
    found = look(mirror, minutes=1)

    assert found.newest == NOW - timedelta(minutes=4)
    assert found.age == 60
    assert found.rows == {"executions": ROWS + 1}
    assert [run.outcome for run in found.runs] == ["complete"]
    assert found.last_complete == found.runs[0]
    assert (found.next.lists_all, found.next.newer_than) == (False, str(ROWS + 1))
    assert found.holes == ()
    assert not api.asked


def test_a_row_that_is_dated_in_the_future_hides_no_standstill(
    mirror: Mirror, api: KeptListing
) -> None:
    api.put(row(ROWS + 1, minutes=4), row(ROWS + 2, days=-900))
    mirror.sync(clock=at())
    found = look(mirror, hours=2)

    assert found.newest == NOW - timedelta(minutes=4)
    assert found.ahead == NOW + timedelta(days=900)
    assert found.age == 7_200
    ran = headrace_status(mirror)
    assert (
        f"  dated in the future, and not counted: rows up to {found.ahead:%Y-%m-%d}" in ran.stdout
    )


def test_a_run_that_is_dated_in_the_future_hides_no_standstill(mirror: Mirror) -> None:
    mirror.sync(clock=at())
    for _ in range(6):
        mirror.sync(clock=at(days=900))
    found = look(mirror, hours=2)

    assert found.age == 7_200
    assert found.last_complete is not None
    assert found.last_complete.started_at == NOW
    assert headrace_status(mirror, "--max-age", "15m").returncode == 3


def test_what_it_says(mirror: Mirror, api: KeptListing) -> None:
    api.put(row(ROWS + 1, "running", minutes=4), row(ROWS + 2, "waiting", hours=5))
    mirror.sync()
    ran = headrace_status(mirror, "--max-age", "15m")

    assert ran.returncode == 0
    assert "executions: newest row " in ran.stdout
    assert ", last complete run " in ran.stdout
    assert f"  rows: {ROWS + 2:,} in executions\n" in ran.stdout
    assert "  open rows, which can still change: 2 (" in ran.stdout
    assert f"  next: rows newer than {ROWS + 2}, 2 open\n" in ran.stdout
    assert " complete " in ran.stdout
    # In a span that is over in any case.
    old = headrace_status(mirror, "--max-age", "0.000001s")
    assert old.returncode == 3
    assert "--max-age is 0.000001s" in old.stderr


def test_for_machines(mirror: Mirror) -> None:
    mirror.sync()
    told = json.loads(headrace_status(mirror, "--json").stdout)

    (resource,) = told["resources"]
    assert resource["name"] == "executions"
    assert resource["runs"][0]["outcome"] == "complete"
    assert resource["rows"] == {"executions": ROWS}
    assert datetime.fromisoformat(told["at"]).tzinfo is not None


def test_open_rows_by_age(mirror: Mirror, api: KeptListing) -> None:
    ages = [{"minutes": 5}, {"minutes": 50}, {"hours": 3}, {"days": 3}, {"days": 20}]
    api.put(*(row(ROWS + n, "running", **age) for n, age in enumerate(ages, 1)))
    mirror.sync(clock=at())
    found = look(mirror)

    assert found.open.count == 5
    assert found.open.by_age == {
        "under an hour": 2,
        "under a day": 1,
        "under a week": 1,
        "a week or more": 1,
    }
    assert found.next.open_rows == 5


def test_a_sync_that_stopped_half_way(mirror: Mirror, api: KeptListing) -> None:
    stop = threading.Event()
    api.at_request(5, stop.set)
    mirror.sync(legs=TWO_PAGES, stop=stop, clock=at())
    found = look(mirror, minutes=1)

    assert [run.outcome for run in found.runs] == ["stopped"]
    assert found.age is None
    (hole,) = found.holes
    assert int(hole.above) == ROWS - mirror.counted("executions") + 1
    assert hole.below is None
    assert f"not listed yet: from below {hole.above} to the end" in headrace_status(mirror).stdout


def test_a_sync_that_failed(mirror: Mirror, api: KeptListing) -> None:
    mirror.sync(clock=at())
    api.at_request(1, lambda: Answer({"message": "not now"}, 403))
    with pytest.raises(ResponseStatusError):
        mirror.sync(clock=at(hours=1))
    found = look(mirror, hours=2)

    assert [run.outcome for run in found.runs] == ["failed", "complete"]
    assert 'says: "not now"' in str(found.runs[0].error)
    assert found.age == 2 * 3_600
    assert 'says: "not now"' in headrace_status(mirror).stdout


def test_a_first_sync_that_failed(mirror: Mirror, api: KeptListing) -> None:
    api.at_request(1, lambda: Answer({"message": "not now"}, 403))
    with pytest.raises(ResponseStatusError):
        mirror.sync()
    ran = headrace_status(mirror)

    assert "executions: no run has come to its end yet" in ran.stdout
    assert "  next: the whole listing" in ran.stdout
    assert headrace_status(mirror, "--max-age", "1d").returncode == 3


def test_the_last_complete_run_is_found_behind_many_others(
    mirror: Mirror, api: KeptListing
) -> None:
    mirror.sync(clock=at())
    for hour in (1, 2):
        api.at_request(1, lambda: Answer({"message": "not now"}, 403))
        with pytest.raises(ResponseStatusError):
            mirror.sync(clock=at(hours=hour))
    found = status(mirror.pipeline(), mirror.config, runs=2, clock=at(hours=3)).resources[0]

    assert [run.outcome for run in found.runs] == ["failed", "failed"]
    assert found.last_complete is not None
    assert found.age == 3 * 3_600


def test_a_machine_that_never_ran_it(mirror: Mirror, tmp_path: Path) -> None:
    mirror.sync()
    shutil.rmtree(tmp_path / "dlt")

    assert f"rows newer than {ROWS}" in headrace_status(mirror).stdout


def test_neither_the_address_of_the_api_nor_a_key_is_needed() -> None:
    # The connector has both from the environment, where they are not.
    ran = headrace("status", "executions")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Never run yet")


def test_nothing_is_changed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.sync()
    before = contents(tmp_path / "dlt"), tables(mirror.warehouse)
    headrace_status(mirror)

    assert (contents(tmp_path / "dlt"), tables(mirror.warehouse)) == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tables(warehouse: Warehouse) -> list[Any]:
    return warehouse.query("SELECT schema_name, table_name, estimated_size FROM duckdb_tables()")


def test_rows_that_are_gone_and_rows_in_quarantine(mirror: Mirror, api: KeptListing) -> None:
    api.put(row(ROWS + 1, "running"), {**row(ROWS + 2), "startedAt": "never"})
    mirror.sync(clock=at())
    del api.rows[ROWS + 1]
    for hour in (1, 2):
        mirror.sync(clock=at(hours=hour))
    found = look(mirror, hours=2)

    assert found.gone == 1
    assert found.quarantine.count == 1
    assert list(found.quarantine.reasons) == ["`startedAt` should be timestamp"]
    assert found.quarantine.examples[0].row.startswith(f'{{"id": {ROWS + 2}')
    told = headrace_status(mirror).stdout
    assert "  gone from the API, kept in the table: 1\n" in told
    assert "  in quarantine: 1\n    1 since `startedAt` should be timestamp\n" in told


def test_a_listing_that_is_not_kept_up_with_and_its_child_table(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers([{"id": 1, "tags": ["a", "b"]}])
    client = {"base_url": server.base_url, "paginator": "single_page"}
    config = {"client": client, "resources": [{"name": "items", "primary_key": "id"}]}
    sync(warehouse.pipeline(), rest_api_source(config), clock=at())
    (found,) = status(warehouse.pipeline(), config, clock=at(minutes=7)).resources

    assert found.rows == {"items": 1, "items__tags": 2}
    assert (found.newest, found.age) == (None, 420)
    assert found.next.lists_all


def test_a_listing_that_is_looked_back_on(mirror: Mirror) -> None:
    mirror.config["resources"][0]["endpoint"]["incremental"]["late_rows"] = {"lookback": 7_200}
    mirror.sync()

    assert (
        f"  next: rows newer than {ROWS}, the last 2 hours again\n"
        in headrace_status(mirror).stdout
    )


SINCE = {"start_param": "since", "cursor_path": "at", "initial_value": "2026-01-01"}


@pytest.mark.parametrize(
    ("incremental", "told"),
    [
        (SINCE, "what comes after the last value of its incremental"),
        (
            {**SINCE, "end_value": "2026-06-01"},
            "all of the range that `incremental.end_value` ends",
        ),
        (
            {"start_param": "since", "token_path": "token"},
            "what has changed since the token of the last complete run",
        ),
    ],
)
def test_what_the_next_run_of_an_incremental_asks_for(
    incremental: dict[str, Any],
    told: str,
    server: JsonServer,
    warehouse: Warehouse,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.answers({"items": [{"id": 1, "at": "2026-05-01"}], "token": "a"})
    resource = {
        "name": "items",
        "write_disposition": "append",
        "endpoint": {"data_selector": "items", "incremental": incremental},
    }
    client = {"base_url": server.base_url, "paginator": "single_page"}
    config = {"client": client, "resources": [resource]}
    sync(warehouse.pipeline(), rest_api_source(config))

    found = status(warehouse.pipeline(), config)
    assert only(found).next.lists_all is False
    print_status(found)
    assert f"  next: {told}\n" in capsys.readouterr().out


def test_in_postgresql(api: KeptListing, postgres: PostgresDatabase) -> None:
    config, pipeline = config_of(api), postgres.pipeline()
    assert not status(pipeline, config).has_run
    api.at_request(1, lambda: Answer({"message": "not now"}, 403))
    with pytest.raises(ResponseStatusError):
        sync(pipeline, rest_api_source(config), clock=at(hours=-1))
    assert [run.outcome for run in only(status(pipeline, config)).runs] == ["failed"]

    api.put(row(ROWS + 1, "running", minutes=4), {**row(ROWS + 2), "startedAt": "never"})
    sync(pipeline, rest_api_source(config), clock=at())
    sync(pipeline, rest_api_source(config), clock=at(minutes=5))
    found = only(status(pipeline, config, clock=at(minutes=6)))

    assert [run.outcome for run in found.runs] == ["complete", "complete", "failed"]
    assert found.newest == NOW - timedelta(minutes=4)
    assert found.age == 60
    assert found.open.by_age["under an hour"] == 1
    assert found.rows == {"executions": ROWS + 1}
    assert found.quarantine.count == 1
    assert found.quarantine.examples[0].reason == '`startedAt` should be timestamp, but is "never"'


def only(found: Status) -> ResourceStatus:
    (resource,) = found.resources
    return resource


def test_a_destination_that_cannot_be_read(mirror: Mirror) -> None:
    mirror.warehouse.file.write_text("no database")
    ran = headrace_status(mirror)

    assert ran.returncode == 1
    assert "cannot be read" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_destination_without_its_settings(mirror: Mirror) -> None:
    ran = headrace_status(mirror, "--destination", "postgres")

    assert ran.returncode == 1
    assert "are missing: `database`, `password`, `username`, `host`." in ran.stderr


@pytest.mark.parametrize("wrong", [("--max-age", "soon"), ("--resource", "nope")])
def test_a_wrong_call(mirror: Mirror, wrong: tuple[str, str]) -> None:
    assert headrace_status(mirror, *wrong).returncode == 2
