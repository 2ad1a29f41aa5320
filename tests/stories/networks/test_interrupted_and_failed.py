"""Syncs that do not reach their end, and what is said then."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from headrace import SyncError, rest_api_source, sync
from tests.support.command_line import headrace, headrace_apart, headrace_running
from tests.support.servers import Answer, Asked, JsonServer


@pytest.fixture(autouse=True)
def config(server: JsonServer) -> dict[str, Any]:
    document = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{"name": "items", "columns": {"v": {"data_type": "bigint"}}}],
    }
    Path("shop.json").write_text(json.dumps(document))
    server.answers([{"id": 1, "v": 1}])
    return document


def test_ctrl_c_while_the_server_is_slow(server: JsonServer) -> None:
    arrived, released = threading.Event(), threading.Event()

    def never(asked: Asked) -> Answer:
        arrived.set()
        released.wait(60)
        return Answer([])

    server.handler = never
    with headrace_running("run", "shop.json") as running:
        assert arrived.wait(60)
        running.send_signal(signal.SIGINT)
        _, told = running.rest()
        released.set()

    assert running.returncode == 130
    assert told == "Stopped. What was committed stays; run again to go on.\n"


def test_a_destination_whose_packages_are_not_installed() -> None:
    ran = headrace("run", "shop.json", "--destination", "clickhouse://me:s3cr3t@127.0.0.1:9/db")

    assert ran.returncode == 1
    assert 'pip install "dlt[clickhouse]"' in ran.stderr
    assert "s3cr3t" not in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_a_destination_without_its_settings() -> None:
    ran = headrace("run", "shop.json", "--destination", "postgres")

    assert ran.returncode == 1
    assert "are missing: `database`, `password`, `username`, `host`." in ran.stderr
    assert "under [destination.postgres.credentials]" in ran.stderr
    assert "DESTINATION__POSTGRES__CREDENTIALS__HOST" in ran.stderr
    assert len(ran.stderr) < 600


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "sqlite"])
def test_what_dlt_does_not_load_into(scheme: str) -> None:
    ran = headrace("run", "shop.json", "--destination", f"{scheme}://me:s3cr3t@host/db")

    assert ran.returncode == 2
    assert f"`{scheme}` is no destination that dlt knows" in ran.stderr
    assert "s3cr3t" not in ran.stderr


def test_a_url_for_a_destination_that_has_none() -> None:
    ran = headrace("run", "shop.json", "--destination", "sqlalchemy://me:s3cr3t@host/db")

    assert ran.returncode == 2
    assert "dlt cannot make the pipeline" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "s3cr3t" not in ran.stderr


def test_a_load_that_fails_stays_and_can_be_given_up(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # dlt's own log says it too, with a traceback.
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
    assert headrace_apart("run", "shop.json").returncode == 0
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("ALTER TABLE shop_dataset.items ADD CONSTRAINT c PRIMARY KEY (v)")

    failed = headrace_apart("run", "shop.json")
    assert failed.returncode == 1
    assert "failed at its step `load`" in failed.stderr
    assert "the next run tries to load it first. To give it up" in failed.stderr
    assert "headrace run CONFIG --drop-pending" in failed.stderr
    assert "INSERT" not in failed.stderr
    assert "Traceback" not in failed.stderr

    assert headrace_apart("run", "shop.json").returncode == 1
    server.answers([{"id": 2, "v": 2}])
    dropped = headrace_apart("run", "shop.json", "--drop-pending")
    assert dropped.returncode == 0
    assert "given up" not in dropped.stdout

    server.answers([{"id": 3, "v": 2}])
    assert headrace_apart("run", "shop.json").returncode == 1
    server.answers([{"id": 3, "v": 3}])
    mended = headrace_apart("run", "shop.json")
    assert mended.returncode == 0
    assert "it was given up, and is fetched again" in " ".join(mended.stdout.split())


def test_row_values_in_a_statement_are_not_told(config: dict[str, Any]) -> None:
    class BrokenError(Exception):
        pass

    @dlt.destination(name="broken")
    def broken(items: Any, table: Any) -> None:
        raise BrokenError(f"near {'x' * 600}\nLINE 1: INSERT INTO items VALUES ('row-canary')")

    pipeline = dlt.pipeline("broken", destination=broken(), dataset_name="x")
    with pytest.raises(SyncError) as caught:
        sync(pipeline, rest_api_source(config))
    assert "row-canary" not in str(caught.value)
    assert "BrokenError: near xxx" in str(caught.value)
    assert len(str(caught.value)) < 800


def test_a_dataset_of_one_run_is_not_that_of_the_next() -> None:
    assert headrace("run", "shop.json", "--dataset", "elsewhere").returncode == 0
    ran = headrace("run", "shop.json")

    assert ran.returncode == 0
    assert "shop_dataset.items" in ran.stdout


def test_a_port_that_cannot_be() -> None:
    ran = headrace("simulate", "--port", "99999")

    assert ran.returncode == 2
    assert "65535" in ran.stderr
    assert "Traceback" not in ran.stderr
