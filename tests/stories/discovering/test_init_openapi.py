"""`headrace init --openapi`: from a document to loaded tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from headrace.cli.picking import picked
from tests.support.command_line import headrace as command
from tests.support.servers import Answer, Asked, JsonServer

TOKEN = "not-a-secret"
ORDERS = [
    {"id": f"o-{number}", "placed_at": f"2026-01-{number:02}T00:00:00Z", "total": number}
    for number in range(1, 8)
]
TAGS = [{"tag": f"t{number}"} for number in range(5)]
_ROW = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


def _listing(answer: Any, *parameters: str, **more: Any) -> dict[str, Any]:
    """An operation that lists."""
    return {
        "get": {
            "parameters": [
                {"name": name, "in": "query", "schema": {"type": "integer"}} for name in parameters
            ],
            "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
            **more,
        }
    }


def _list_of(row: Any) -> dict[str, Any]:
    return {"type": "array", "items": row}


ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "placed_at": {"type": "string", "format": "date-time"},
        # It is a number.
        "total": {"type": "string", "format": "date-time"},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop"},
    "security": [{"token": []}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/orders": _listing(
            {"properties": {"data": _list_of(ORDER), "total": {"type": "integer"}}},
            "limit",
            "offset",
        ),
        "/orders/{order_id}/lines": _listing(_list_of(_ROW), "offset"),
        # Its document is silent about its pages, and its rows have no id.
        "/tags": _listing({"properties": {"tags": _list_of({"type": "object"})}}, "size"),
        # Nobody knows whether one page is all, and one does not answer.
        "/names": _listing(_list_of(_ROW)),
        "/gone": _listing(_list_of(_ROW), "offset"),
        "/shops/{shop}/keys": _listing(_list_of(_ROW), "offset"),
    },
}


def _shop(asked: Asked) -> Answer:
    """The API of the document."""
    if asked.path == "/openapi.json":
        return Answer(DOCUMENT)
    if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
        return Answer({"message": "who are you?"}, 401)
    offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 3))
    if asked.path == "/orders":
        rows = ORDERS[offset : offset + min(limit, 3)]
        return Answer({"data": rows, "total": len(ORDERS)})
    if asked.path.endswith("/lines"):
        lines = [{"id": f"line-{number}"} for number in range(2)]
        return Answer(lines[offset:] if asked.path != "/orders/o-1/lines" else [])
    if asked.path == "/tags":
        begin, size = int(asked.query.get("after", 0)), int(asked.query.get("size", 2))
        page = TAGS[begin : begin + size]
        more = begin + size if begin + size < len(TAGS) else None
        return Answer({"tags": page, "next_after": more})
    if asked.path == "/names":
        return Answer([{"id": "a"}, {"id": "b"}])
    if asked.path == "/shops/berlin/keys":
        return Answer([{"id": f"key-{number}"} for number in range(4)][offset : offset + limit])
    return Answer({"message": "not found"}, 404)


def count(path: Path, table: str) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(f"select count(*) from {table}").fetchone()
    assert found is not None
    return int(found[0])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_document_becomes_a_config_that_loads_all_rows(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    with JsonServer() as server:
        server.handler = _shop
        document = f"{server.base_url}/openapi.json"
        made = command("init", "--openapi", document, "--resource", "*")
        asked = len(server.asked)
        checked = command("check", "headrace.yml")
        ran = command("run", "headrace.yml")

    codes = (made.returncode, checked.returncode, ran.returncode)
    assert codes == (0, 0, 0), made.stderr + checked.stderr + ran.stderr
    assert asked <= 75
    assert "Left out: names: " in made.stdout
    assert "Left out: gone: " in made.stdout
    assert "404" in made.stdout
    text = (here / "headrace.yml").read_text()
    assert TOKEN not in text
    config = yaml.safe_load(text)
    by_name = {each["name"]: each for each in config["resources"]}
    assert list(by_name) == ["orders", "lines", "tags"]
    assert by_name["orders"]["columns"] == {"placed_at": {"data_type": "timestamp"}}
    assert "`total` as the document has it: a row has 1" in text
    assert "the parameters `offset` and `limit`: page 2 had 3 new rows" in text
    assert by_name["lines"]["endpoint"]["path"] == "/orders/{resources.orders.id}/lines"
    assert by_name["lines"]["primary_key"] == ["_orders_id", "id"]
    assert by_name["tags"]["endpoint"]["paginator"]["cursor_param"] == "after"
    database = here / "shop.duckdb"
    counts = [count(database, f"shop_dataset.{name}") for name in by_name]
    assert counts == [len(ORDERS), 2 * (len(ORDERS) - 1), len(TAGS)]


def test_who_asks_is_told_to_no_host_that_only_the_document_names(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    with JsonServer() as other, JsonServer() as own:
        own.handler = lambda asked: Answer({**DOCUMENT, "servers": [{"url": other.base_url}]})
        call = ["init", "--openapi", f"{own.base_url}/openapi.json", "--resource", "orders"]
        made = command(*call, "--bearer", "another")
        file = here / "document.json"
        file.write_text(json.dumps({**DOCUMENT, "servers": [{"url": other.base_url}]}))
        of_file = command("init", "--openapi", "document.json", "--resource", "orders", "--force")

    assert other.asked == []
    assert (made.returncode, of_file.returncode) == (0, 0)
    for each in (made, of_file):
        assert f"to ask there, say --base-url {other.base_url}" in each.stdout


def test_a_file_and_where_the_api_is(here: Path) -> None:
    (here / "openapi.yml").write_text(yaml.safe_dump(DOCUMENT))
    with JsonServer() as server:
        server.handler = _shop
        made = command(
            *("init", "--openapi", "openapi.yml", "shop.yml", "--base-url", server.base_url),
            *("--resource", "orders", "--bearer", TOKEN),
        )

    assert made.returncode == 0, made.stderr
    config = yaml.safe_load((here / "shop.yml").read_text())
    assert config["client"]["auth"] == {"type": "bearer", "token": "${API_TOKEN}"}
    assert "page 2 had 3 new rows" in (here / "shop.yml").read_text()


def test_two_keys_that_are_wanted_together_are_both_sent(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", TOKEN)
    monkeypatch.setenv("API_X_APP_ID", "shop-7")
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        "app": {"type": "apiKey", "in": "header", "name": "X-App-Id"},
    }
    document = {
        **DOCUMENT,
        "security": [{"key": [], "app": []}],
        "components": {"securitySchemes": schemes},
    }

    def shop(asked: Asked) -> Answer:
        names = {asked.headers.get("X-Api-Key"), asked.headers.get("X-App-Id")}
        if asked.path != "/openapi.json" and names != {TOKEN, "shop-7"}:
            return Answer({}, 401)
        return Answer(document if asked.path == "/openapi.json" else [{"id": "a"}])

    with JsonServer() as server:
        server.handler = shop
        place = f"{server.base_url}/openapi.json"
        command("init", "--openapi", place, "--resource", "names")
    client = yaml.safe_load((here / "headrace.yml").read_text())["client"]
    assert client["headers"] == {"X-App-Id": "${API_X_APP_ID}"}


def test_without_a_terminal_it_says_what_there_is(here: Path) -> None:
    (here / "openapi.json").write_text(json.dumps(DOCUMENT))
    made = command("init", "--openapi", "openapi.json")

    assert made.returncode == 2
    assert "lines                         GET /orders/{order_id}/lines" in made.stdout
    assert "keys                          GET /shops/{shop}/keys  (needs shop)" in made.stdout
    assert "headrace init --openapi openapi.json --resource orders" in made.stderr
    assert not (here / "headrace.yml").exists()


def test_what_is_not_known_is_not_run(here: Path) -> None:
    (here / "openapi.json").write_text(json.dumps(DOCUMENT))
    made = command(
        *("init", "--openapi", "openapi.json", "--base-url", "http://127.0.0.1:9"),
        *("--resource", "names", "--resource", "keys"),
    )
    ran = command("run", "headrace.yml")

    assert (made.returncode, ran.returncode) == (1, 2)
    assert "Not known: names: paginator: the document names nothing of pages" in made.stdout
    text = (here / "headrace.yml").read_text()
    assert "path: /shops/${API_SHOP}/keys" in text


def test_a_value_of_the_users_is_asked_with_where_it_is_there(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "openapi.json").write_text(json.dumps(DOCUMENT))
    monkeypatch.setenv("API_SHOP", "berlin")
    with JsonServer() as server:
        server.handler = _shop
        call = ("init", "--openapi", "openapi.json", "--base-url", server.base_url)
        made = command(*call, "--resource", "keys", "--bearer", TOKEN)
        refused = command(*call, "--resource", "keys", "--bearer", "another", "--force")

    assert made.returncode == 0, made.stderr
    text = (here / "headrace.yml").read_text()
    assert "path: /shops/${API_SHOP}/keys" in text
    assert "the parameters `offset`: in pages of 2, page 2 had 2 new rows" in text
    assert refused.returncode == 1
    assert "401 Unauthorized" in refused.stderr
    assert (here / "headrace.yml").read_text() == text


def test_a_name_that_is_not_there_and_no_document(here: Path) -> None:
    (here / "openapi.json").write_text(json.dumps(DOCUMENT))
    wrong = command("init", "--openapi", "openapi.json", "--resource", "order")
    none = command("init", "--openapi", "missing.json")

    assert (wrong.returncode, none.returncode) == (2, 2)
    assert "no listing `order`; did you mean `orders`?" in wrong.stderr
    assert "missing.json is no file that is there" in none.stderr


def test_listings_are_picked_by_searching() -> None:
    lines = {name: f"{name}  GET /{name}" for name in ("orders", "jars", "keys", "order_lines")}
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        # `j` and `k` are letters of names as well.
        keys.send_text("j \x7fk \x7f\r")
        assert picked("Which?", lines) == ["jars", "keys"]


@pytest.mark.parametrize(
    "options",
    [
        ("--resource", "orders"),
        ("--base-url", "https://api.example.com"),
        ("--openapi", "openapi.json", "--name", "orders"),
        ("--openapi", "openapi.json", "--single-page"),
        ("--openapi", "openapi.json", "--from-curl"),
    ],
)
def test_options_that_do_not_go_together(options: tuple[str, ...]) -> None:
    assert command("init", *options).returncode == 2
