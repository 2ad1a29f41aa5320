"""The report in a real browser: it shows what SQL says, to everybody, and asks nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser

from headrace import report
from tests.stories.reporting.browsing import Opened, Theme, a_browser, opened
from tests.stories.reporting.mirrors import troubled_mirror
from tests.support.tables import Warehouse

HOSTILE = "</script><script>document.title='taken'</script><!-- \u2028 {b|x} Receive & \"orders\""
SINCE = "TIMESTAMPTZ '2026-11-08T00:00:00Z'"
# What was canceled in a queue never started.
PLACED = "coalesce(started_at, stopped_at)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def mirror(folder: Path) -> Warehouse:
    """The sample API's executions with its incidents, and a workflow with a hostile name."""
    store = troubled_mirror(folder)
    with duckdb.connect(str(store.file)) as connection:
        connection.execute(
            "UPDATE test_data.workflows SET name = ? WHERE name = 'Receive orders'", [HOSTILE]
        )
    return store


@pytest.fixture(scope="module")
def file(mirror: Warehouse, folder: Path) -> Path:
    return report(mirror.pipeline(), folder / "report.html", since="15d").path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, file: Path) -> Iterator[Opened]:
    with opened(browser, file) as found:
        yield found


@pytest.fixture(autouse=True)
def all_shown(page: Opened) -> None:
    page.page.evaluate(
        "history.replaceState(null, '', '#'); dispatchEvent(new Event('hashchange'))"
    )


def executions(mirror: Warehouse, what: str, where: str = "true") -> Any:
    """One figure of the executions in the period, from the table itself."""
    sql = f"SELECT {what} FROM test_data.executions WHERE {PLACED} >= {SINCE} AND {where}"
    ((value,),) = mirror.query(sql)
    return value


def share(value: float) -> str:
    return f"{100 * value:.1f} %"


FAILED = "count(*) FILTER (status IN ('error', 'crashed'))"
RATE = f"{FAILED} / count(*) FILTER (status <> 'waiting')"
SECONDS = "CASE WHEN status <> 'waiting' THEN epoch(stopped_at - started_at) END"


def test_the_headline_is_what_sql_says(page: Opened, mirror: Warehouse) -> None:
    assert page.value("t-runs") == f"{executions(mirror, 'count(*)'):,}"
    assert page.value("t-rate") == share(executions(mirror, RATE))
    p50 = executions(mirror, f"quantile_cont({SECONDS}, 0.5)")
    p95 = executions(mirror, f"quantile_cont({SECONDS}, 0.95)")
    assert page.value("t-p50") == f"{int(1000 * p50 + 0.5)} ms"
    assert page.value("t-p95") == f"{p95:.0f} s"
    saved = "count(*) FILTER (retry_success_id IS NOT NULL)"
    assert page.value("t-saved") == f"{executions(mirror, saved):,}"
    waiting = executions(mirror, "count(*)", "status = 'waiting'")
    assert page.value("t-open") == str(waiting)


def test_the_change_is_against_the_period_before(page: Opened, mirror: Warehouse) -> None:
    ((before,),) = mirror.query(f"SELECT {RATE} FROM test_data.executions WHERE {PLACED} < {SINCE}")
    change = 100 * (executions(mirror, RATE) - before)

    assert change > 0
    assert f"▲ {change:.1f} pts more than in the 15 days before" in page.text("#t-rate .note")


def test_the_table_of_workflows_is_what_sql_says(page: Opened, mirror: Warehouse) -> None:
    found = mirror.query(
        f"SELECT w.name, count(*), {FAILED}, {RATE} FROM test_data.executions AS e "
        "JOIN test_data.workflows AS w ON w.id = e.workflow_id "
        f"WHERE {PLACED} >= {SINCE} GROUP BY ALL"
    )
    expected = {
        one_line(n): (f"{runs:,}", f"{failed:,}", share(rate)) for n, runs, failed, rate in found
    }

    shown = zip(page.column(1), page.column(2), page.column(3), page.column(4), strict=True)
    assert {one_line(name): (*rest,) for name, *rest in shown} == expected


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_numbers_behind_a_chart_are_what_sql_says(page: Opened, mirror: Warehouse) -> None:
    card = page.page.locator("section:has(#h-outcomes)")
    card.locator("summary").click()
    # The table is made once it is asked for.
    card.locator("details tbody tr").first.wait_for()
    rows = card.locator("details tbody tr").all_inner_texts()
    card.locator("summary").click()

    days = mirror.query(
        f"SELECT strftime({PLACED} AT TIME ZONE 'UTC', '%d'), count(*), "
        f"{FAILED} FROM test_data.executions WHERE {PLACED} >= {SINCE} GROUP BY 1 ORDER BY 1"
    )
    shown = [re.split(r"\t", row) for row in rows]
    assert [(row[0].split()[1].zfill(2), int(row[1]), int(row[2])) for row in shown] == days


def test_a_choice_filters_the_whole_page(page: Opened, mirror: Warehouse) -> None:
    page.page.select_option("#workflow", label="Sync CRM contacts")
    only = "workflow_id = '0c6f81RpIcAKtfil'"

    assert page.value("t-runs") == f"{executions(mirror, 'count(*)', only):,}"
    assert page.value("t-rate") == share(executions(mirror, RATE, only))
    assert page.page.locator("#look").count() == 0
    assert page.text("#announcement") == "The page shows Sync CRM contacts."
    assert page.page.url.endswith("#workflow=0c6f81RpIcAKtfil")
    page.shoot("one-workflow")
    page.page.click("#clear")
    assert page.value("t-runs") == f"{executions(mirror, 'count(*)'):,}"


def test_a_click_on_a_chart_or_a_key_on_a_name_chooses_too(page: Opened) -> None:
    page.page.locator("#c-retries text", has_text="Enrich new leads").click()
    assert "Enrich new leads" in page.text("#about")

    button = page.page.locator("#workflows button", has_text="Transcribe calls")
    button.focus()
    page.page.keyboard.press("Enter")
    assert "Transcribe calls" in page.text("#about")
    # Where one was, one still is.
    assert page.page.evaluate("document.activeElement.textContent") == "Transcribe calls"


def test_charts_answer_to_hover(page: Opened) -> None:
    chart = page.page.locator("#c-outcomes")
    chart.hover(position={"x": 600, "y": 100})

    page.page.locator("#c-outcomes b").first.wait_for()
    assert "Succeeded" in chart.inner_text()


def test_workflows_are_sorted_and_searched(page: Opened) -> None:
    page.page.locator("#workflows thead button", has_text="Runs").click()
    runs = [int(each.replace(",", "")) for each in page.column(2)]
    assert runs == sorted(runs, reverse=True)
    assert page.page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.page.keyboard.press("Enter")
    assert [int(each.replace(",", "")) for each in page.column(2)] == runs[::-1]

    page.page.fill("#search", "INVOICES")
    assert page.column(1) == ["Send invoices"]
    page.page.fill("#search", "nowhere")
    assert page.page.is_visible("#no-match")
    page.page.fill("#search", "")


def test_what_stands_out_is_named_first(page: Opened) -> None:
    told = page.text("#look")

    assert re.search(
        r"Sync CRM contacts\s+fails more: \d+\.\d % of its runs, .* worst on 17 Nov", told
    )
    assert re.search(r"Enrich new leads\s+got slower: 95 % within", told)
    assert re.search(r"Send invoices\s+\d+ executions not ended, the oldest after 3 d", told)


def test_text_of_the_api_stays_text(page: Opened) -> None:
    assert page.page.title() == "How the executions fare"
    assert one_line(HOSTILE) in map(one_line, page.column(1))


def test_it_complains_of_nothing_and_asks_nobody(
    page: Opened, browser: Browser, file: Path
) -> None:
    assert page.complaints == []
    assert page.requests == [file.as_uri()]


@pytest.mark.parametrize(
    ("name", "width", "theme"),
    [("light", 1280, "light"), ("dark", 1280, "dark"), ("phone", 390, "light")],
)
def test_it_is_for_everybody(
    browser: Browser, file: Path, name: str, width: int, theme: Theme
) -> None:
    with opened(browser, file, width=width, theme=theme) as found:
        found.shoot(name)
        assert found.page.get_attribute("html", "data-theme") == theme
        assert found.overflow() == 0
        assert found.violations() == []
        if theme == "dark":
            found.page.click("#theme")
            assert found.page.get_attribute("html", "data-theme") == "light"
        assert found.complaints == []


@pytest.mark.parametrize("width", [320, 390, 761, 960, 1100, 1280])
def test_the_tables_of_nodes_fit_their_cards(browser: Browser, file: Path, width: int) -> None:
    with opened(browser, file, width=width) as found:
        wider = found.page.evaluate(
            "['errors', 'failing-nodes', 'slow-nodes'].filter((id) => { "
            "const each = document.querySelector(`#${id} .scroll`); "
            "return each.scrollWidth > each.clientWidth })"
        )
        assert wider == []


def test_an_empty_table_says_so(browser: Browser, tmp_path: Path) -> None:
    store = Warehouse(tmp_path)
    with duckdb.connect(str(store.file)) as connection:
        connection.execute("CREATE SCHEMA test_data")
        connection.execute("CREATE TABLE test_data.executions (id BIGINT, started_at TIMESTAMPTZ)")
    made = report(store.pipeline(), tmp_path / "empty.html")

    with opened(browser, made.path, width=390) as found:
        found.shoot("empty")
        assert made.executions == 0
        assert "There is no execution in the table yet" in found.text("#nothing")
        assert found.overflow() == 0
        assert found.violations() == []
        assert found.complaints == []
