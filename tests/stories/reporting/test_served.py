"""The report at an address: for who has its token alone, and anew after each sync."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from headrace import ConfigError, serve_report
from headrace.simulator import RealTime, Simulator, World
from tests.stories.reporting.browsing import a_browser, opened
from tests.stories.reporting.mirrors import data_of
from tests.stories.reporting.serving import LONGEST, Served, served
from tests.support.command_line import headrace, headrace_running
from tests.support.kept_databases import release_databases
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse
from tests.unit.destination.views.stored import executions

ROUNDS = 12


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "status": "success",
            "finished": True,
            "startedAt": f"2026-01-01T{number % 24:02}:00:00Z",
            "stoppedAt": f"2026-01-01T{number % 24:02}:00:07Z",
            "workflowId": f"w{number % 4}",
        }
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as running:
        yield running


@pytest.fixture
def report_served(warehouse: Warehouse) -> Iterator[Served]:
    """Served out of a DuckDB file that nobody changes."""
    with served(executions(warehouse, rows(50))) as found:
        found.wait_for(pages=1)
        yield found


def command(api: Simulator, into: Warehouse | PostgresDatabase, *more: str) -> list[str]:
    """A run of the executions of a sample API."""
    known = (f"client.base_url={api.base_url}", f"client.auth.api_key={api.api_key}")
    settings = [part for each in (*known, "pipeline.name=test") for part in ("--set", each)]
    place = ("--destination", into.url, "--dataset", "test_data")
    chosen = ("--resource", "executions", "--resource", "workflows")
    return ["run", "executions", *chosen, *settings, *place, *more]


def test_an_open_page_follows_each_sync_and_keeps_its_workflow(
    into: Warehouse | PostgresDatabase, browser: Browser
) -> None:
    world = World(400, 3)
    place = ("--destination", into.url, "--dataset", "test_data")
    serve = (
        "serve",
        "executions",
        *place,
        "--port",
        "0",
        "--every",
        "0.2s",
        "--since",
        "2000-01-01",
    )
    with Simulator(world=world) as api, headrace_running(*serve) as running:
        address = address_of(running.stdout)
        with opened(browser, address, height=500) as found:
            page = found.page
            assert "There is no report yet" in found.text("h1")
            # In another process, as `run --every` is.
            assert headrace(*command(api, into)).returncode == 0
            release_databases()
            page.locator("#t-runs .value").wait_for()
            name = page.locator("#workflow option").nth(1).inner_text()
            page.select_option("#workflow", label=name)
            page.locator("#h-outcomes").scroll_into_view_if_needed()
            page.evaluate("scrollTo(0, 300)")
            before = found.value("t-runs"), found.text("#fresh")
            assert before[1].endswith("UTC, with a new page after each sync")
            workflow = re.findall("workflow=(.*)$", page.url)[0]
            for _ in range(40):
                world.finish(world.start(workflow_id=workflow))
            assert headrace(*command(api, into)).returncode == 0
            release_databases()

            found.until(lambda: found.value("t-runs") != before[0])
            found.until(lambda: page.evaluate("scrollY") == 300)
            assert page.url == f"{address}#workflow={workflow}"
            assert page.input_value("#workflow") != ""
            assert int(found.value("t-runs").replace(",", "")) == 40 + int(before[0])
            assert found.violations() == []
            assert found.complaints == []
            assert {urlsplit(each).netloc for each in found.requests} == {urlsplit(address).netloc}

            running.send_signal(signal.SIGTERM)
            rest, warned = running.rest()
            found.until(lambda: "The server does not answer" in found.text("#fresh"))
            found.shoot("server-gone")
    assert running.returncode == 0
    assert rest.endswith("Stopped.\n")
    assert "Load it first: headrace run" in warned


def address_of(told: Iterator[str]) -> str:
    line = next(line for line in told if "http://" in line)
    return line.strip()


def test_syncs_and_a_served_report_at_once(warehouse: Warehouse) -> None:
    world = World(2_000, 7)
    place = ("--destination", warehouse.url, "--dataset", "test_data")
    serve = ("serve", "executions", *place, "--port", "0", "--every", "0.02s")
    with (
        Simulator(world=world, on_request=RealTime(world, 600)) as api,
        headrace_running(*serve) as serving,
        headrace_running(*command(api, warehouse, "--every", "0.05s", "-q")) as syncing,
    ):
        address = address_of(serving.stdout)
        for number, line in enumerate(serving.stdout):
            assert line == "\n" or "a new page of" in line or "Keep the address" in line
            status, _, text = ask(address)
            assert status == 200
            assert text.endswith("</html>\n")
            if number == ROUNDS:
                break
        syncing.send_signal(signal.SIGTERM)
        _, warned = syncing.rest()
        serving.send_signal(signal.SIGINT)
        serving.rest()
    assert warned == ""
    assert (syncing.returncode, serving.returncode) == (0, 0)
    failed = "SELECT count(*) FROM test_data._headrace_runs WHERE outcome = 'failed'"
    assert warehouse.query(failed) == [(0,)]


def ask(address: str) -> tuple[int, Mapping[str, str], str]:
    return Served(address).ask(urlsplit(address).path)


def test_who_has_the_address_reads_the_page(report_served: Served) -> None:
    status, headers, text = report_served.ask(report_served.path)
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.endswith("form-action 'none'; connect-src 'self'; frame-ancestors 'none'")
    assert "unsafe-eval" not in policy
    assert data_of(text)["overall"]["now"]["runs"] == [50]

    status, headers, text = report_served.ask(report_served.path, "HEAD")
    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) > 1_000_000


def test_what_is_new_is_asked_for_by_its_tag(report_served: Served) -> None:
    status, headers, text = report_served.ask(f"{report_served.path}version")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    made = report_served.pages[0].made.isoformat(timespec="milliseconds")
    assert json.loads(text) == {"version": f"{made}Z", "problem": ""}
    again = {"If-None-Match": headers["ETag"]}
    status, headers, text = report_served.ask(f"{report_served.path}version", headers=again)
    assert (status, text) == (304, "")
    assert headers["Cache-Control"] == "no-store"


def test_through_a_tunnel_it_goes_by_another_port(report_served: Served) -> None:
    for host in ("localhost:9000", "LOCALHOST", "[::1]:80", "127.0.0.1:9000"):
        origin = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert report_served.ask(report_served.path, headers=origin)[0] == 200
    without_slash = report_served.path.rstrip("/")
    status, headers, _ = report_served.ask(without_slash)
    assert (status, headers["Location"]) == (308, report_served.path)


def test_a_link_leads_to_it(report_served: Served) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert report_served.ask(report_served.path, headers={**link, "Sec-Fetch-Dest": "document"})[
        0
    ] == (200)
    status, _, text = report_served.ask(
        report_served.path, headers={**link, "Sec-Fetch-Dest": "iframe"}
    )
    assert (status, text) == (403, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": ""},
        {"Host": "evil.example"},
        {"Host": "evil.example:8642"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example@127.0.0.1"},
        {"Host": "0.0.0.0"},
        {"Host": "127.0.0.1:8642/x"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    ],
)
def test_who_comes_from_elsewhere_gets_nothing(
    report_served: Served, headers: Mapping[str, str | None]
) -> None:
    status, answered, text = report_served.ask(report_served.path, headers=headers)
    assert (status, text) == (403, "")
    assert "ETag" not in answered


def test_without_the_token_there_is_nothing(report_served: Served) -> None:
    token = report_served.path.strip("/")
    wrong = [
        *("/", "//", "/version", "/favicon.ico", "/%2e%2e/", f"/{token[:-1]}/"),
        *(f"/{token}x/", f"//{token}/", f"/x/../{token}/", f"/?{token}", f"/{token.swapcase()}/"),
        *(f"/%{ord(token[0]):02x}{token[1:]}/", f"http://evil.example/{token}/"),
    ]
    answers = [report_served.ask(path) for path in wrong]
    told = {(status, text) for status, _, text in answers}
    assert told == {(403, "")}


def test_there_is_nothing_else_to_read(report_served: Served) -> None:
    path = report_served.path
    for more in ("../../etc/passwd", "%2e%2e/", "..%2f..%2fetc/passwd", "index.html", "version/"):
        status, _, text = report_served.ask(path + more)
        assert (status, text) == (404, "")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_it_takes_nothing(report_served: Served, method: str) -> None:
    for path in (report_served.path, f"{report_served.path}version"):
        status, headers, text = report_served.ask(path, method, {"Content-Length": "0"})
        assert (status, headers["Allow"], text) == (405, "GET, HEAD", "")


def test_each_server_has_a_token_of_its_own(warehouse: Warehouse) -> None:
    pipeline = executions(warehouse, rows(3))
    tokens = set()
    for _ in range(3):
        with served(pipeline) as found:
            tokens.add(found.path)
    assert len(tokens) == 3
    assert all(re.fullmatch(r"/[\w-]{32}/", each) for each in tokens)


def test_only_this_machines_own_address_answers(report_served: Served) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", report_served.port), timeout=LONGEST)


def test_nothing_is_written(warehouse: Warehouse, tmp_path: Path) -> None:
    pipeline = executions(warehouse, rows(50))
    release_databases()
    before = {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")}
    with served(pipeline) as found:
        found.wait_for(pages=1)
        assert found.ask(found.path)[0] == 200
    assert {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")} == before


def test_the_last_page_stays_while_the_tables_cannot_be_read(
    warehouse: Warehouse, browser: Browser
) -> None:
    pipeline = executions(warehouse, rows(50))
    release_databases()
    away = warehouse.file.with_suffix(".away")
    with served(pipeline) as found:
        found.wait_for(pages=1)
        with opened(browser, found.address, width=390) as page:
            warehouse.file.rename(away)
            found.wait_for(failures=1)
            page.until(lambda: "There is no newer page: there is no file" in page.text("#fresh"))
            page.shoot("no-newer-page")
            assert page.value("t-runs") == "50"
            assert page.overflow() == 0
            assert page.violations() == []
            away.rename(warehouse.file)
            page.until(lambda: page.text("#fresh").endswith("with a new page after each sync"))
            assert page.complaints == []
    assert len(found.failures) == 1


def test_no_page_is_made_where_there_was_no_sync(report_served: Served, tmp_path: Path) -> None:
    version = f"{report_served.path}version"
    first = report_served.ask(version)
    (tmp_path / "warehouse.duckdb").touch()
    looks = {report_served.ask(version)[2] for _ in range(20)}
    assert looks == {first[2]}
    assert len(report_served.pages) == 1


def test_a_port_in_use_is_told(warehouse: Warehouse) -> None:
    pipeline = executions(warehouse, rows(3))
    with served(pipeline) as found, pytest.raises(OSError, match="address already in use"):
        serve_report(pipeline, on_ready=print, port=found.port)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        place = ("--destination", warehouse.url, "--dataset", "test_data")
        ran = headrace("serve", "executions", *place, "--port", str(port))
    assert ran.returncode == 1
    assert re.search(
        rf"Error: cannot serve on port {port}: .*in use.*\. Try --port 0\.", ran.stderr
    )


def test_what_no_waiting_can_mend_ends_at_once(warehouse: Warehouse) -> None:
    pipeline = executions(warehouse, rows(3))
    with pytest.raises(ConfigError, match="is of a workflow `nobody`"):
        serve_report(pipeline, on_ready=print, workflow="nobody")
    with pytest.raises(ConfigError, match="is no number of seconds above 0"):
        serve_report(pipeline, on_ready=print, every=0)
