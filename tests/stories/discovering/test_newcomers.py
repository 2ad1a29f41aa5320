"""`headrace init` in the hands of someone who sees it for the first time."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from headrace.cli.app import app
from tests.stories.discovering.orders import KEY, orders_api
from tests.support.command_line import Ran
from tests.support.command_line import headrace as command
from tests.support.servers import Answer, Asked, JsonServer


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERS_KEY", KEY)
    return tmp_path


@pytest.mark.parametrize("options", [["--bearer", "x"], ["--single-page"], ["--name", "orders"]])
def test_options_of_a_url_are_refused_without_one(here: Path, options: list[str]) -> None:
    made = command("init", *options)

    assert made.returncode == 2
    assert "give that of a listing, with https://" in " ".join(made.stderr.split())
    assert not list(here.iterdir())


@pytest.mark.parametrize("url", ["api.example.com", "localhost:8080/orders", "example.com/orders"])
def test_a_url_without_its_beginning_becomes_no_file(here: Path, url: str) -> None:
    made = command("init", url)

    assert made.returncode == 2
    assert f"`{url}` is no URL, as one begins with https://" in made.stderr
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    "options",
    [
        ["--bearer", ""],
        ["--api-key", "X-API-Key="],
        ["--basic", ":"],
        ["--header", "X-API-Key: "],
    ],
)
def test_a_variable_that_the_shell_put_in_as_nothing_is_told_of(options: list[str]) -> None:
    with JsonServer() as server:
        made = command("init", f"{server.base_url}/orders", *options)

    assert made.returncode == 2
    assert f"Invalid value for {options[0]}: is empty. In double quotes the shell" in made.stderr
    assert not server.asked


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("nowhere/orders.yml", "there is no folder nowhere"),
        ("folder", "folder is a folder; name a file in it"),
    ],
)
def test_where_nothing_can_be_written_the_api_is_not_asked(
    here: Path, file: str, told: str
) -> None:
    (here / "folder").mkdir()
    with JsonServer() as server:
        made = command("init", f"{server.base_url}/orders", file)

    assert made.returncode == 2
    assert told in made.stderr
    assert not server.asked


def test_the_url_of_an_openapi_document_is_known_as_one() -> None:
    def document(_: Asked) -> Answer:
        return Answer({"openapi": "3.1.0", "paths": {}, "tags": [{"name": "a"}, {"name": "b"}]})

    with JsonServer() as server:
        server.handler = document
        made = command("init", f"{server.base_url}/openapi.json")

    assert made.returncode == 1
    assert "`headrace init --openapi` with this URL makes a config of it" in made.stderr
    assert not Path("headrace.yml").exists()


def test_a_name_that_no_folder_can_have_still_runs() -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        url = f"{server.base_url}/api/v1/orders"
        key = ("--api-key", "X-API-Key=${ORDERS_KEY}")
        made = command("init", url, *key, "--name", "a/b: orders?")
        ran = command("run", "headrace.yml")

    assert (made.returncode, ran.returncode) == (0, 0), made.stdout + ran.stderr
    config = yaml.safe_load(Path("headrace.yml").read_text())
    assert config["pipeline"]["name"] == "a_b_orders"
    assert config["resources"][0]["name"] == "a/b: orders?"


def test_what_is_to_be_said_of_many_columns_is_said_once() -> None:
    def wide(_: Asked) -> Answer:
        rows = [{"id": n} | {f"c{k}": None for k in range(30)} for n in range(20)]
        return Answer({"total": 20, "rows": rows})

    with JsonServer() as server:
        server.handler = wide
        made = command("init", f"{server.base_url}/wide", "--single-page")

    assert made.returncode == 0, made.stderr
    assert "Not known: c0, c1, c2, c3 and 26 more: always null in 20 rows" in made.stdout
    assert made.stdout.count("Not known") == 1
    assert "# - c0, c1, c2, c3 and 26 more: always null" in Path("headrace.yml").read_text()


def test_too_few_requests_rule_nothing_out() -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        url = f"{server.base_url}/api/v1/orders"
        made = command("init", url, "--api-key", f"X-API-Key={KEY}", "--max-requests", "4")

    assert made.returncode == 1
    assert "allow more, by `--max-requests`" in made.stdout
    assert "not followed to its end" not in Path("headrace.yml").read_text()


def test_a_page_that_has_all_that_the_api_tells_of_is_not_followed_by_more_of_it() -> None:
    def stock(asked: Asked) -> Answer:
        begin, size = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 10))
        rows = [{"id": number} for number in range(12)][begin : begin + size]
        return Answer({"total": 12, "items": rows})

    with JsonServer() as server:
        server.handler = stock
        made = command("init", f"{server.base_url}/stock")

    assert made.returncode == 0, made.stderr
    assert "with 12 rows; that is all, as it tells; another page is asked for" in made.stdout


@pytest.mark.parametrize("by", ["option", "curl"])
def test_a_key_in_place_of_a_user_needs_no_password(
    monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    sent = f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}"

    def charges(asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != sent:
            return Answer({"error": "who are you?"}, 401)
        return Answer({"data": [{"id": "ch_1"}, {"id": "ch_2"}], "total": 2})

    monkeypatch.setenv("API_USER", KEY)
    with JsonServer() as server:
        server.handler = charges
        url = f"{server.base_url}/charges"
        if by == "option":
            made = command("init", url, "--basic", f"{KEY}:", "--single-page")
        else:
            arguments = ["init", "--from-curl", "--single-page"]
            ran = CliRunner().invoke(app, arguments, input=f"curl {url} -u {KEY}:")
            made = Ran(arguments, ran.exit_code, ran.stdout, ran.stderr)
        loaded = command("run", "headrace.yml")
        explained = command("explain", "headrace.yml")

    assert (made.returncode, loaded.returncode) == (0, 0), made.stderr + loaded.stderr
    auth = yaml.safe_load(Path("headrace.yml").read_text())["client"]["auth"]
    assert auth == {"type": "http_basic", "username": "${API_USER}", "password": ""}
    assert "a user without a password by HTTP Basic, from ${API_USER}" in explained.stdout
    assert KEY not in Path("headrace.yml").read_text() + made.stdout + made.stderr


def test_the_first_rows_have_the_columns_of_the_table() -> None:
    def issues(_: Asked) -> Answer:
        user = {"login": "ann", "id": 7}
        plain = {"id": 1, "user": user, "labels": []}
        return Answer({"issues": [plain, {"id": 2, "user": user, "labels": [{"name": "bug"}]}]})

    with JsonServer() as server:
        server.handler = issues
        made = command("init", f"{server.base_url}/issues", "--single-page")

    assert made.returncode == 0, made.stderr
    assert "columns: id, user__login, user__id, labels" in made.stdout
    assert '{"login"' not in made.stdout


@pytest.mark.parametrize(
    ("field", "value", "said"), [("state", "open", "open"), ("archived", False, "false")]
)
def test_rows_of_one_state_are_asked_about(field: str, value: object, said: str) -> None:
    def issues(_: Asked) -> Answer:
        return Answer([{"id": number, field: value} for number in range(1, 31)])

    with JsonServer() as server:
        server.handler = issues
        made = command("init", f"{server.base_url}/issues", "--single-page")
        asked = command("init", f"{server.base_url}/issues?{field}=all", "b.yml", "--single-page")

    told = f"`{field}` is `{said}` in all 30 rows: does the API list those alone unless asked"
    assert (made.returncode, asked.returncode) == (0, 0), made.stderr + asked.stderr
    assert told in made.stdout
    assert told not in asked.stdout


def test_a_url_that_is_not_found_is_asked_about_as_a_url() -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        url = f"{server.base_url}/api/v1/ordres"
        made = command("init", url, "--api-key", f"X-API-Key={KEY}")

    assert made.returncode == 1
    assert "Check `client.base_url` and the resource's `endpoint.path`." in made.stderr
    assert "The URL is taken apart into those two: is it that of a listing" in made.stderr
