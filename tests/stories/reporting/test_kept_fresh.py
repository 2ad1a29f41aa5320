"""A file that is written again and again: whole at each moment, and followed by who has it open."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from headrace import ConfigError, report
from headrace.destination.sql import connect_to_dataset
from tests.stories.reporting.browsing import a_browser, opened
from tests.stories.reporting.mirrors import page_data
from tests.support.command_line import headrace, headrace_running
from tests.support.kept_databases import release_databases
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse
from tests.unit.destination.views.stored import executions


def rows(count: int, workflows: int = 8) -> list[dict[str, Any]]:
    """Executions of some workflows, one an hour."""
    return [
        {
            "id": number,
            "status": "error" if number % 5 == 0 else "success",
            "finished": True,
            "startedAt": f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:00Z",
            "stoppedAt": f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:07Z",
            "workflowId": f"w{number % workflows}",
        }
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as running:
        yield running


def add(warehouse: Warehouse, key: int) -> None:
    warehouse.query(
        f"INSERT INTO test_data.executions SELECT * REPLACE ({key} AS id) "
        "FROM test_data.executions WHERE id = 3"
    )


def renamed(postgres: PostgresDatabase, old: str, new: str) -> None:
    with connect_to_dataset(postgres.pipeline()) as database:
        database.execute(f"ALTER TABLE test_data.{old} RENAME TO {new}")


def test_an_open_page_follows_and_stays_where_it_was(
    warehouse: Warehouse, tmp_path: Path, browser: Browser
) -> None:
    pipeline = executions(warehouse, rows(200))
    made = report(pipeline, tmp_path / "report.html", every=1)
    with opened(browser, made.path, height=500) as found:
        page = found.page
        page.click("#theme")
        page.locator("#workflows thead button", has_text="Runs").click()
        page.select_option("#workflow", label="w3")
        page.locator("section:has(#h-outcomes) summary").click()
        page.locator("section:has(#h-outcomes) details tbody tr").first.wait_for()
        page.fill("#search", "W")
        page.locator("#search").scroll_into_view_if_needed()
        before = page.locator("#workflow-card").bounding_box()
        add(warehouse, 900)
        add(warehouse, 901)
        report(pipeline, made.path, every=3_600)

        page.locator("#t-runs .value", has_text="27").wait_for()
        found.until(lambda: page.evaluate("scrollY") > 0)
        assert page.url.endswith("#workflow=w3")
        assert page.input_value("#search") == "W"
        assert page.locator("th[aria-sort]").inner_text().startswith("Runs")
        assert page.get_attribute("html", "data-theme") == "dark"
        assert page.locator("section:has(#h-outcomes) details tbody tr").count() > 1
        assert page.evaluate("document.activeElement.id") == "search"
        after = page.locator("#workflow-card").bounding_box()
        assert before is not None
        assert after is not None
        assert abs(after["y"] - before["y"]) < 3
        assert found.text("#fresh").endswith("UTC, with a new page every 1 h")
        assert found.violations() == []
        assert found.complaints == []
        assert {each.partition("#")[0] for each in found.requests} == {made.path.as_uri()}


def test_who_goes_by_keys_stays_where_they_were(
    warehouse: Warehouse, tmp_path: Path, browser: Browser
) -> None:
    pipeline = executions(warehouse, rows(200))
    made = report(pipeline, tmp_path / "report.html", every=1)
    with opened(browser, made.path) as found:
        found.page.locator("#workflows button", has_text="w6").focus()
        add(warehouse, 900)
        report(pipeline, made.path, every=3_600)
        found.page.locator("#t-runs .value", has_text="201").wait_for()
        focused = "document.activeElement.textContent"
        found.until(lambda: found.page.evaluate(focused) == "w6")


def test_a_page_that_is_not_followed_up_says_so(
    warehouse: Warehouse, tmp_path: Path, browser: Browser
) -> None:
    made = report(executions(warehouse, rows(30)), tmp_path / "report.html", every=60)
    text = made.path.read_text()
    made.path.write_text(text.replace(page_data(made.path)["made"], "2026-01-02T03:04:05.000Z"))
    with opened(browser, made.path, width=390) as found:
        found.shoot("not-followed-up")
        assert found.text("#fresh").startswith(
            "As of 2 Jan 2026, 03:04 UTC. No newer page has come since: what writes it has stopped"
        )
        assert found.violations() == []
        assert found.overflow() == 0


def test_a_page_made_once_says_nothing_of_it(
    warehouse: Warehouse, tmp_path: Path, browser: Browser
) -> None:
    made = report(executions(warehouse, rows(30)), tmp_path / "report.html")
    assert "connect-src" not in made.path.read_text()
    with opened(browser, made.path) as found:
        assert not found.page.is_visible("#fresh")


def test_the_file_is_whole_at_each_moment(warehouse: Warehouse, tmp_path: Path) -> None:
    executions(warehouse, rows(50))
    file = tmp_path / "report.html"
    command = ("report", "executions", "--destination", warehouse.url, "--dataset", "test_data")
    versions: set[str] = set()
    with headrace_running(*command, "-o", str(file), "--every", "0.01s") as running:
        told = iter(running.stdout)
        assert next(told) == f"Writing {file} every 0.01s until stopped (Ctrl-C).\n"
        assert next(told).startswith("50 executions from 2026-01-01 00:00 to ")
        while len(versions) < 8:
            text = file.read_text(encoding="utf-8")
            assert text.startswith("<!DOCTYPE html>")
            assert text.endswith("</html>\n")
            versions.add(page_data(file)["made"])
        running.send_signal(signal.SIGTERM)
        rest, warned = running.rest()
    assert running.returncode == 0
    assert warned == ""
    assert rest.endswith(f"Stopped. {file} stays as it is.\n")
    assert [each.name for each in tmp_path.iterdir() if ".part" in each.name] == []


def test_what_passes_is_told_and_tried_again(warehouse: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    command = ("report", "executions", "--destination", warehouse.url, "--dataset", "test_data")
    with headrace_running(*command, "-o", str(file), "--every", "0.2s") as running:
        assert "Load it first: headrace run" in running.stderr.readline()
        assert running.stderr.readline() == "Trying again in 0.2s.\n"
        executions(warehouse, rows(5))
        release_databases()
        assert any(line.startswith("5 executions") for line in running.stdout)
        running.send_signal(signal.SIGINT)
        running.rest()
    assert running.returncode == 0


def test_a_database_that_is_away_is_told_and_tried_again(
    postgres: PostgresDatabase, tmp_path: Path
) -> None:
    executions(postgres, rows(5))
    file = tmp_path / "report.html"
    command = ("report", "executions", "--destination", postgres.url, "--dataset", "test_data")
    with headrace_running(*command, "-o", str(file), "--every", "0.2s") as running:
        assert any(line.startswith("5 executions") for line in running.stdout)
        renamed(postgres, "executions", "away")
        assert any("there is no table `executions`" in line for line in running.stderr)
        threading.Thread(target=running.stderr.read, daemon=True).start()
        renamed(postgres, "away", "executions")
        assert any(line.startswith("5 executions") for line in running.stdout)
        running.send_signal(signal.SIGTERM)
        for _ in running.stdout:
            pass
        running.wait()
    assert running.returncode == 0


def test_what_no_waiting_can_mend_ends_at_once(warehouse: Warehouse) -> None:
    executions(warehouse, rows(5))
    command = ("report", "executions", "--destination", warehouse.url, "--dataset", "test_data")
    ran = headrace(*command, "--every", "soon")
    assert ran.returncode == 2
    assert "`soon` is no span of time; write 30s, 5m, 2h or 1d" in ran.stderr
    ran = headrace(*command, "--every", "5m", "--workflow", "nobody")
    assert ran.returncode == 2
    assert "is of a workflow `nobody`" in ran.stderr


@pytest.mark.parametrize("every", [0, -1, float("nan"), float("inf")])
def test_every_is_a_number_of_seconds(warehouse: Warehouse, tmp_path: Path, every: float) -> None:
    with pytest.raises(ConfigError, match="is no number of seconds above 0"):
        report(warehouse.pipeline(), tmp_path / "report.html", every=every)
