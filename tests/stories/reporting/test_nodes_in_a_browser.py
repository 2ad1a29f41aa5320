"""What a report shows of nodes, in a real browser: to everybody, whatever the API has said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from headrace import report
from tests.stories.reporting.browsing import Opened, Theme, a_browser, opened
from tests.support.tables import Warehouse
from tests.unit.destination.views.stored import add_node_runs, executions

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)> {b|x} \"&"
CONTROL = "\x1b[31mred\u202edekam\u2028\u200b \x07"
LONG = "nowhere" * 400
RUNS = (
    # workflow, node, error name, message
    ("a", "Ask", "NodeApiError", "Order 4711 not found"),
    ("a", "Ask", "NodeApiError", "Order 4712 not found"),
    ("b", "Ask", "NodeApiError", "Order 4713 not found"),
    ("b", HOSTILE, HOSTILE, HOSTILE),
    ("a", LONG, LONG, LONG),
    ("a", "Long words", "Error", "a word " * 900),
    ("a", CONTROL, CONTROL, CONTROL),
    ("a", "", None, None),
    ("b", "Named only", "NodeCrashedError", None),
    ("c", "Fine", None, "not shown"),
)
ENDED = {"startedAt": "2026-01-01T00:00:00Z", "stoppedAt": "2026-01-01T00:01:00Z"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nodes")
    rows = [
        {"id": key, "finished": workflow == "c", "workflowId": workflow, **ENDED,
         "status": "success" if workflow == "c" else "error"}
        for key, (workflow, *_) in enumerate(RUNS)
    ]  # fmt: skip
    silent = {"id": 99, "finished": False, "workflowId": "a", "status": "crashed", **ENDED}
    runs = [
        {"execution_id": key, "node": node, "run": 0, "milliseconds": 1_500 * key,
         "error_name": name, "error_message": message,
         "status": "success" if workflow == "c" else "error"}
        for key, (workflow, node, name, message) in enumerate(RUNS)
    ]  # fmt: skip
    pipeline = executions(Warehouse(folder), [*rows, silent])
    add_node_runs(pipeline, runs)
    return report(pipeline, folder / "report.html").path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Opened]:
    with opened(browser, file) as found:
        yield found


def rows_of(page: Opened, card: str) -> list[list[str]]:
    rows = page.page.locator(f"#{card} tbody tr").all()
    return [[c.replace("\u202f", " ") for c in r.locator("td").all_inner_texts()] for r in rows]


def test_errors_that_say_the_same_are_one(page: Opened) -> None:
    first, *_ = rows_of(page, "errors")

    assert first == [
        "Order <number> not found\nNodeApiError · such as: Order 4711 not found",
        "Ask and 1 other\na",
        "3",
        "33.3 %",
        "1 Jan 2026, 00:01",
    ]
    assert page.text("#errors header p") == "7 errors"


def test_which_nodes_fail_and_which_are_slow(page: Opened) -> None:
    failing, slow = rows_of(page, "failing-nodes"), rows_of(page, "slow-nodes")

    assert failing[0] == ["Ask\na", "2", "2", "100.0 %", "1 Jan 2026, 00:01"]
    assert ["(no name)\na", "1", "1", "100.0 %", "1 Jan 2026, 00:01"] in failing
    note = "8 nodes · 1 failed execution name no node"
    assert page.text("#failing-nodes header p") == note
    assert slow[0] == ["Fine\nc", "1", "14 s", "14 s"]
    assert ["Ask\na", "2", "750 ms", "1.4 s"] in slow
    assert page.text("#slow-nodes header p") == "9 nodes"


def test_a_choice_filters_them_with_the_page(page: Opened) -> None:
    link = page.page.locator("#failing-nodes button", has_text="b").first
    link.focus()
    page.page.keyboard.press("Enter")

    assert page.page.url.endswith("#workflow=b")
    assert page.page.evaluate("document.activeElement.id") == "clear"
    (order,) = (row for row in rows_of(page, "errors") if row[0].startswith("Order <number>"))
    assert order[1:4] == ["Ask", "1", "33.3 %"]
    assert [row[0].split("\n")[0] for row in rows_of(page, "slow-nodes")] == [
        "Named only", HOSTILE, "Ask",
    ]  # fmt: skip
    assert page.page.locator("#errors button, #failing-nodes button").count() == 0
    page.page.select_option("#workflow", label="c")
    assert page.text("#errors .empty") == "No node failed in this period."


def test_text_of_the_api_stays_text_and_is_cut(page: Opened) -> None:
    errors = "\n".join(row[0] for row in rows_of(page, "errors"))

    assert page.page.title() == "How the executions fare"
    assert page.page.locator("#body img, #body script").count() == 0
    assert "</script><script>document.title=" in errors
    assert r"red\u202edekam" in errors
    assert "(no message)" in errors
    assert "NodeCrashedError" in errors
    assert len(errors) < 4_000
    assert page.complaints == []
    assert len(page.requests) == 1


@pytest.mark.parametrize(
    ("name", "width", "theme"),
    [
        ("light", 1280, "light"),
        ("dark", 1280, "dark"),
        ("phone", 390, "light"),
        ("tiny", 320, "dark"),
    ],
)
def test_it_is_for_everybody(
    browser: Browser, file: Path, name: str, width: int, theme: Theme
) -> None:
    with opened(browser, file, width=width, theme=theme) as found:
        # Where there is no room for a column, the node stands below the error.
        error = found.page.locator("#errors tbody td").first
        assert ("Ask and 1 other" in error.inner_text()) == (width < 760)
        found.shoot(f"nodes-{name}")
        assert found.overflow() == 0
        assert found.violations() == []
        found.page.select_option("#workflow", label="a")
        assert found.overflow() == 0
        assert found.violations() == []
        assert found.complaints == []
