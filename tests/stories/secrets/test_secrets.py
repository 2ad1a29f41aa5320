"""A secret that is not in `client.auth` is masked as well, wherever it would be seen."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headrace import rest_api_source, sync
from headrace.config import load_config
from headrace.config.secrets.masking import secrets_of_url
from headrace.core.exceptions import ConfigError
from headrace.destination.pipeline import open_pipeline
from tests.support.command_line import headrace
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

KEY = "c4nary/k3y+value"


@pytest.fixture(autouse=True)
def setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", KEY)


def write(server: JsonServer, endpoint: dict[str, Any], **resource: Any) -> None:
    document = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{"name": "items", "endpoint": endpoint, **resource}],
    }
    Path("shop.json").write_text(json.dumps(document))


def echo(asked: Asked) -> Answer:
    return Answer({"message": f"no: {dict(asked.headers)} {asked.path} {asked.query}"}, 401)


ENDPOINTS: dict[str, dict[str, Any]] = {
    "in a param": {"params": {"access_token": "${SHOP_KEY}"}},
    "in a param of any name": {"params": {"q": "${SHOP_KEY}"}},
    "in the path": {"path": "/x/${SHOP_KEY}/y"},
    "in a header": {"headers": {"Authorization": "Bearer ${SHOP_KEY}"}},
    "in a header of any name": {"headers": {"X-Shop": "Shop ${SHOP_KEY}"}},
}


def assert_masked(*texts: str) -> None:
    for text in texts:
        assert "c4nary" not in text
        assert "Traceback" not in text
    assert "***" in "".join(texts)


@pytest.mark.parametrize("place", ENDPOINTS)
def test_check_masks_what_the_server_echoes(place: str, server: JsonServer) -> None:
    write(server, {"path": "/x", **ENDPOINTS[place]})
    server.handler = echo
    ran = headrace("check", "shop.json")

    assert ran.returncode == 1
    assert_masked(ran.stdout, ran.stderr)
    assert "resource `items`" in ran.stderr
    assert server.base_url in ran.stderr


@pytest.mark.parametrize("place", ["in a param", "in the path"])
def test_check_masks_the_url_that_it_shows(place: str, server: JsonServer) -> None:
    write(server, {"path": "/x", **ENDPOINTS[place]})
    server.answers([{"id": 1}])
    ran = headrace("check", "shop.json")

    assert ran.returncode == 0
    assert_masked(ran.stdout)


def test_check_masks_and_locates_a_row_that_does_not_fit(server: JsonServer) -> None:
    write(server, {"path": "/x/${SHOP_KEY}/y"}, primary_key="id")
    server.answers([{"id": None, "link": f"https://x/?key={KEY}"}])
    ran = headrace("check", "shop.json")

    assert ran.returncode == 1
    assert_masked(ran.stderr)
    assert f"resource `items`: GET {server.base_url}/x/***/y: a row would go to" in ran.stderr


def test_check_locates_a_row_that_cannot_be_read(server: JsonServer) -> None:
    write(server, {"path": "/x/${SHOP_KEY}/y", "data_selector": "data"})
    server.answers(Answer(raw=b'{"data": [{"id": 1}, {"id": "\xff"}]}'))
    ran = headrace("check", "shop.json")

    assert ran.returncode == 1
    assert_masked(ran.stderr)
    assert f"GET {server.base_url}/x/***/y: a row would go to quarantine" in ran.stderr


def test_preview_masks_what_rows_echo(server: JsonServer) -> None:
    write(server, {"params": {"access_token": "${SHOP_KEY}"}})
    server.answers([{"id": 1, "link": f"https://x/?key={KEY}", "tags": [{"a": KEY}]}])

    for options in ([], ["--json"]):
        ran = headrace("preview", "shop.json", *options)
        assert ran.returncode == 0
        assert_masked(ran.stdout)


def test_the_quarantine_holds_no_secret(server: JsonServer) -> None:
    write(server, {"path": "/x/${SHOP_KEY}/y"}, primary_key="id")
    server.answers([{"id": 1}, {"id": None, "link": f"https://x/?key={KEY}"}])
    assert headrace("run", "shop.json").returncode == 0

    with duckdb.connect("shop.duckdb", read_only=True) as connection:
        (row,) = connection.execute(
            "SELECT raw_row, request FROM shop_dataset._headrace_quarantine"
        ).fetchall()
    assert_masked(*row)


def secrets_of(document: dict[str, Any], **settings: str) -> frozenset[str]:
    return load_config(document, lookup=settings.get).secrets


def test_what_is_secret_by_its_place_or_by_its_name() -> None:
    document: dict[str, Any] = {
        "client": {
            "base_url": "https://me:p4ssw0rd@${HOST}",
            "headers": {"Authorization": "Bearer written-here"},
            "paginator": "single_page",
        },
        "resources": [
            {
                "name": "items",
                "endpoint": {"params": {"state": "${STATE}", "q": "${SHOP_KEY}"}},
                "columns": {"token": {"data_type": "timestamp", "description": "of the client"}},
            }
        ],
    }
    found = secrets_of(document, HOST="api.example.com", STATE="finished", SHOP_KEY=KEY)

    assert found == {KEY, "p4ssw0rd", "Bearer written-here", "written-here"}
    assert KEY not in repr(load_config(document, lookup=lambda name: KEY))


def test_a_word_under_a_name_that_may_be_of_a_secret_stays_in_rows_and_messages() -> None:
    document: dict[str, Any] = {
        "client": {"base_url": "https://h", "paginator": "single_page"},
        "resources": [
            {
                "name": "items",
                "endpoint": {
                    "params": {"project_key": "HEADRACE"},
                    "headers": {"X-Shop-Key": "a-key-of-a-shop"},
                },
            }
        ],
    }
    assert secrets_of(document) == {"a-key-of-a-shop"}


def test_where_a_secret_goes_is_none() -> None:
    document: dict[str, Any] = {
        "client": {"base_url": "${TOKEN_URL}", "paginator": "single_page"},
        "resources": [{"name": "items", "primary_key": "${PRIMARY_KEY}"}],
    }
    assert not secrets_of(document, TOKEN_URL="https://api.example.com", PRIMARY_KEY="uuid")


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://me:p%40ss-word@h/x", {"p%40ss-word", "p@ss-word"}),
        ("https://a-key-as-user@h/x", {"a-key-as-user"}),
        ("https://h/x?limit=10&api_key=k1-k2-k3-k4&sort_key=created_at", {"k1-k2-k3-k4"}),
        ("https://h/users/@me", set()),
        ("/users/@me/items?q=a@b", set()),
        ("postgresql://loader:p4ssw0rd@h/db", {"p4ssw0rd"}),
        ("postgresql://postgres:postgres@h/db", set()),
        ("postgresql://loader@h/db", set()),
        ("postgresql:/loader:p4ssw0rd@h/db", {"loader:p4ssw0rd", "p4ssw0rd"}),
        ("postgresql://loader:p4ss/w0rd@h/db", {"loader:p4ss/w0rd", "p4ss/w0rd"}),
        ("duckdb:///some/file.duckdb", set()),
        ("postgres", set()),
    ],
)
def test_the_secrets_of_a_url(url: str, secrets: set[str]) -> None:
    assert set(secrets_of_url(url)) == secrets


def test_a_destination_that_is_none_is_told_without_its_password() -> None:
    config = load_config(
        {"client": {"base_url": "https://h", "paginator": "single_page"}, "resources": ["items"]}
    )
    with pytest.raises(ConfigError, match="`postgresql` is no destination") as caught:
        open_pipeline(config, "test", "postgresql:/loader:p4ssw0rd@h/db")
    assert "p4ssw0rd" not in str(caught.value)


def test_all_secrets_of_many_resources_are_masked_in_what_dlt_logs() -> None:
    keys = [f"key-of-resource-{number:03}" for number in range(150)]
    source = rest_api_source(
        {
            "client": {"base_url": "https://h", "paginator": "single_page"},
            "resources": [
                {"name": key, "endpoint": {"path": "/x", "auth": {"type": "bearer", "token": key}}}
                for key in keys
            ],
        }
    )
    record = logging.getLogger("dlt").makeRecord("dlt", 30, "", 1, " ".join(keys), (), None)
    logging.getLogger("dlt").handle(record)
    assert record.getMessage() == " ".join(["***"] * len(source.resources))


def test_a_sync_leaves_alone_how_the_program_around_it_logs(
    server: JsonServer, warehouse: Warehouse
) -> None:
    def of_the_program() -> list[object]:
        handlers = [(each, each.filters[:]) for each in logging.root.handlers]
        return [logging.getLogRecordFactory(), logging.root.filters[:], handlers]

    before, during = of_the_program(), []

    def handler(asked: Asked) -> Answer:
        during.append(of_the_program())
        return Answer([{"id": 1}])

    server.handler = handler
    config = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": ["items"],
    }
    sync(warehouse.pipeline(), rest_api_source(config))
    assert [*during, of_the_program()] == [before, before]
    assert before[0] is logging.LogRecord
