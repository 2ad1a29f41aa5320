"""The view of what failed in executions, compared with plain Python, on DuckDB and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace import CreatedViews, create_views
from headrace.destination.sql import DatasetConnection, connect_to_dataset
from tests.unit.destination.views.expected import FAILED, outcome_of
from tests.unit.destination.views.stored import (
    COLUMNS,
    NODE_COLUMNS,
    Stores,
    add_node_runs,
    executions,
    insert,
    write_node_runs,
)
from tests.unit.destination.views.test_views import A_FEW, EXAMPLES, EXECUTIONS, VIEWS

FAILURES = "test_data.executions_failures"
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
TEXTS = st.sampled_from(("", "Order 1 not found", "é\n'\"%s", "x" * 3_000))
NODE_RUN = st.fixed_dictionaries(
    {
        "execution_id": st.integers(1, 13),
        "workflow_id": st.just("not asked"),
        "node": st.sampled_from(("HTTP Request", "Set", 'a "b" %s')),
        "run": st.integers(0, 2),
        "started": st.none() | st.integers(0, 999).map(lambda each: BEGIN + timedelta(hours=each)),
        "milliseconds": st.none() | st.integers(-1, 10**6) | st.just(10**18),
        "status": st.sampled_from((None, "success", "error", "crashed", "Error", "odd")),
        "error_name": st.none() | TEXTS,
        "error_message": st.none() | TEXTS,
    }
)
NODE_RUNS = st.lists(
    NODE_RUN, max_size=20, unique_by=lambda row: (row["execution_id"], row["node"], row["run"])
)


@pytest.fixture(params=["warehouse", "postgres"])
def store(request: pytest.FixtureRequest) -> Stores:
    found: Stores = request.getfixturevalue(request.param)
    return found


def failures_of(database: DatasetConnection) -> list[tuple[Any, ...]]:
    found = database.execute(
        "SELECT execution_id, workflow_id, workflow_name, node, run, error_name, message, "
        f"failed_at FROM {FAILURES}"
    )
    return sorted(found, key=lambda row: (row[0], row[3], row[4]))


def expected(
    rows: Sequence[Any], runs: Sequence[Any], names: Mapping[str, str] | None = None
) -> list[tuple[Any, ...]]:
    by_id = {row["id"]: row for row in rows}
    found = []
    for run in runs:
        row = by_id.get(run["execution_id"])
        if row is None or outcome_of(row) not in FAILED or not failing(run):
            continue
        name = (names or {}).get(row["workflowId"], row["workflowId"])
        told = (run["node"], run["run"], run.get("error_name"), run.get("error_message"))
        found.append((row["id"], row["workflowId"], name, *told, failed_at(row, run)))
    return sorted(found, key=lambda row: (row[0], row[3], row[4]))


def failing(run: Any) -> bool:
    if run.get("status") is not None:
        return run["status"].lower() in FAILED
    return run.get("error_name") is not None or run.get("error_message") is not None


def failed_at(row: Any, run: Any) -> datetime | None:
    started: datetime | None = run.get("started")
    if started is None:
        told = row["stoppedAt"] or row["startedAt"]
        return datetime.fromisoformat(told) if told else None
    took = run.get("milliseconds")
    return started + timedelta(milliseconds=took if took and 0 < took < 10**12 else 0)


def test_it_says_what_plain_python_says(store: Stores) -> None:
    pipeline = executions(store, [])
    add_node_runs(pipeline, [])
    assert create_views(pipeline) == CreatedViews((*VIEWS, FAILURES))
    with connect_to_dataset(pipeline) as database:
        database.execute("CREATE TABLE test_data.workflows (id VARCHAR, name VARCHAR)")
        database.execute("INSERT INTO test_data.workflows VALUES ('a', 'Named')")

    assert create_views(pipeline) == CreatedViews((*VIEWS, FAILURES))
    with connect_to_dataset(pipeline) as database:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(rows=EXECUTIONS, runs=NODE_RUNS)
        def compare(rows: list[dict[str, Any]], runs: list[dict[str, Any]]) -> None:
            for table in ("executions", "node_runs"):
                database.execute(f"DELETE FROM test_data.{table}")
            insert(database, rows, COLUMNS)
            insert(database, runs, NODE_COLUMNS, "node_runs")
            assert failures_of(database) == expected(rows, runs, {"a": "Named"})

        compare()


FAILED_RUNS: list[dict[str, Any]] = [
    {"execution_id": 1, "node": "Set", "run": 0, "status": "success"},
    {"execution_id": 1, "node": "Ask", "run": 0, "status": "error", "started": BEGIN,
     "milliseconds": 1500, "error_name": "NodeApiError", "error_message": "404"},
    {"execution_id": 2, "node": "Ask", "run": 0, "status": "error"},
]  # fmt: skip


@pytest.mark.parametrize(
    "missing",
    [("error_name",), ("error_name", "error_message"), ("started",), ("milliseconds", "status"),
     ("run", "node", "status", "workflow_id")],
    ids=" and ".join,
)  # fmt: skip
def test_a_missing_column_counts_as_null(store: Stores, missing: tuple[str, ...]) -> None:
    columns = {name: kind for name, kind in NODE_COLUMNS.items() if name not in missing}
    pipeline = executions(store, A_FEW)
    add_node_runs(pipeline, FAILED_RUNS, columns)

    assert create_views(pipeline).notes == ()
    kept = [{n: r.get(n) if n in columns else None for n in NODE_COLUMNS} for r in FAILED_RUNS]
    with connect_to_dataset(pipeline) as database:
        assert failures_of(database) == expected(A_FEW, kept)


def test_it_comes_and_goes_with_the_table(store: Stores) -> None:
    pipeline = executions(store, A_FEW)
    assert create_views(pipeline) == CreatedViews(VIEWS)
    add_node_runs(pipeline, FAILED_RUNS)
    assert create_views(pipeline) == CreatedViews((*VIEWS, FAILURES))
    assert create_views(pipeline, node_runs=None) == CreatedViews(VIEWS)
    assert list(views(store)) == sorted(name.rpartition(".")[2] for name in VIEWS)


def views(store: Stores) -> Iterator[str]:
    found = store.query(
        "SELECT table_name FROM information_schema.tables WHERE table_type = 'VIEW' "
        "AND table_schema = 'test_data' ORDER BY 1"
    )
    return (name for (name,) in found)


@pytest.mark.parametrize("kind", ["VIEW", "TABLE"])
def test_what_somebody_else_made_is_left_alone(store: Stores, kind: str) -> None:
    pipeline = executions(store, A_FEW)
    add_node_runs(pipeline, FAILED_RUNS)
    with connect_to_dataset(pipeline) as database:
        database.execute(f"CREATE {kind} {FAILURES} AS SELECT 1 AS mine")
    made = create_views(pipeline)

    assert made.names == VIEWS
    assert made.notes == (f"`{FAILURES}` is a {kind.lower()} of somebody else, and was left alone",)
    assert store.query(f"SELECT mine FROM {FAILURES}") == [(1,)]


def test_a_table_of_something_else_makes_no_view(store: Stores) -> None:
    pipeline = executions(store, A_FEW)
    add_node_runs(pipeline, [], {"id": "BIGINT", "node": "VARCHAR"})
    made = create_views(pipeline)

    assert made.names == VIEWS
    (note,) = made.notes
    assert note.startswith("no view `executions_failures` was made: ")
    assert note.endswith("there is no column for `execution_id`")


def test_a_changed_table_gets_a_new_view(store: Stores) -> None:
    pipeline = executions(store, A_FEW)
    add_node_runs(pipeline, FAILED_RUNS, {k: v for k, v in NODE_COLUMNS.items() if k != "run"})
    create_views(pipeline)
    with connect_to_dataset(pipeline) as database:
        write_node_runs(database, FAILED_RUNS, {**NODE_COLUMNS, "execution_id": "VARCHAR"})
    assert create_views(pipeline) == CreatedViews((*VIEWS, FAILURES))
    with connect_to_dataset(pipeline) as database:
        assert failures_of(database) == expected(A_FEW, FAILED_RUNS)
