"""`headrace verify` on the command line."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from headrace.simulator import Simulator
from tests.stories.verifying.compared import config_of, contents
from tests.support.command_line import headrace
from tests.support.kept_databases import release_databases
from tests.support.servers import JsonServer


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=20_000, seed=7) as running:
        yield running


@pytest.fixture
def executions(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator's executions, loaded into executions.duckdb."""
    monkeypatch.setenv("API_KEY", simulator.api_key)
    monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
    assert headrace("run", "executions").returncode == 0


@pytest.mark.usefixtures("executions")
def test_verify_20_000_rows_on_the_command_line(tmp_path: Path) -> None:
    before = contents(tmp_path / "dlt")
    ran = headrace("verify", "executions")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Listed 20,000 rows (81 pages) with 81 requests in " in ran.stdout
    assert "The tables hold what the API lists." in ran.stdout
    assert contents(tmp_path / "dlt") == before

    with duckdb.connect("executions.duckdb") as connection:
        connection.execute("DELETE FROM executions_dataset.executions WHERE id % 400 = 0")
        connection.execute("UPDATE executions_dataset.executions SET mode = 'x' WHERE id = 7")
        connection.execute("UPDATE executions_dataset.executions SET id = 30001 WHERE id = 1")
    ran = headrace("verify", "executions", "--examples", "2")

    assert (ran.returncode, ran.stderr) == (1, "")
    assert "executions: 51 rows missing in the table:\n  1, 400\n  and 49 more\n" in ran.stdout
    assert "executions: 1 row differing: mode in 1\n" in ran.stdout
    (line,) = (line for line in ran.stdout.splitlines() if line.startswith("7 "))
    assert line.split()[:3] == ["7", "mode", '"x"']
    assert "1 row only in the table, no fault: the API lists them no more:\n  30001" in ran.stdout


@pytest.mark.usefixtures("executions")
def test_another_dataset_on_the_command_line() -> None:
    ran = headrace("verify", "executions", "--dataset", "nope")

    assert ran.returncode == 1
    assert "dataset `nope` in duckdb holds nothing of this source yet." in ran.stderr
    assert "headrace run CONFIG" in ran.stderr


def test_wrong_calls_end_with_2(server: JsonServer) -> None:
    Path("shop.json").write_text(json.dumps(config_of(server, primary_key=None)))

    ran = headrace("verify", "shop.json")
    assert ran.returncode == 2
    assert "it has no `primary_key` to find a row again by" in ran.stderr
    assert headrace("verify", "shop.json", "--resource", "x").returncode == 2


def test_names_stay_whole_where_no_terminal_is(server: JsonServer) -> None:
    name = "the_items_of_all_orders_that_customers_ever_sent_back"
    config = config_of(server, name=name)
    config["pipeline"] = {"dataset": "everything_that_the_shop_has_ever_sold"}
    Path("shop.json").write_text(json.dumps(config))
    server.answers({"data": [{"id": 1}]})

    for command in ("run", "verify"):
        told = headrace(command, "shop.json").stdout.splitlines()
        assert any(
            line.split()[:3] == [name, f"everything_that_the_shop_has_ever_sold.{name}", "1"]
            for line in told
        )


def test_secrets_in_rows_are_masked(server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "c4nary/k3y+value")
    config = config_of(server)
    config["resources"][0]["endpoint"]["params"] = {"access_token": "${SHOP_KEY}"}
    config["pipeline"] = {"strict": True}
    Path("shop.json").write_text(json.dumps(config))
    server.answers({"data": [{"id": "1", "link": "old"}]})
    assert headrace("run", "shop.json").returncode == 0
    link = "https://x/?key=c4nary/k3y+value"
    rows = [{"id": "1", "link": link}, {"id": link}, {"id": None, "link": link}]
    server.answers({"data": rows})
    ran = headrace("verify", "shop.json")

    assert ran.returncode == 1
    assert "c4nary" not in ran.stdout + ran.stderr
    assert '"https://x/?key=***"' in ran.stdout
    assert "1 row of the listing cannot be loaded, and is in no table" in ran.stdout


def test_a_page_that_is_but_a_part_is_told(server: JsonServer) -> None:
    Path("shop.json").write_text(json.dumps(config_of(server)))
    server.answers({"data": [{"id": 1}, {"id": 2}], "total": 5})
    checked, run, verified = (headrace(each, "shop.json") for each in ("check", "run", "verify"))

    assert "answers with 2 rows of 5; that is all that the config asks for." in checked.stdout
    for ran in (run, verified):
        assert ran.returncode == 0
        assert "ended with 2 rows, but the API tells 5 (`total`)" in ran.stdout


def test_where_no_row_was_loaded_the_query_to_try_shows_why(server: JsonServer) -> None:
    Path("shop.json").write_text(json.dumps(config_of(server)))
    server.answers({"data": [[1], [2]]})
    told = headrace("run", "shop.json").stdout
    release_databases()
    query = shlex.split(told.partition("A query to try:\n")[2])

    shown = subprocess.run(query[:3], capture_output=True, text=True, check=True).stdout
    assert "raw_row" in shown
    assert "2 rows" in shown


def test_rows_that_cannot_be_loaded_are_no_success(server: JsonServer) -> None:
    Path("shop.json").write_text(json.dumps(config_of(server)))
    server.answers({"data": [{"id": 1}]})
    assert headrace("run", "shop.json").returncode == 0
    server.answers({"data": [{"id": None}, {"name": "without a key"}, {"id": 1}]})
    for options in ((), ("--repair",), ("--repair",)):
        ran = headrace("verify", "shop.json", *options)
        assert (ran.returncode, ran.stderr) == (1, "")
        assert "nothing was loaded into duckdb" in ran.stdout
        assert "2 rows of the listing cannot be loaded, and are in no table" in ran.stdout
        assert "do not hold all that the API lists: the rows that cannot be loaded" in ran.stdout
        assert "The tables hold what the API lists." not in ran.stdout

    ran = headrace("verify", "shop.json", "--json")
    told = json.loads(ran.stdout)
    assert ran.returncode == 1
    assert (told["ok"], told["quarantined"]) == (False, 2)
    assert sum(told["reasons"].values()) == 2
    assert (told["tables"][0]["ok"], told["tables"][0]["missing"]["rows"]) == (False, 0)


def test_differences_as_json(server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "c4nary/k3y+value")
    config = config_of(server)
    config["resources"][0]["endpoint"]["params"] = {"access_token": "${SHOP_KEY}"}
    Path("shop.json").write_text(json.dumps(config))
    server.answers({"data": [{"id": 1, "at": "2026-01-01T00:00:00Z", "link": "old"}]})
    assert headrace("run", "shop.json").returncode == 0
    changed = {"id": 1, "at": "2026-01-02T00:00:00Z", "link": "?key=c4nary/k3y+value"}
    server.answers({"data": [changed, {"id": 2}]})
    ran = headrace("verify", "shop.json", "--json")

    assert ran.returncode == 1
    (table,) = json.loads(ran.stdout)["tables"]
    assert table["missing"] == {"rows": 1, "keys": [2]}
    assert table["differing"]["fields"] == {"at": 1, "link": 1}
    (example,) = table["differing"]["examples"]
    assert example["columns"]["link"] == {"stored": "old", "listed": "?key=***"}
    assert example["columns"]["at"]["listed"].startswith("2026-01-02T00:00:00")


def test_lists_at_fault_as_json(server: JsonServer) -> None:
    Path("shop.json").write_text(json.dumps(config_of(server)))
    rows = [{"id": n, "tags": [{"name": "a", "marks": [n, 2]}]} for n in (1, 2, 3)]
    server.answers({"data": rows})
    assert headrace("run", "shop.json").returncode == 0
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("DELETE FROM shop_dataset.items__tags__marks WHERE value = 3")
    ran = headrace("verify", "shop.json", "--repair", "--json")

    assert (ran.returncode, ran.stderr) == (0, "")
    told = json.loads(ran.stdout)
    (table,) = told["tables"]
    assert (told["ok"], told["loaded_rows"]) == (True, 1)
    assert (table["differing"]["keys"], table["differing"]["fields"]) == ([3], {"items__tags": 1})
    assert table["repair"]["left"]["differing"]["rows"] == 0
