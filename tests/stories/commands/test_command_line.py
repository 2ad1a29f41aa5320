"""What people do on the command line, as they would do it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from headrace.simulator import Simulator
from tests.support.command_line import headrace, headrace_apart
from tests.support.servers import Answer, JsonServer


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=1_000, seed=7) as running:
        yield running


@pytest.fixture(autouse=True)
def settings(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", simulator.api_key)
    monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
    simulator.requests.clear()


def query(file: str, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_run_a_connector() -> None:
    ran = headrace_apart("run", "executions")

    assert (ran.returncode, ran.stderr) == (0, "")
    summary = r"Loaded 1,000 rows \(5 pages, [0-9,]+ rows/s\) with 5 requests in [0-9.]+ s\."
    assert re.search(summary, ran.stdout)
    assert "executions_dataset.executions" in ran.stdout
    assert str(Path("executions.duckdb").absolute()) in ran.stdout
    # The query that the summary suggests works as it stands.
    suggested = next(line for line in ran.stdout.splitlines() if "duckdb.connect" in line)
    shown = subprocess.run(suggested, shell=True, capture_output=True, text=True, check=True)
    assert "10 rows" in shown.stdout
    assert query("executions.duckdb", "SELECT count(*) FROM executions_dataset.executions") == [
        (1_000,)
    ]


def test_run_a_file_elsewhere() -> None:
    Path("mine.json").write_text(
        json.dumps(
            {
                "client": {
                    "base_url": "${EXECUTIONS_BASE_URL}",
                    "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "${API_KEY}"},
                },
                "resources": [
                    {
                        "name": name,
                        "endpoint": {
                            "data_selector": "data",
                            "paginator": {"type": "cursor", "cursor_path": "nextCursor"},
                        },
                    }
                    for name in ("executions", "workflows")
                ],
            }
        )
    )
    ran = headrace(
        "run",
        "mine.json",
        *("--destination", "duckdb:///elsewhere.duckdb", "--dataset", "raw"),
        *("--resource", "workflows"),
        *("--set", "resources.workflows.endpoint.paginator.limit=5"),
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert query("elsewhere.duckdb", "SELECT count(*) FROM raw.workflows") == [(12,)]
    tables = query("elsewhere.duckdb", "SELECT table_name FROM duckdb_tables()")
    assert ("executions",) not in tables


def test_limit_rows_asks_for_no_more_pages_than_it_needs(simulator: Simulator) -> None:
    ran = headrace("run", "executions", "--limit-rows", "300")

    assert "Loaded 300 rows (2 pages, " in ran.stdout
    assert "with 2 requests" in ran.stdout
    assert len(simulator.requests) == 2
    assert query("executions.duckdb", "SELECT count(*) FROM executions_dataset.executions") == [
        (300,)
    ]


def test_progress_in_a_pipe_is_lines() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRESS_PROGRAM], capture_output=True, text=True, check=True
    )

    assert ran.stdout == ""
    assert ran.stderr.splitlines()[0] == "executions: 2 pages, 500 rows, listing"


PROGRESS_PROGRAM = """
import re, sys, threading
from headrace.cli import progress
from headrace.core.figures import Figures

progress._SECONDS_BETWEEN_LINES = 0.01
written = threading.Event()

class Screen:
    def write(self, text):
        sys.__stderr__.write(re.sub(r"[0-9,]+ rows/s, ", "", text))
        written.set()
    def flush(self): pass
    def isatty(self): return False

sys.stderr = Screen()
figures = Figures()
counts = figures.of("executions")
counts.pages, counts.rows = 2, 500
with progress.show_progress(figures):
    written.wait(30)
"""


def test_preview_shows_typed_rows_and_loads_nothing(simulator: Simulator) -> None:
    ran = headrace("preview", "executions", "--rows", "3")

    assert ran.returncode == 0
    assert "retry_success_id" in ran.stdout
    assert " 1000 " in ran.stdout
    assert " 997 " not in ran.stdout
    assert len(simulator.requests) == 1
    assert list(Path().glob("*.duckdb")) == []


def test_preview_for_machines() -> None:
    ran = headrace("preview", "executions", "executions", "--rows", "2", "--json")

    rows = json.loads(ran.stdout)
    assert [row["id"] for row in rows] == [1000, 999]
    assert rows[0]["wait_till"] is None
    assert rows[0]["started_at"].endswith("+00:00")


def test_check_says_what_came_back(simulator: Simulator) -> None:
    ran = headrace("check", "executions")

    assert ran.returncode == 0
    assert f"GET {simulator.base_url}/executions?limit=250 answers with 250 rows" in ran.stdout
    assert "more pages follow" in ran.stdout
    assert "columns: id, finished, mode," in ran.stdout
    assert len(simulator.requests) == 1


WRONG_ANSWERS = {
    "unknown host": (["client.base_url=http://no-such-host.invalid"], "is unknown"),
    "refused": (["client.base_url=http://127.0.0.1:9"], "does not take the connection"),
    "wrong key": (
        ["client.auth.api_key=wrong-canary"],
        '401 Unauthorized and says: "unauthorized"',
    ),
    "wrong path": (["resources.executions.endpoint.path=/nope"], '404 Not Found and says: "not'),
    "no data": (
        ["resources.executions.endpoint.data_selector=rows"],
        "the keys there are: `data`, `nextCursor`",
    ),
    "wrong key of the table": (
        [
            "resources.executions.primary_key=uuid",
            "resources.executions.endpoint.incremental=null",
        ],
        "a row would go to quarantine: it has no value for `uuid`",
    ),
}


@pytest.mark.parametrize("case", WRONG_ANSWERS)
def test_check_says_what_is_wrong(case: str) -> None:
    overrides, story = WRONG_ANSWERS[case]
    ran = headrace("check", "executions", *(f"--set={override}" for override in overrides))

    assert ran.returncode == 1
    assert story in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "canary" not in ran.stdout + ran.stderr


def test_check_tries_each_resource_and_names_all_columns_of_the_first_page(
    server: JsonServer,
) -> None:
    pages = {"/first": Answer({}, 404), "/second": Answer([{"id": 1, "b": None}, {"b": 2}])}
    server.handler = lambda asked: pages[asked.path]
    resources = [{"name": path.strip("/"), "endpoint": path} for path in pages]
    client = {"base_url": server.base_url, "paginator": "single_page"}
    Path("two.json").write_text(json.dumps({"client": client, "resources": resources}))
    ran = headrace("check", "two.json")

    assert ran.returncode == 1
    assert "resource `first`" in ran.stderr
    assert "second: GET" in ran.stdout
    assert "columns: id, b\n" in ran.stdout


def test_check_tries_the_resources_that_are_named(server: JsonServer) -> None:
    server.handler = lambda asked: Answer([{"id": 1}], 200 if asked.path == "/extra" else 500)
    resources = [
        {"name": "usual", "endpoint": "/usual"},
        {"name": "extra", "selected": False, "endpoint": "/extra"},
    ]
    client = {"base_url": server.base_url, "paginator": "single_page"}
    Path("two.json").write_text(json.dumps({"client": client, "resources": resources}))
    ran = headrace("check", "two.json", "--resource", "extra")

    assert ran.returncode == 0
    assert "extra: GET" in ran.stdout
    assert "usual" not in ran.stdout + ran.stderr
    unknown = headrace("check", "two.json", "--resource", "extras")
    assert unknown.returncode == 2
    assert "there is no resource `extras`; did you mean `extra`?" in unknown.stderr


def test_a_failed_sync_ends_with_1(server: JsonServer) -> None:
    server.answers({"data": [{"id": 1}], "nextCursor": "a"}, Answer({"message": "broken"}, 500))
    ran = headrace(
        *("run", "executions", "--set", f"client.base_url={server.base_url}"),
        *("--set", "resources.executions.columns={}"),
    )

    assert ran.returncode == 1
    assert '500 Internal Server Error and says: "broken"' in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_sync_of_which_no_row_could_be_loaded_ends_with_1(server: JsonServer) -> None:
    server.answers({"data": [{"id": 1}, {"id": 2}]})
    base_url = f"client.base_url={server.base_url}"
    wrong_key = "resources.executions.primary_key=uuid"
    listed_whole = "resources.executions.endpoint.incremental=null"
    overrides = (f"--set={each}" for each in (base_url, wrong_key, listed_whole))
    ran = headrace("run", "executions", *overrides)

    assert ran.returncode == 1
    assert "no row could be loaded; 2 rows went to quarantine" in ran.stderr
    assert "  2 since it has no value for `" in ran.stdout


def test_a_sync_with_nothing_new_names_its_table_in_full(
    server: JsonServer, tmp_path: Path
) -> None:
    incremental = {"cursor_path": "at", "start_param": "since", "initial_value": "2026-01-01"}
    events = {"name": "events", "primary_key": "id", "write_disposition": "merge"}
    config = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{**events, "endpoint": {"incremental": incremental}}],
        "pipeline": {"name": "log"},
    }
    (tmp_path / "log.json").write_text(json.dumps(config))
    server.answers([{"id": 1, "at": "2026-11-28"}], [])
    for rows in (1, 0, 0):
        ran = headrace("run", str(tmp_path / "log.json"))
        assert re.search(rf"^events +log_dataset\.events +{rows} +1$", ran.stdout, re.MULTILINE)


def test_a_sync_without_rows_is_no_failure(server: JsonServer) -> None:
    server.answers({"data": []})
    ran = headrace("run", "executions", "--set", f"client.base_url={server.base_url}")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Loaded 0 rows (2 pages, 0 rows/s) with 2 requests in" in ran.stdout


WRONG_CALLS = {
    "no such file": (["run", "nosuch.yml"], "there is no file nosuch.yml"),
    "nearly a connector": (["run", "execution"], "did you mean executions?"),
    "no such resource": (["run", "executions", "--resource", "x"], "there is no resource `x`"),
    "no such destination": (["run", "executions", "--destination", "x"], "`x` is no destination"),
    "no such key": (
        ["check", "executions", "--set", "client.base_ulr=http://x"],
        "did you mean `base_url`?",
    ),
    "no such option": (["run", "executions", "--nope"], "--nope"),
    "no arguments": (["run"], "CONFIG"),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_a_wrong_call_ends_with_2(case: str) -> None:
    arguments, story = WRONG_CALLS[case]
    ran = headrace(*arguments)

    assert ran.returncode == 2
    assert story in ran.stderr
    assert "Traceback" not in ran.stderr


def test_missing_secrets_are_named_with_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_KEY")
    ran = headrace("run", "executions")

    assert ran.returncode == 2
    assert "client.auth.api_key: no value for ${API_KEY}" in ran.stderr
    assert "environment (`API_KEY`), then `api_key` in ./.dlt/secrets.toml" in ran.stderr


def test_secrets_from_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_KEY")
    Path(".dlt").mkdir()
    Path(".dlt/secrets.toml").write_text('api_key = "simulator"\n')

    assert headrace_apart("check", "executions").returncode == 0


def test_init_writes_a_config_that_checks_out(simulator: Simulator) -> None:
    assert headrace("init").returncode == 0
    ran = headrace(
        *("check", "headrace.yml", "--set", f"client.base_url={simulator.base_url}"),
        *("--set", "resources.items.endpoint.path=/executions"),
    )
    assert (ran.returncode, ran.stderr) == (0, "")

    again = headrace("init")
    assert again.returncode == 2
    assert "headrace.yml exists" in again.stderr
    assert headrace("init", "--force").returncode == 0


def test_connectors_are_listed() -> None:
    told = headrace("connectors").stdout
    assert "executions: Executions of a workflow automation" in told
    assert "  loads executions; with --resource also: node_runs, workflows, " in told


def test_schema_is_json() -> None:
    schema = json.loads(headrace("schema").stdout)
    assert {"client", "resources", "pipeline"} <= set(schema["properties"])


def test_version() -> None:
    assert headrace("--version").stdout.startswith("headrace 0.")


def test_help_imports_nothing_slow() -> None:
    program = (
        "import sys\n"
        "from headrace.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True
    )

    assert "preview" in ran.stdout
    slow = {"dlt", "pyarrow", "aiohttp", "pydantic", "rich", "yaml", "msgspec", "duckdb"}
    assert not slow & set(ran.stderr.split())


def test_simulate_serves_until_stopped() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "headrace", "simulate", "--port", "0", "--rows", "300"],
        stdout=subprocess.PIPE,
        text=True,
    ) as serving:
        assert serving.stdout is not None
        announcement = serving.stdout.readline()
        base_url = next(word for word in announcement.split() if word.startswith("http"))
        ran = headrace("check", "executions", "--set", f"client.base_url={base_url}")
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(30) == 0

    assert "Serving 300 executions" in announcement
    assert ran.returncode == 0


def test_a_port_in_use_is_said_in_a_line(server: JsonServer) -> None:
    ran = headrace("simulate", "--port", server.base_url.rsplit(":", 1)[1])

    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert "in use" in ran.stderr
