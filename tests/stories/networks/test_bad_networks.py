"""A sync goes on through a bad network, and says what that cost."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace import PageError, ResponseStatusError, rest_api_source, sync
from headrace.cli.progress import Progress
from headrace.core.figures import Figures
from tests.stories.keeping_up.kept_listing import KeptListing
from tests.support.command_line import headrace_apart, headrace_running
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

PAGES: list[Any] = [
    {"data": [{"id": 1, "name": "ü"}], "next": "a"},
    {"data": [{"id": 2, "name": "b"}], "next": "b"},
    {"data": [{"id": 3, "name": "c"}]},
]


@pytest.fixture(autouse=True)
def retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME__REQUEST_MAX_ATTEMPTS")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")


def config(server: JsonServer, **client: Any) -> dict[str, Any]:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
    endpoint = {"path": "items", "data_selector": "data", "paginator": paginator}
    return {
        "client": {"base_url": server.base_url, **client},
        "resources": [{"name": "items", "endpoint": endpoint}],
    }


BROKEN_OFF = [
    Answer(status=503),
    Answer(raw=b""),
    Answer(raw=b'{"data": [{"id": 2}'),
    Answer(raw=b'{"data": [{"id": 2, "name": "b"}], "next": "b'),
    Answer(raw='{"data": [{"id": 2, "name": "ü'.encode()[:-1]),
    Answer(
        raw='{"data": [{"id": 2, "name": "ü'.encode("utf-16-le")[:-1],
        headers={"Content-Type": "application/json; charset=utf-16-le"},
    ),
]


@pytest.mark.parametrize("broken", BROKEN_OFF)
def test_a_page_that_breaks_off_is_asked_for_again(
    server: JsonServer, warehouse: Warehouse, broken: Answer
) -> None:
    server.answers(PAGES[0], broken, broken, *PAGES[1:])
    report = sync(warehouse.pipeline(), rest_api_source(config(server)))
    assert warehouse.query("SELECT id FROM test_data.items ORDER BY id") == [(1,), (2,), (3,)]
    assert [asked.query.get("cursor") for asked in server.asked] == [None, "a", "a", "a", "b"]
    counts = report.figures.of("items")
    assert (counts.retries, counts.pages, counts.requests) == (2, 3, 3)
    assert 0 < counts.seconds_waited < 1


def test_a_page_that_breaks_off_each_time_is_told_as_it_came(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(PAGES[0], Answer(raw=b'{"data": [{"id": 2}'))
    with pytest.raises(PageError) as caught:
        sync(warehouse.pipeline(), rest_api_source(config(server)))
    told = str(caught.value)
    assert told.startswith(f"resource `items`, GET {server.base_url}/items?cursor=a: the answer is")
    assert 'not JSON (Input data was truncated): {"data": [{"id": 2}' in told
    assert "Asked 5 times (incomplete answer, incomplete answer" in told
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "odd",
    [
        Answer(raw=b"<html>Log in</html>"),
        Answer({"error": "quota"}),
        Answer(raw=b'{"data": }'),
    ],
)
def test_a_page_that_is_something_else_is_asked_for_once(
    server: JsonServer, warehouse: Warehouse, odd: Answer
) -> None:
    server.answers(odd)
    with pytest.raises(PageError):
        sync(warehouse.pipeline(), rest_api_source(config(server)))
    assert len(server.asked) == 1


def test_a_listing_by_post_is_asked_for_again_at_the_same_place(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(PAGES[0], Answer(status=502), *PAGES[1:])
    document = config(server)
    endpoint = document["resources"][0]["endpoint"]
    endpoint.update(method="POST", json={"all": True})
    endpoint["paginator"] = {"type": "cursor", "cursor_path": "next", "cursor_body_path": "from"}
    sync(warehouse.pipeline(), rest_api_source(document))
    bodies = [asked.body for asked in server.asked]
    assert bodies[1] == bodies[2] == b'{"all": true, "from": "a"}'
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(3,)]


@pytest.mark.parametrize("broken", [Answer(status=503), Answer(raw=b'{"id": 1, "sta')])
def test_a_row_that_is_asked_for_alone_is_asked_for_again(
    warehouse: Warehouse, broken: Answer
) -> None:
    with KeptListing() as api:
        api.put({"id": 1, "status": "running"}, {"id": 2, "status": "success"})
        incremental = {
            "settled_when": "status == 'success'",
            "refresh_path": "/executions/{id}",
            "late_rows": "none",
        }
        document = api.config(**incremental)
        document["resources"][0]["endpoint"]["paginator"]["limit"] = 1
        pipeline = warehouse.pipeline()
        sync(pipeline, rest_api_source(document))
        api.change(1, status="success")
        api.put(*({"id": number, "status": "success"} for number in range(3, 9)))
        api.forget_requests()
        answers = iter([broken, broken])
        shown = api.handler

        def answer(asked: Asked) -> Answer:
            alone = asked.path != "/executions"
            return next(answers, None) or shown(asked) if alone else shown(asked)

        api.handler = answer
        report = sync(pipeline, rest_api_source(document))
        assert api.rows_asked == ["1", "1", "1"]
        assert report.figures.of("executions").retries == 2
        assert warehouse.query("SELECT status FROM test_data.executions WHERE id = 1") == [
            ("success",)
        ]


def test_the_settings_of_the_config_go_before_those_of_dlt(
    server: JsonServer, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers(Answer(status=500))
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")
    for retry, asked in ((None, 3), ({"max_attempts": 2}, 5), ({"deadline": 600}, 8)):
        document = config(server, **({"retry": retry} if retry else {}))
        with pytest.raises(ResponseStatusError):
            sync(warehouse.pipeline(), rest_api_source(document))
        assert len(server.asked) == asked


def test_what_a_bad_network_cost_is_told(server: JsonServer, tmp_path: Path) -> None:
    server.answers(PAGES[0], Answer(status=500), Answer(status=500), *PAGES[1:])
    document = {**config(server), "pipeline": {"name": "cli"}}
    (tmp_path / "items.yml").write_text(yaml.safe_dump(document))
    ran = headrace_apart("run", "items.yml")
    assert ran.returncode == 0, ran.stderr
    assert "2 retries, waited 0 s for the server." in ran.stdout


def test_progress_tells_of_waiting() -> None:
    figures = Figures()
    counts = figures.of("items")
    assert Progress(figures, "loading").lines()[0].endswith(", listing")
    counts.retries, counts.seconds_waited = 3, 12.4
    (line,) = Progress(figures, "loading").lines()
    assert line.endswith(", listing (retries: 3, waits: 12 s)")


def test_ctrl_c_ends_a_long_wait_at_once(server: JsonServer, tmp_path: Path) -> None:
    server.answers(Answer(status=503, headers={"Retry-After": "500"}))
    document = {**config(server), "pipeline": {"name": "cli"}}
    (tmp_path / "items.yml").write_text(yaml.safe_dump(document))
    with headrace_running("run", "items.yml") as running:
        # It waits once it says so.
        assert "waits: 500 s" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        _, warned = running.rest()
    assert running.returncode == 130
    assert "Traceback" not in warned
