"""How a sync tells what it does: to people, to machines, to a program's own logs."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace import LegSettings, rest_api_source, sync
from headrace.cli.progress import Progress
from headrace.core.events import Event
from headrace.core.figures import Figures, ResourceFigures
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.command_line import headrace, headrace_apart
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

BUSY = Answer({"message": "slow down"}, 429, {"Retry-After": "1"})
KEY = "progress-canary"


@pytest.fixture(autouse=True)
def retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")


def config(server: JsonServer) -> dict[str, Any]:
    auth = {"type": "api_key", "name": "key", "api_key": KEY, "location": "query"}
    client = {"base_url": server.base_url, "paginator": "single_page", "auth": auth}
    return {"client": client, "resources": ["items"]}


def config_file(server: JsonServer) -> str:
    Path("shop.json").write_text(json.dumps(config(server)))
    return "shop.json"


def test_logs_for_machines_name_what_the_server_asks_for(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "INFO")
    server.answers(BUSY, [{"id": 1}])
    ran = headrace_apart("run", config_file(server), "--json-logs")

    assert ran.returncode == 0
    assert "Loaded 1 row " in ran.stdout
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert all({"time", "level", "event", "resource", "figures"} <= line.keys() for line in lines)
    events = [line["event"] for line in lines if line["logger"].startswith("headrace")]
    assert events == [
        "sync begins",
        "leg begins",
        "resource begins",
        "retry",
        "resource listed",
        "load begins",
        "leg committed",
        "sync ends",
    ]
    (retry,) = [line for line in lines if line["event"] == "retry"]
    assert (retry["level"], retry["resource"]) == ("warning", "items")
    assert "the server asks for 1.0 s (429)" in retry["message"]
    assert lines[-1]["figures"]["outcome"] == "complete"
    assert lines[-1]["figures"]["loaded_rows"] == 1
    # dlt's own logs are among them.
    assert any(line["logger"] == "dlt" for line in lines)
    assert KEY not in ran.stderr


def test_a_failure_is_told_to_machines_too(server: JsonServer) -> None:
    server.answers(Answer({"message": "broken"}, 403))
    ran = headrace("run", config_file(server), "--json-logs")

    assert ran.returncode == 1
    last = json.loads(ran.stderr.splitlines()[-1])
    assert (last["event"], last["level"]) == ("error", "error")
    assert '403 Forbidden and says: "broken"' in last["message"]
    assert KEY not in ran.stderr


def test_quiet_is_silent_but_for_errors(server: JsonServer) -> None:
    server.answers([{"id": 1}], Answer({"message": "broken"}, 403))
    first = headrace_apart("run", config_file(server), "--quiet")
    second = headrace("run", config_file(server), "--quiet")

    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    assert (second.returncode, second.stdout) == (1, "")
    assert 'says: "broken"' in second.stderr


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record)

    def events(self, level: int) -> list[str]:
        """Names of the events of a level."""
        return [each.headrace.name for each in self.kept if each.levelno == level]  # type: ignore[attr-defined]


@pytest.fixture
def records() -> Iterator[Records]:
    handler, logger = Records(), logging.getLogger("headrace")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_what_a_program_may_log(warehouse: Warehouse, records: Records) -> None:
    with KeptListing(page=10) as api:
        api.put(*({"id": number, "status": "success"} for number in range(1, 41)))
        mirror = Mirror(api, warehouse, api.config())
        api.at_request(2, lambda: Answer({"message": "later"}, 503))
        mirror.config["client"]["retry"] = {"backoff_factor": 0.001}
        mirror.sync(legs=LegSettings(most_bytes=700, least_seconds=3_600))

    told = records.events(logging.INFO)
    assert told[:3] == ["sync begins", "leg begins", "resource begins"]
    assert told[-2:] == ["leg committed", "sync ends"]
    assert told.count("leg committed") == told.count("load begins") == mirror.counted("_dlt_loads")
    assert told.count("resource listed") == 1
    assert records.events(logging.WARNING) == ["retry"]
    assert records.events(logging.DEBUG) == ["page"] * 4
    (retry,) = [each for each in records.kept if each.levelno == logging.WARNING]
    assert "trying again in 0.0 s (503)" in retry.getMessage()


def test_no_secret_is_logged(server: JsonServer, warehouse: Warehouse, records: Records) -> None:
    server.answers(Answer({"message": f"no {KEY}"}, 503), [{"id": 1}])
    document = config(server)
    document["client"]["retry"] = {"backoff_factor": 0.001}
    sync(warehouse.pipeline(), rest_api_source(document))

    told = [each.getMessage() for each in records.kept]
    assert any("/items?" in each for each in told)
    assert KEY not in "".join(told) + repr([each.__dict__ for each in records.kept])


def test_the_library_configures_no_logs() -> None:
    (handler,) = logging.getLogger("headrace").handlers

    assert isinstance(handler, logging.NullHandler)


USED_UP = Answer(
    {"data": [{"id": 1}], "next": "/items?page=2"},
    headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "1"},
)
WAITS = {
    "the server asks for 1.0 s (429)": [BUSY, {"data": []}],
    "the server asks for 1.0 s (its rate limit is used up)": [USED_UP, {"data": []}],
    "trying again in ": [Answer({"message": "later"}, 503), {"data": []}],
}


@pytest.mark.parametrize("wait", WAITS)
def test_the_wait_under_way_is_shown(wait: str, server: JsonServer, warehouse: Warehouse) -> None:
    figures, seen = Figures(), threading.Event()
    shown: list[str] = []
    server.answers(*WAITS[wait])
    document = config(server)
    document["client"]["paginator"] = {"type": "json_link", "next_url_path": "next"}

    def watch() -> None:
        progress = Progress(figures, "loading")
        while not seen.is_set():
            shown.extend(line for line in progress.lines() if "waiting" in line)
            seen.wait(0.01)

    watching = threading.Thread(target=watch)
    watching.start()
    sync(warehouse.pipeline(), rest_api_source(document), figures=figures)
    seen.set()
    watching.join()

    assert shown
    assert f", waiting: {wait}" in shown[0]
    assert figures.of("items").waits == []


def test_how_much_is_left_of_a_listing(warehouse: Warehouse) -> None:
    figures, shares = Figures(), []

    class Watched(KeptListing):
        def _answer_to(self, asked: Asked) -> Answer:
            shares.append(figures.of("executions").share)
            return super()._answer_to(asked)

    with Watched(page=10) as api:
        api.put(*({"id": number, "status": "success"} for number in range(1, 102)))
        bounded = api.config(initial_value=51)
        Mirror(api, warehouse, bounded).sync(figures=figures)

    # Each page but the first is a fifth of the way from 101 to 51.
    assert shares[0] is None
    assert shares[1:] == [pytest.approx((9 + 10 * page) / 50) for page in range(5)]
    assert figures.of("executions").share == 1.0


def test_the_time_left_is_told_by_the_speed_so_far() -> None:
    figures, now = Figures(), [0.0]
    counts = figures.of("executions")
    progress = Progress(figures, "loading", clock=lambda: now[0])
    counts.share = 0.2
    assert "left" not in progress.lines()[0]

    now[0], counts.share = 60.0, 0.4
    assert progress.lines()[0].endswith("listing, 40% read, about 3 minutes left")

    counts.listings_ended = 1
    assert progress.lines()[0].endswith(", loading")


def test_sums_leave_out_what_is_no_sum() -> None:
    one = ResourceFigures(rows=1, share=0.5, waits=["a"])
    other = ResourceFigures(rows=2, share=0.25, waits=["b"])
    total = Figures({"one": one, "other": other}).total

    assert (total.rows, total.share, total.waits) == (3, None, ["a", "b"])


def test_an_event_is_part_of_the_record(records: Records, warehouse: Warehouse) -> None:
    with JsonServer() as server:
        server.answers([{"id": 1}])
        sync(warehouse.pipeline(), rest_api_source(config(server)))

    begins = next(each for each in records.kept if "begins" in each.getMessage())
    assert begins.headrace == Event("sync begins")  # type: ignore[attr-defined]


def test_dlts_own_progress(server: JsonServer) -> None:
    server.answers([{"id": number} for number in range(1, 8)])
    program = COLLECTORS.format(config=config(server))
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    told = dict(zip(*[iter(ran.stdout.split("=====")[1:])] * 2, strict=True))
    assert "items: 7 " in told["log"]
    assert "items: 7it" in told["tqdm"]
    assert "Extract rest_api: Resources" in told["alive_progress"]
    # It draws in terminals only.
    assert told["enlighten"].strip() == ""


COLLECTORS = """
import sys, warnings
warnings.simplefilter("ignore")
sys.stderr = sys.stdout
import dlt
from headrace import rest_api_source, sync

for name in ("log", "tqdm", "enlighten", "alive_progress"):
    print(f"====={{name}}=====", flush=True)
    place = dlt.destinations.duckdb("progress.duckdb")
    pipeline = dlt.pipeline(name, destination=place, dataset_name=name, progress=name)
    sync(pipeline, rest_api_source({config}))
"""
