"""What an API sends, or a config holds, is shown on a terminal and never steers it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from headrace.core.control_characters import visible
from tests.support.command_line import headrace
from tests.support.servers import Answer, JsonServer

# Clears the screen, in two ways; takes the title; turns the direction of writing.
EVIL = "\x1b[2J\x9b2J\x1b]0;t\x07\u202ea\x7f"
MARKUP = "[red]"
SHOWN = visible(EVIL)


@pytest.fixture(autouse=True)
def config(server: JsonServer) -> None:
    items = {
        "name": f"items{MARKUP}",
        "table_name": "items",
        "primary_key": "id",
        "write_disposition": "merge",
        "columns": {"n": {"data_type": "bigint"}},
        "endpoint": {"path": "items"},
    }
    client = {"base_url": server.base_url, "paginator": "single_page"}
    Path("evil.json").write_text(json.dumps({"client": client, "resources": [items]}))
    server.answers([{"id": "1", "note": f"{EVIL}{MARKUP}", EVIL: 1}])


def run(*arguments: str, fails: bool = False) -> str:
    ran = headrace(*arguments)
    assert (ran.returncode != 0) is fails, ran.stderr
    told = ran.stdout + ran.stderr
    # All that is left are line ends.
    assert not set(told) & (set(EVIL) - set("[2J]0;ta"))
    return told


def test_previews(server: JsonServer) -> None:
    told = run("preview", "evil.json")
    assert f"items{MARKUP}: the first 1 row" in told
    assert f"{SHOWN}{MARKUP}" in told

    told = run("preview", "evil.json", "--json")
    (row,) = json.loads(told)
    assert row["note"] == f"{EVIL}{MARKUP}"

    server.answers([])
    assert f"items{MARKUP}: the listing is empty" in run("preview", "evil.json")


def test_check_and_its_errors(server: JsonServer) -> None:
    assert f"items{MARKUP}: " in run("check", "evil.json")
    server.answers(Answer({"message": f"no {EVIL}"}, 401))
    run("check", "evil.json", fails=True)


def test_a_file_name_and_a_value_of_a_config() -> None:
    assert SHOWN in run("check", f"{EVIL}.json", fails=True)
    Path("wrong.json").write_text(json.dumps({"client": {"base_url": EVIL}, "resources": []}))
    run("check", "wrong.json", fails=True)


def test_a_sync_its_status_and_its_verification() -> None:
    run("run", "evil.json")
    run("status", "evil.json")
    assert json.loads(run("status", "evil.json", "--json"))["has_run"]
    with duckdb.connect("evil.duckdb") as connection:
        connection.execute(f"UPDATE evil_dataset.items SET note = 'b{EVIL}'")
        connection.execute("UPDATE evil_dataset._headrace_runs SET outcome = 'x\x1b[2J'")
    assert f"b{SHOWN}" in run("verify", "evil.json", fails=True)
    run("status", "evil.json")


def test_in_a_terminal_nothing_but_styles_is_left() -> None:
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "headrace", "preview", "evil.json"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    with subprocess.Popen(command, stdout=its, stderr=its, env=environment) as running:
        os.close(its)
        screen = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            screen += part
    os.close(ours)
    assert running.returncode == 0
    told = screen.decode()
    assert "\x1b[1m" in told
    assert SHOWN in re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert set(re.findall(r"\x1b(?!\[[0-9;]*m)|[\x80-\x9f\u202e\x07\x7f]", told)) == set()
