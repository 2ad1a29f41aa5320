"""What goes wrong in the sample API's history where one asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.simulator import Simulator, World
from headrace.simulator.archive import Archive
from headrace.simulator.execution import timestamp_text
from headrace.simulator.history import History
from headrace.simulator.incidents import INCIDENTS, Incident
from headrace.simulator.workflows import WORKFLOWS

from .asking import all_rows, ask

ROWS = 20_000


@pytest.fixture(scope="module")
def troubled() -> Iterator[Simulator]:
    with Simulator(rows=ROWS, incidents=True) as running:
        yield running


@pytest.fixture(scope="module")
def rows(troubled: Simulator) -> list[dict[str, Any]]:
    return all_rows(troubled, "/executions", limit=250)


def befallen(rows: list[dict[str, Any]], incident: Incident) -> list[dict[str, Any]]:
    """Rows of an incident, without the retries in it, which end as retries do."""
    begin, end = timestamp_text(incident.begin_ms), timestamp_text(incident.end_ms)
    workflow = WORKFLOWS[incident.code].id
    return [
        row
        for row in rows
        if row["workflowId"] == workflow
        and row["mode"] != "retry"
        and begin <= row["startedAt"] < end
    ]


def test_http_shows_the_truth(troubled: Simulator, rows: list[dict[str, Any]]) -> None:
    assert rows == list(troubled.truth())
    assert [row["id"] for row in rows] == list(range(ROWS, 0, -1))


def test_only_the_executions_of_incidents_go_otherwise(rows: list[dict[str, Any]]) -> None:
    usual = list(Archive(History(ROWS, 1)).truth())
    others = [row for row, as_ever in zip(rows, usual, strict=True) if row != as_ever]
    hit = [row["id"] for incident in INCIDENTS for row in befallen(rows, incident)]
    # Another row that fails may take another one for its retry.
    related = {
        each
        for row in (*rows, *usual)
        if row["retryOf"]
        for each in (row["id"], int(row["retryOf"]))
    }

    assert {row["id"] for row in others} - related <= set(hit)
    assert len(others) < ROWS / 20


def test_a_bad_deploy_fails(rows: list[dict[str, Any]]) -> None:
    incident = next(each for each in INCIDENTS if each.workflow == "Sync CRM contacts")
    found = befallen(rows, incident)

    failed = sum(row["status"] == "error" for row in found)
    assert len(found) > 50
    assert abs(failed / len(found) - (incident.error_rate or 0)) < 0.15


def test_a_slow_dependency_slows_down(rows: list[dict[str, Any]]) -> None:
    incident = next(each for each in INCIDENTS if each.slower > 1)
    seconds = [seconds_of(row) for row in befallen(rows, incident)]

    assert median(seconds) > 2 * WORKFLOWS[incident.code].typical_ms / 1_000


def seconds_of(row: dict[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(row[name]) for name in ("startedAt", "stoppedAt"))
    return (ended - begun).total_seconds()


def test_the_stuck_wait_and_can_be_asked_for(
    troubled: Simulator, rows: list[dict[str, Any]]
) -> None:
    waiting = [row for row in rows if row["status"] == "waiting"]

    assert len(waiting) > 10
    assert {row["workflowId"] for row in waiting} == {
        WORKFLOWS[each.code].id for each in INCIDENTS if each.share_stuck
    }
    assert all(row["waitTill"] > row["stoppedAt"] and not row["finished"] for row in waiting)
    assert all_rows(troubled, "/executions", limit=250, status="waiting") == waiting
    single = ask(troubled, f"/executions/{waiting[0]['id']}").body
    assert single["waitTill"] == waiting[0]["waitTill"]


@settings(max_examples=50, deadline=None)
@given(first=st.integers(1, ROWS), count=st.integers(1, 600))
def test_rows_do_not_depend_on_the_block_they_are_computed_in(
    rows: list[dict[str, Any]], first: int, count: int
) -> None:
    last = min(ROWS, first + count - 1)
    executions = History(ROWS, 1, incidents=True).executions(first, last)

    computed = [executions.listed(each, string_ids=False) for each in range(first, last + 1)]

    assert computed == rows[ROWS - last : ROWS - first + 1][::-1]


def test_a_world_has_none() -> None:
    with pytest.raises(ValueError, match="incidents are of a history that stays"):
        Simulator(incidents=True, world=World(rows=0))
