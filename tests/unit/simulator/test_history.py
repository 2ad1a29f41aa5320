"""What the executions are: the same for a seed, however they are asked for, and consistent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.simulator import Simulator
from headrace.simulator.archive import BLOCK_ROWS
from headrace.simulator.history import History
from headrace.simulator.rhythm import HISTORY_END

from .asking import all_rows

STATUSES = (None, "success", "error", "canceled", "crashed")
WORKFLOW_IDS = (None, "hZHI423uQMRxfq7w", "Tg9sDn6MyI8jPw4X")


@pytest.fixture(scope="module")
def rows(simulator: Simulator) -> list[dict[str, Any]]:
    return all_rows(simulator, "/executions", limit=250)


def test_http_shows_the_truth(simulator: Simulator, rows: list[dict[str, Any]]) -> None:
    assert rows == list(simulator.truth())


def test_a_seed_gives_the_same_rows_again(rows: list[dict[str, Any]]) -> None:
    assert list(Simulator(rows=20_000, seed=1).truth()) == rows


@pytest.mark.parametrize("seed", [0, 2, -1, 2**70])
def test_another_seed_gives_other_rows(rows: list[dict[str, Any]], seed: int) -> None:
    others = list(Simulator(rows=20_000, seed=seed).truth())

    same = sum(mine == other for mine, other in zip(rows, others, strict=True))
    assert same < len(rows) / 100


@settings(max_examples=25, deadline=None)
@given(
    limit=st.integers(100, 250),
    status=st.sampled_from(STATUSES),
    workflow_id=st.sampled_from(WORKFLOW_IDS),
)
def test_rows_do_not_depend_on_page_size_or_filter(
    simulator: Simulator,
    rows: list[dict[str, Any]],
    limit: int,
    status: str | None,
    workflow_id: str | None,
) -> None:
    filters = {"status": status, "workflowId": workflow_id}
    query = {name: value for name, value in filters.items() if value is not None}

    listed = all_rows(simulator, "/executions", limit=limit, **query)

    assert listed == [
        row for row in rows if all(row[name] == value for name, value in query.items())
    ]


@given(first=st.integers(1, 20_000), count=st.integers(1, 600))
def test_rows_do_not_depend_on_the_block_they_are_computed_in(
    rows: list[dict[str, Any]], first: int, count: int
) -> None:
    last = min(20_000, first + count - 1)
    executions = History(20_000, 1).executions(first, last)

    computed = [executions.listed(each, string_ids=False) for each in range(first, last + 1)]

    assert computed == rows[20_000 - last : 20_000 - first + 1][::-1]


@pytest.mark.parametrize("count", [1, 2, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1])
def test_histories_of_any_length_are_whole(count: int) -> None:
    with Simulator(rows=count) as simulator:
        listed = all_rows(simulator, "/executions", limit=250)

        assert [row["id"] for row in listed] == list(range(count, 0, -1))
        assert listed == list(simulator.truth())


def test_retries_are_consistent_in_both_directions(rows: list[dict[str, Any]]) -> None:
    by_id = {row["id"]: row for row in rows}
    retries = [row for row in rows if row["retryOf"] is not None]
    retried = [row for row in rows if row["retrySuccessId"] is not None]

    assert len(retries) > 100
    assert 50 < len(retried) < len(retries)
    assert len({row["retryOf"] for row in retries}) == len(retries)
    for row in rows:
        assert (row["mode"] == "retry") == (row["retryOf"] is not None)
    for row in retries:
        old = by_id[int(row["retryOf"])]
        assert old["id"] < row["id"]
        assert old["status"] == "error"
        assert old["stoppedAt"] <= row["startedAt"]
        assert old["workflowId"] == row["workflowId"]
        assert old["retrySuccessId"] == (row["id"] if row["status"] == "success" else None)
    for row in retried:
        assert by_id[row["retrySuccessId"]]["retryOf"] == str(row["id"])


@settings(max_examples=50, deadline=None)
@given(count=st.integers(1, 1_000), seed=st.integers())
def test_relations_never_leave_the_history(count: int, seed: int) -> None:
    executions = History(count, seed).executions(1, count)

    for new, old in executions.retry_of.items():
        assert 1 <= old < new <= count
    for old, new in executions.retry_success.items():
        assert executions.retry_of[new] == old


def test_status_finished_and_times_agree(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert row["finished"] == (row["status"] == "success")
        assert row["startedAt"] <= row["stoppedAt"]
        assert row["waitTill"] is None
        for name in ("startedAt", "stoppedAt"):
            moment = datetime.fromisoformat(row[name])
            assert moment.isoformat(timespec="milliseconds") == row[name].replace("Z", "+00:00")
            assert moment <= HISTORY_END


def test_starts_grow_over_thirty_days_with_a_daily_rhythm(rows: list[dict[str, Any]]) -> None:
    starts = [row["startedAt"] for row in reversed(rows)]

    assert starts == sorted(starts)
    assert starts[0].startswith("2026-10-24T00")
    assert starts[-1].startswith("2026-11-22T23")
    assert len({start[:10] for start in starts}) == 30
    hours = Counter(start[11:13] for start in starts)
    assert hours["14"] > 5 * hours["03"]


def test_the_mixture_is_that_of_a_busy_server(rows: list[dict[str, Any]]) -> None:
    statuses = Counter(row["status"] for row in rows)
    modes = Counter(row["mode"] for row in rows)
    workflows = Counter(row["workflowId"] for row in rows)

    assert set(statuses) == {"success", "error", "canceled", "crashed"}
    assert 0.01 < statuses["error"] / len(rows) < 0.10
    assert 0 < statuses["crashed"] < statuses["canceled"] < statuses["error"]
    assert set(modes) == {"webhook", "trigger", "integrated", "manual", "retry"}
    assert len(workflows) == 12
    assert max(workflows.values()) > 10 * min(workflows.values())


def test_a_negative_number_of_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="rows must be 0 or more, not -1"):
        Simulator(rows=-1)
