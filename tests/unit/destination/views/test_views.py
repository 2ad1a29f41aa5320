"""The views over executions, compared with plain Python, on DuckDB and PostgreSQL."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace import CreatedViews, create_views
from headrace.destination.sql import DatasetConnection, connect_to_dataset
from tests.support.postgres import PostgresDatabase
from tests.unit.destination.views.expected import Daily, ExpectedOutcome, daily, expected_outcomes
from tests.unit.destination.views.stored import COLUMNS, Stores, executions, insert, write

VIEWS = ("test_data.executions_outcomes", "test_data.executions_daily")
EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "30"))


@pytest.fixture(params=["duckdb", "postgres"])
def store(request: pytest.FixtureRequest) -> Stores:
    found: Stores = request.getfixturevalue({"duckdb": "warehouse"}.get(request.param, "postgres"))
    return found


def outcomes_of(database: DatasetConnection) -> dict[int, ExpectedOutcome]:
    found = database.execute(
        "SELECT id, outcome, duration_seconds, chain_root, attempt, chain_attempts, chain_outcome, "
        "retried, saved_by_retry FROM test_data.executions_outcomes"
    )
    assert len(found) == len({row[0] for row in found})
    return {key: ExpectedOutcome(*rest) for key, *rest in found}


def daily_of(database: DatasetConnection) -> dict[Any, Daily]:
    found = database.execute(
        "SELECT day, workflow_id, runs, ended, failures, p50_seconds, p95_seconds, retried, "
        "saved_by_retry FROM test_data.executions_daily"
    )
    return {
        (day, workflow): Daily(*map(int, rest[:3]), *rest[3:5], *map(int, rest[5:]))
        for day, workflow, *rest in found
    }


def moments(span: timedelta) -> st.SearchStrategy[str]:
    begin = datetime(2026, 3, 1, 22, tzinfo=UTC)
    seconds = st.integers(0, int(span.total_seconds() * 4)).map(lambda each: each / 4)
    return seconds.map(lambda each: (begin + timedelta(seconds=each)).isoformat())


def ids() -> st.SearchStrategy[int]:
    return st.integers(1, 12)


EXECUTION = st.fixed_dictionaries(
    {
        "id": ids(),
        "finished": st.booleans(),
        "mode": st.just("webhook"),
        "status": st.sampled_from(
            (None, "success", "error", "crashed", "canceled", "waiting", "running", "new", "odd")
        ),
        "retryOf": st.none() | ids().map(str) | st.just("gone"),
        "retrySuccessId": st.none() | ids(),
        "startedAt": st.none() | moments(timedelta(days=2)),
        "stoppedAt": st.none() | moments(timedelta(days=3)),
        "workflowId": st.sampled_from(("a", "b", None)),
        "waitTill": st.none() | moments(timedelta(days=9)),
    }
)
EXECUTIONS = st.lists(EXECUTION, max_size=12, unique_by=lambda row: row["id"])


def test_the_views_say_what_plain_python_says(store: Stores) -> None:
    pipeline = executions(store, [])
    assert create_views(pipeline) == CreatedViews(VIEWS)
    with connect_to_dataset(pipeline) as database:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(rows=EXECUTIONS)
        def compare(rows: list[dict[str, Any]]) -> None:
            database.execute("DELETE FROM test_data.executions")
            insert(database, rows, COLUMNS)
            assert outcomes_of(database) == expected_outcomes(rows)
            assert daily_of(database) == approximately(daily(rows))

        compare()


def approximately(found: dict[Any, Daily]) -> dict[Any, Any]:
    return {key: _Near(each) for key, each in found.items()}


class _Near:
    """Equal to figures whose durations differ by rounding alone."""

    def __init__(self, figures: Daily) -> None:
        self.figures = figures

    def __repr__(self) -> str:
        return repr(self.figures)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Daily):
            return NotImplemented
        mine, others = vars(self.figures), vars(other)
        return all(others[name] == pytest.approx(value) for name, value in mine.items())

    __hash__ = None  # type: ignore[assignment]


A_FEW: list[dict[str, Any]] = [
    {"id": 1, "finished": False, "startedAt": "2026-03-01T10:00:00Z", "workflowId": "a",
     "stoppedAt": "2026-03-01T10:00:02Z"},
    {"id": 2, "finished": True, "startedAt": "2026-03-01T10:05:00Z", "workflowId": "a",
     "stoppedAt": "2026-03-01T10:05:04Z", "retryOf": "1"},
    {"id": 3, "finished": False, "startedAt": "2026-03-01T11:00:00Z", "workflowId": "a"},
]  # fmt: skip


@pytest.mark.parametrize(
    "missing",
    [("status",), ("waitTill", "status"), ("retryOf", "retrySuccessId"), ("mode", "workflowId")],
    ids=" and ".join,
)
def test_a_missing_column_breaks_nothing(store: Stores, missing: tuple[str, ...]) -> None:
    columns = {name: kind for name, kind in COLUMNS.items() if name not in missing}
    pipeline = executions(store, A_FEW, columns)
    assert create_views(pipeline).notes == ()
    with connect_to_dataset(pipeline) as database:
        kept = [{**dict.fromkeys(COLUMNS), **{n: r.get(n) for n in columns}} for r in A_FEW]
        assert outcomes_of(database) == expected_outcomes(kept)
        assert daily_of(database) == approximately(daily(kept))


def test_made_again_the_views_follow_the_table(store: Stores) -> None:
    pipeline = executions(store, A_FEW)
    create_views(pipeline)
    with connect_to_dataset(pipeline) as database:
        # Another type of the id is another type of the view's columns.
        write(database, A_FEW, {**COLUMNS, "id": "VARCHAR"})
    assert create_views(pipeline) == CreatedViews(VIEWS)
    with connect_to_dataset(pipeline) as database:
        found = database.execute(
            "SELECT id, chain_root FROM test_data.executions_outcomes ORDER BY id"
        )
    assert found == [("1", "1"), ("2", "1"), ("3", "3")]


def test_views_that_are_as_they_should_be_are_not_made_again(postgres: PostgresDatabase) -> None:
    made = "SELECT oid, xmin::text FROM pg_class WHERE relname LIKE 'executions_%' ORDER BY relname"
    pipeline = executions(postgres, A_FEW)
    create_views(pipeline)
    before = postgres.query(made)

    assert create_views(pipeline) == CreatedViews(VIEWS)
    assert postgres.query(made) == before
    with connect_to_dataset(pipeline) as database:
        database.execute("ALTER TABLE test_data.executions ADD COLUMN extra VARCHAR")
    assert create_views(pipeline) == CreatedViews(VIEWS)
    assert postgres.query(made) != before


def test_who_may_not_make_views_is_told(postgres: PostgresDatabase) -> None:
    pipeline = executions(postgres, A_FEW)
    with connect_to_dataset(pipeline) as database:
        database.execute(
            "ALTER DATABASE " + postgres.url.rpartition("/")[2] + " SET "
            "default_transaction_read_only = on"
        )
    (note,) = create_views(pipeline).notes

    assert note.startswith("no views were made: ")
    assert "cannot execute CREATE VIEW in a read-only transaction" in note


def test_what_is_not_ours_is_left_alone(store: Stores) -> None:
    pipeline = executions(store, A_FEW)
    with connect_to_dataset(pipeline) as database:
        database.execute("CREATE VIEW test_data.executions_daily AS SELECT 42 AS mine")
    (note,) = create_views(pipeline).notes
    assert note == "no views were made: `test_data.executions_daily` is a view of somebody else"
    with connect_to_dataset(pipeline) as database:
        assert database.execute("SELECT mine FROM test_data.executions_daily") == [(42,)]
        assert "executions_outcomes" not in database.relations()


def test_a_view_that_others_read_stays_where_it_cannot_be_replaced(
    postgres: PostgresDatabase,
) -> None:
    pipeline = executions(postgres, A_FEW)
    create_views(pipeline)
    with connect_to_dataset(pipeline) as database:
        database.execute(
            "CREATE VIEW test_data.mine AS SELECT id FROM test_data.executions_outcomes"
        )
        database.execute("ALTER TABLE test_data.executions RENAME TO old")
        write(database, A_FEW, {**COLUMNS, "id": "VARCHAR"})
    created = create_views(pipeline)

    assert created.names == VIEWS
    assert "the views stay as they were" in created.notes[0]
    assert postgres.query("SELECT count(*) FROM test_data.mine") == [(3,)]


def test_names_come_from_the_workflows(store: Stores) -> None:
    pipeline = executions(store, A_FEW)
    with connect_to_dataset(pipeline) as database:
        database.execute("CREATE TABLE test_data.workflows (id VARCHAR, name VARCHAR)")
        database.execute("INSERT INTO test_data.workflows VALUES ('a', 'Ship <it>')")
    create_views(pipeline)
    with connect_to_dataset(pipeline) as database:
        found = database.execute("SELECT DISTINCT workflow_name FROM test_data.executions_daily")
    assert found == [("Ship <it>",)]


def test_another_destination_gets_a_note(tmp_path: Any) -> None:
    pipeline = dlt.pipeline(
        "test", destination=dlt.destinations.filesystem(str(tmp_path)), dataset_name="test_data"
    )

    assert create_views(pipeline).notes == (
        "no views were made: they need duckdb or postgres, not filesystem",
    )


def test_without_a_table_there_is_a_note(postgres: PostgresDatabase) -> None:
    assert create_views(postgres.pipeline()).notes == (
        "no views were made: there is no table `executions` yet",
    )
