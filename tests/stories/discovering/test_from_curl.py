"""`headrace init --from-curl`: from a command that is pasted to a loaded table."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from headrace.cli.app import app
from tests.stories.discovering.orders import KEY, ORDERS, orders_api
from tests.support.command_line import headrace as command
from tests.support.servers import JsonServer

LONGEST = 60.0


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def as_a_browser_copies_it(server: JsonServer, *more: str) -> str:
    lines = [
        f"curl '{server.base_url}/api/v1/orders?limit=25'",
        "-H 'accept: application/json, text/plain, */*'",
        "-H 'accept-language: en-US,en;q=0.9'",
        f"-H 'X-API-Key: {KEY}'",
        "-H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)'",
        "--compressed",
        *more,
    ]
    return " \\\n  ".join(lines) + "\n"


def test_a_command_in_a_pipe_becomes_a_config_that_loads_all_rows(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        pasted = as_a_browser_copies_it(server)
        made = CliRunner().invoke(app, ["init", "--from-curl", "orders.yml"], input=pasted)
        assert made.exit_code == 0, made.output
        assert "GET of `orders` at 127.0.0.1:" in made.stderr
        assert "left out: the headers accept, accept-language, user-agent" in made.stderr
        text = (here / "orders.yml").read_text()
        assert KEY not in text + made.output
        assert "api_key: ${API_KEY}" in text
        assert "accept-language" not in text

        monkeypatch.setenv("API_KEY", KEY)
        ran = command("run", "orders.yml")
    assert ran.returncode == 0, ran.stderr
    with duckdb.connect("orders.duckdb", read_only=True) as connection:
        found = connection.execute("select count(distinct id) from orders_dataset.orders")
        assert found.fetchone() == (len(ORDERS),)


def test_a_command_that_may_change_something_is_not_made(here: Path) -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        pasted = as_a_browser_copies_it(server, """--data-raw '{"state": "open"}'""")
        made = CliRunner().invoke(app, ["init", "--from-curl"], input=pasted)
        assert made.exit_code == 2
        assert "if it only lists rows, say --post" in made.stderr
        assert not server.asked

        made = CliRunner().invoke(app, ["init", "--from-curl", "--post"], input=pasted)
        assert {each.method for each in server.asked} == {"POST"}
        assert all(b'"open"' in each.body for each in server.asked)
    assert KEY not in made.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["https://api.example.com"], "the command says what to ask"),
        (["--bearer", "x"], "the command says what to ask"),
        ([], "must begin with `curl`"),
    ],
)
def test_what_does_not_go_together(arguments: list[str], told: str, here: Path) -> None:
    ran = CliRunner().invoke(app, ["init", "--from-curl", *arguments], input="wget x")
    assert ran.exit_code == 2
    assert told in ran.stderr
    assert not list(here.iterdir())


def test_post_is_of_a_pasted_command_alone() -> None:
    ran = CliRunner().invoke(app, ["init", "https://api.example.com", "--post"])
    assert ran.exit_code == 2
    assert "is of a pasted command" in ran.stderr


def test_a_long_command_is_pasted_into_a_terminal_and_not_shown(here: Path) -> None:
    with JsonServer() as server:
        server.handler = orders_api()
        # A terminal takes no more than 4,095 bytes of a line, unless it is asked to.
        cookie = f"-b 'session={'c0okie' * 1_000}'"
        pasted = as_a_browser_copies_it(server, cookie)
        shown, code = in_a_terminal(pasted + "\n")
        assert all(len(each.headers["Cookie"]) > 6_000 for each in server.asked)
    assert code == 0, shown
    assert "Paste the curl command, then an empty line. It is not shown." in shown
    assert KEY not in shown
    assert "c0okie" not in shown + (here / "headrace.yml").read_text()


def in_a_terminal(typed: str) -> tuple[str, int]:
    """Runs the command in a terminal, and types a text once it asks for it."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "160"}
    arguments = [sys.executable, "-m", "headrace", "init", "--from-curl"]
    shown, left = b"", b""
    with subprocess.Popen(
        arguments, stdin=its, stdout=its, stderr=its, env=environment, close_fds=True
    ) as ran:
        os.close(its)
        while True:
            readable, writable, _ = select.select([ours], [ours] if left else [], [], LONGEST)
            if not readable and not writable:
                ran.kill()
                break
            if writable:
                left = left[os.write(ours, left[:1024]) :]
            if not readable:
                continue
            try:
                part = os.read(ours, 65536)
            except OSError:  # the program has closed its side
                break
            if b"not shown." in part and b"not shown." not in shown:
                left = typed.encode()
            shown += part
    os.close(ours)
    return shown.decode(), ran.returncode
