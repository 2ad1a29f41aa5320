"""`headrace init URL`: from a URL to a loaded table."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

import headrace
from headrace.cli.app import app
from tests.stories.discovering.orders import KEY, ORDERS, bare_list, orders_api
from tests.support.command_line import headrace as command
from tests.support.servers import JsonServer


def rows_in(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERS_KEY", KEY)
    return tmp_path


def test_a_url_becomes_a_config_that_loads_all_rows(here: Path) -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        url = f"{server.base_url}/api/v1/orders"
        made = command("init", url, "--api-key", "X-API-Key=${ORDERS_KEY}")
        asked = len(server.asked)
        ran = command("run", "headrace.yml")

    assert (made.returncode, ran.returncode) == (0, 0), made.stdout + ran.stderr
    assert asked <= 16
    assert "orders: the first 5 rows" in made.stdout
    assert "Load it: ORDERS_KEY=... headrace run headrace.yml" in made.stdout
    ids = rows_in(here / "orders.duckdb", "select id from orders_dataset.orders order by id")
    assert [number for (number,) in ids] == list(range(1, len(ORDERS) + 1))
    text = (here / "headrace.yml").read_text()
    endpoint = yaml.safe_load(text)["resources"][0]["endpoint"]
    assert endpoint["paginator"] == {
        "type": "cursor",
        "cursor_path": "meta.next",
        "cursor_param": "after",
        "limit": 100,
        "limit_param": "limit",
    }
    assert "asked for 1,000 rows, gave 100" in text
    assert "page 2 had 25 new rows" in text


def test_the_rows_that_are_shown_count_among_the_requests() -> None:
    proven = 0
    for most in range(5, 15):
        with JsonServer() as server:
            server.handler = orders_api()
            url = f"{server.base_url}/api/v1/orders"
            who = ["--header", f"X-API-Key: {KEY}", "--max-requests", str(most), "--force"]
            made = CliRunner().invoke(app, ["init", url, *who])
            assert len(server.asked) <= most
            proven += made.exit_code == 0
    assert proven


def test_what_is_not_proven_is_not_run(here: Path) -> None:
    with JsonServer() as server:
        server.handler = bare_list
        made = command("init", f"{server.base_url}/names")
        ran = command("run", "headrace.yml")
        said = command("init", f"{server.base_url}/names", "--single-page", "--force")
        loaded = command("run", "headrace.yml")

    assert made.returncode == 1
    assert "Not known: paginator: nothing says whether these 7 rows are all" in made.stdout
    assert ran.returncode == 2
    assert "endpoint.paginator" in ran.stderr
    assert "`headrace init` writes where it could not prove" in ran.stderr
    assert (said.returncode, loaded.returncode) == (0, 0)
    (count,) = rows_in(here / "names.duckdb", "select count(*) from names_dataset.names")
    assert count == (7,)


def test_a_file_that_is_there_stays_and_the_api_is_not_asked(here: Path) -> None:
    (here / "headrace.yml").write_text("mine")
    with JsonServer() as server:
        server.handler = orders_api()
        made = command("init", f"{server.base_url}/api/v1/orders")

    assert made.returncode == 2
    assert "replace it with --force" in made.stderr
    assert server.asked == []
    assert (here / "headrace.yml").read_text() == "mine"


def test_who_may_not_ask_is_told_how_to_say_who_asks() -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        made = command("init", f"{server.base_url}/api/v1/orders")

    assert made.returncode == 1
    assert "401" in made.stderr
    assert "--bearer" in made.stderr


def test_a_key_that_is_left_out_is_asked_for_and_never_shown(here: Path) -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        url = f"{server.base_url}/api/v1/orders"
        ran = CliRunner().invoke(app, ["init", url, "--api-key", "X-API-Key"], input=f"{KEY}\n")

    assert ran.exit_code == 0, ran.output
    assert KEY not in ran.output
    text = (here / "headrace.yml").read_text()
    assert KEY not in text
    assert "api_key: ${API_KEY}" in text
    assert "API_KEY=... headrace run headrace.yml" in ran.output


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"X-API-Key": KEY}},
        {"auth": {"type": "api_key", "name": "X-API-Key", "api_key": KEY, "location": "header"}},
    ],
    ids=["a header", "an auth"],
)
def test_in_python_a_secret_gets_a_name(given: dict[str, dict[str, str]]) -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        url = f"{server.base_url}/api/v1/orders"
        found = headrace.discover(url, **given)  # type: ignore[arg-type]

    shown = f"{found!r}{found.text}{found.evidence}{found.requests}{found.config}"
    assert KEY not in shown
    assert found.config["client"]["auth"]["api_key"] == "${API_KEY}"
    assert len(found.requests) == len(server.asked)
    assert found.is_proven


def test_only_the_host_that_was_named_is_asked() -> None:
    with JsonServer() as other, JsonServer() as server:
        other.answers({"data": [], "next": None})
        server.answers(
            {"data": [{"id": 1}, {"id": 2}], "next": f"{other.base_url}/more?page=2"},
        )
        found = headrace.discover(f"{server.base_url}/things")

    assert other.asked == []
    assert not found.is_proven
    told = [each.text for each in found.evidence if each.verdict == "ruled out"]
    assert any(other.base_url.removeprefix("http://") in text for text in told)


def test_it_stops_at_the_bound_and_says_so() -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        url = f"{server.base_url}/api/v1/orders"
        found = headrace.discover(url, headers={"X-API-Key": KEY}, max_requests=4)

    assert len(server.asked) <= 4
    assert found.is_proven or found.unknown
