"""SQLite, which dlt loads into through SQLAlchemy: its times are texts, its datasets files."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import headrace
from tests.support.servers import Answer, JsonServer

# What dlt asks SQLAlchemy for in a merge.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

ROWS = [{"id": number, "name": f"item {number}"} for number in (1, 2, 3)]


@pytest.fixture
def run(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command on a config of `server` and a SQLite file."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    monkeypatch.setenv("DESTINATION__SQLALCHEMY__CREDENTIALS", url)
    endpoint = {"path": "items", "paginator": "single_page"}
    config: dict[str, Any] = {
        "client": {"base_url": server.base_url},
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [{"name": "items", "endpoint": endpoint}],
    }
    Path("shop.json").write_text(json.dumps(config))

    def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return headrace(command, "shop.json", "--destination", "sqlalchemy", *arguments)

    return run


def test_its_runs_are_recorded(
    server: JsonServer, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    server.answers(ROWS, ROWS, Answer({"message": "broken"}, 500))
    first, second, third = run("run"), run("run"), run("run")

    assert (first.returncode, second.returncode, third.returncode) == (0, 0, 1)
    assert "history of runs" not in first.stdout + second.stdout
    told = run("status", "--max-age", "1h", "--json")
    assert told.returncode == 0, told.stderr
    (items,) = json.loads(told.stdout)["resources"]
    assert [each["outcome"] for each in items["runs"]] == ["failed", "complete", "complete"]
    assert items["last_complete"]["rows_loaded"] == 3


def test_its_status_shows_rows_in_quarantine(
    server: JsonServer, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    server.answers([*ROWS, {"id": None, "name": "no id"}])
    assert run("run").returncode == 0
    told = run("status")

    assert told.returncode == 0, told.stderr
    assert "in quarantine: 1" in told.stdout
    assert '{"id": null, "name": "no id"}' in told.stdout


def test_the_query_to_try_works(
    server: JsonServer, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    server.answers(ROWS)
    told = run("run").stdout
    _, _, query = told.partition("A query to try:\n")
    ran = subprocess.run(shlex.split(query), capture_output=True, text=True, timeout=60)

    assert f"It is in sqlalchemy: {tmp_path / 'shop__shop_dataset.db'}" in told
    assert ran.returncode == 0, ran.stderr
    assert [line.split(", ")[:2] for line in ran.stdout.splitlines()] == [
        [f"({row['id']}", f"'{row['name']}'"] for row in ROWS
    ]
