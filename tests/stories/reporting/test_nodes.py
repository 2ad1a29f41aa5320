"""What a report says of nodes, against plain Python, from DuckDB and PostgreSQL alike."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import dlt
import pytest

from headrace import report
from headrace.destination.sql import connect_to_dataset
from headrace.reports.html import nodes as nodes_module
from headrace.reports.html.counting import ReportTables, count_executions
from headrace.reports.html.figures import NodesFigures, ReportFigures
from headrace.simulator.archive import Archive
from headrace.simulator.history import History
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse
from tests.unit.destination.views.expected import quantile
from tests.unit.destination.views.stored import NODE_COLUMNS, Stores, add_node_runs, executions

Row = dict[str, Any]
NODES = ("Fetch", "Map", "Fetch <b>", "")
MESSAGES = (
    "Order {} not found",
    "Timeout of {} ms",
    "GET https://x.example/{} failed",
    "The file is gone",
    None,
)
OUTCOMES = ("success", "success", "error", "crashed", "waiting", None)


@pytest.fixture(params=["warehouse", "postgres"])
def store(request: pytest.FixtureRequest) -> Stores:
    found: Stores = request.getfixturevalue(request.param)
    return found


def sample(rows: int) -> list[Row]:
    return list(Archive(History(rows, 3, incidents=True)).truth())


def runs_of(rows: Sequence[Row], nodes: Sequence[str] = NODES) -> list[Row]:
    """A few runs of nodes of each execution; some of them fail, and a few executions have none."""
    chance = Random("nodes")
    return [
        _run(row, node, run, chance)
        for row in rows
        if chance.random() < 0.9
        for node in chance.sample(nodes, k=chance.randint(1, len(nodes)))
        for run in range(chance.choice((1, 1, 2)))
    ]


def _run(row: Row, node: str, run: int, chance: Random) -> Row:
    status = chance.choice(OUTCOMES)
    failed = status in ("error", "crashed") or (status is None and chance.random() < 0.3)
    message = chance.choice(MESSAGES)
    started = datetime.fromisoformat(row["startedAt"]) + timedelta(seconds=chance.randint(0, 9))
    return {
        "execution_id": row["id"],
        "node": node,
        "run": run,
        "status": status,
        "started": chance.choice((started, started, None)),
        "milliseconds": chance.choice((None, -1, chance.randint(0, 9_999))),
        "error_name": chance.choice(("NodeApiError", None)) if failed else None,
        "error_message": message and message.format(chance.randint(1, 5)) if failed else None,
    }


def figures_of(
    pipeline: dlt.Pipeline, since: str = "12d", workflow: str | None = None
) -> ReportFigures:
    with connect_to_dataset(pipeline) as database:
        return count_executions(database, ReportTables(), since, workflow)


def nodes_of(figures: ReportFigures) -> NodesFigures:
    assert figures.overall.nodes is not None
    return figures.overall.nodes


def page_data(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(data)


class Expected:
    """The same figures, counted in plain Python of the rows of some workflows since a moment."""

    def __init__(self, rows: Sequence[Row], runs: Sequence[Row], start: datetime) -> None:
        self.rows = {r["id"]: r for r in rows if datetime.fromisoformat(r["startedAt"]) >= start}
        self.runs = [run for run in runs if run["execution_id"] in self.rows]
        self.failing = [run for run in self.runs if self.fails(run)]

    def row(self, run: Row) -> Row:
        return self.rows[run["execution_id"]]

    def node(self, run: Row) -> tuple[str, str]:
        return run["node"], self.row(run)["workflowId"]

    def fails(self, run: Row) -> bool:
        told = run["error_name"] is not None or run["error_message"] is not None
        failed = told if run["status"] is None else run["status"] in ("error", "crashed")
        return failed and self.row(run)["status"] in ("error", "crashed")

    def failed_at(self, run: Row) -> datetime:
        if run["started"] is None:
            told = datetime.fromisoformat(self.row(run)["stoppedAt"])
        else:
            told = run["started"] + timedelta(milliseconds=max(run["milliseconds"] or 0, 0))
        return told.astimezone(UTC).replace(tzinfo=None)

    def failing_nodes(self) -> Iterator[tuple[Any, ...]]:
        runs, failures = (Counter(map(self.node, each)) for each in (self.runs, self.failing))
        last: dict[tuple[str, str], datetime] = {}
        for run in self.failing:
            node = self.node(run)
            last[node] = max(last.get(node, datetime.min), self.failed_at(run))
        order = sorted(failures, key=lambda each: each[1])
        for node in sorted(order, key=lambda each: (failures[each], last[each]), reverse=True):
            yield *node, runs[node], failures[node], last[node]

    def slow_nodes(self) -> dict[tuple[str, str], tuple[int, float | None, float | None]]:
        took: dict[tuple[str, str], list[float | None]] = {}
        for run in self.runs:
            told = run["milliseconds"]
            if told is not None and told >= 0 and run["status"] != "waiting":
                took.setdefault(self.node(run), []).append(told)
        return {n: (len(t), quantile(t, 0.5), quantile(t, 0.95)) for n, t in took.items()}

    def errors(self) -> Counter[tuple[str, str]]:
        placeholders = {0: "<number>", 1: "<number>", 2: "…"}
        found: Counter[tuple[str, str]] = Counter()
        for run in self.failing:
            message = run["error_message"] or ""
            for number, template in enumerate(MESSAGES[:3]):
                head, _, tail = (template or "").partition("{}")
                if message.startswith(head) and message.endswith(tail):
                    message = f"{head}{placeholders[number]}{tail}"
            found[run["error_name"] or "", message] += 1
        return found


@pytest.mark.parametrize("workflow", [None, "0c6f81RpIcAKtfil"])
@pytest.mark.parametrize("since", ["12d", "3d"])
def test_it_says_what_plain_python_says(store: Stores, since: str, workflow: str | None) -> None:
    rows = sample(600)
    runs = runs_of(rows)
    pipeline = executions(store, rows)
    add_node_runs(pipeline, runs)

    figures = figures_of(pipeline, since, workflow)

    assert figures.period is not None
    ids = [each.id for each in figures.workflows]
    chosen = [each for each in rows if workflow in (None, each["workflowId"])]
    expected = Expected(chosen, runs, figures.period.start.replace(tzinfo=UTC))
    compare(nodes_of(figures), expected, ids, most=10, errors=8)
    for place, each in enumerate(figures.workflows):
        own = [row for row in chosen if row["workflowId"] == each.id]
        assert each.figures.nodes is not None
        of_one = Expected(own, runs, figures.period.start.replace(tzinfo=UTC))
        compare(each.figures.nodes, of_one, ids, most=8, errors=6)
        assert {node.place for node in each.figures.nodes.failing} <= {place}


def compare(
    nodes: NodesFigures, expected: Expected, ids: Sequence[str], *, most: int, errors: int
) -> None:
    failing = [
        (each.node, ids[each.place], each.runs, each.failures, each.last_failed)
        for each in nodes.failing
    ]
    all_failing = list(expected.failing_nodes())
    assert failing == all_failing[:most]
    assert nodes.failing_count == len(all_failing)
    slow = expected.slow_nodes()
    assert nodes.slow_count == len(slow)
    for each in nodes.slow:
        assert (each.timed, each.p50, each.p95) == pytest.approx(slow[each.node, ids[each.place]])
    longest = sorted((each[2] or 0 for each in slow.values()), reverse=True)
    assert [each.p95 for each in nodes.slow] == pytest.approx(longest[:most])
    frequent = expected.errors()
    assert nodes.error_count == len(frequent)
    assert [each.times for each in nodes.errors] == [n for _, n in frequent.most_common(errors)]
    assert {(e.name, e.form): e.times for e in nodes.errors}.items() <= frequent.items()
    assert nodes.failures == len(expected.failing)
    failed = {key for key, row in expected.rows.items() if row["status"] in ("error", "crashed")}
    assert nodes.unnamed == len(failed - {run["execution_id"] for run in expected.failing})
    assert nodes.unread == 0


def test_both_databases_say_the_same_to_the_letter(
    warehouse: Warehouse, postgres: PostgresDatabase, tmp_path: Path
) -> None:
    rows = sample(500)
    counted = []
    for store in (warehouse, postgres):
        pipeline = executions(store, rows)
        add_node_runs(pipeline, runs_of(rows, [*NODES, "Ä", "a", "B", "_"]))
        counted.append(page_data(report(pipeline, tmp_path / "r.html", since="12d").path))
    one, other = counted

    assert one["overall"]["nodes"]["errors"]
    assert one["overall"]["nodes"] == other["overall"]["nodes"]
    for mine, its in zip(one["workflows"], other["workflows"], strict=True):
        assert mine["nodes"] == its["nodes"]


def test_without_the_table_the_report_is_as_before(store: Stores, tmp_path: Path) -> None:
    rows = sample(200)
    pipeline = executions(store, rows)
    before = page_data(report(pipeline, tmp_path / "before.html").path)
    assert "nodes" not in before["overall"]
    add_node_runs(pipeline, [])
    empty = page_data(report(pipeline, tmp_path / "empty.html").path)
    add_node_runs(pipeline, [], {"id": "BIGINT", "something": "VARCHAR"})
    other = page_data(report(pipeline, tmp_path / "other.html").path)
    add_node_runs(pipeline, runs_of(rows))
    with connect_to_dataset(pipeline) as database:
        unasked = count_executions(database, ReportTables(node_runs=None), "30d", None)

    assert {**empty, "made": ""} == {**other, "made": ""} == {**before, "made": ""}
    assert unasked.overall.nodes is None


@pytest.mark.parametrize(
    "missing", [("error_name",), ("error_name", "error_message"), ("started", "milliseconds")]
)
def test_columns_that_never_came_count_as_null(store: Stores, missing: tuple[str, ...]) -> None:
    rows = sample(200)
    runs = runs_of(rows)
    pipeline = executions(store, rows)
    add_node_runs(pipeline, runs, {k: v for k, v in NODE_COLUMNS.items() if k not in missing})
    figures = figures_of(pipeline)
    assert figures.period is not None

    nulled = [{**run, **dict.fromkeys(missing)} for run in runs]
    expected = Expected(rows, nulled, figures.period.start.replace(tzinfo=UTC))
    ids = [each.id for each in figures.workflows]
    compare(nodes_of(figures), expected, ids, most=10, errors=8)


def test_many_nodes_and_messages_leave_the_page_small(
    store: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes_module, "MOST_MESSAGES", 50)
    begun = datetime(2026, 6, 1, tzinfo=UTC)
    rows = [
        {"id": key, "finished": False, "status": "error", "workflowId": f"w{key % 250}",
         "startedAt": begun.isoformat(), "stoppedAt": begun.isoformat()}
        for key in range(1_000)
    ]  # fmt: skip
    words = [f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(1000)]
    runs = [
        {"execution_id": key, "node": f"node {key}", "run": 0, "status": "error",
         "error_message": f"{words[key]} failed " + f"since {words[key]} " * 500}
        for key in range(1_000)
    ]  # fmt: skip
    pipeline = executions(store, rows)
    add_node_runs(pipeline, runs)

    made = report(pipeline, tmp_path / "many.html")
    nodes = page_data(made.path)["overall"]["nodes"]

    assert (len(nodes["failing"]), nodes["failingCount"]) == (10, 1_000)
    assert (len(nodes["errors"]), nodes["errorCount"], nodes["unread"]) == (8, 50, 950)
    assert nodes["failures"] == 1_000
    assert made.path.stat().st_size < 2_500_000
    assert max(len(each["example"]) for each in nodes["errors"]) == 240


def test_no_credential_is_shown(store: Stores, tmp_path: Path) -> None:
    row = {"id": 1, "finished": False, "status": "error", "workflowId": "w",
           "startedAt": "2026-01-01T00:00:00Z", "stoppedAt": "2026-01-01T00:00:00Z"}  # fmt: skip
    secrets = ("hunter22", "sk-live-0a1b2c3d4e5f", "Zm9vOmJhcmJhejEyMzQ1Njc4", "s3cr3t")
    message = (
        f"https://jane:{secrets[0]}@x.example/?token={secrets[3]} with Bearer {secrets[1]} and "
        f"{secrets[2]} for jane@x.example"
    )
    pipeline = executions(store, [row])
    run = {"execution_id": 1, "node": "n", "run": 0, "status": "error", "error_message": message}
    add_node_runs(pipeline, [run])
    text = report(pipeline, tmp_path / "r.html").path.read_text()

    assert [each for each in (*secrets, "jane") if each in text] == []
    (error,) = page_data(tmp_path / "r.html")["overall"]["nodes"]["errors"]
    assert error["example"] == (
        "https://***@x.example/?token=*** with Bearer *** and *** for ***@x.example"
    )
