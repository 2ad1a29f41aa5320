r"""Long listings over bad networks end with the exact table.

Over more of them, and before a server that is down for longer:

    HEADRACE_BAD_NETWORKS=50 HEADRACE_OUTAGE=20 \
        scripts/test tests/stories/networks/test_bad_networks_for_long.py
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from itertools import groupby

import pytest

from headrace import LegSettings, PageError, RequestError, SyncReport, sync
from headrace.config import load_config
from headrace.dlt_source.source import build_source
from headrace.simulator import FAULTS, Faults, Outcome, Simulator
from tests.stories.loading.test_recorded_server import typed
from tests.support.tables import Warehouse

NETWORKS = int(os.environ.get("HEADRACE_BAD_NETWORKS", "3"))
OUTAGE = float(os.environ.get("HEADRACE_OUTAGE", "1"))
PAGES, PAGE_ROWS, ATTEMPTS = 300, 10, 5
# What fails in passing and takes seconds: some of it, where there is time.
SLOW = [
    name for name, fault in FAULTS.items() if fault.takes_time and fault.outcome is Outcome.PASSES
]
IS_LONG = "HEADRACE_BAD_NETWORKS" in os.environ
FAILING = ", ".join(["9%", *(f"{name}:0.25%" for name in SLOW)]) if IS_LONG else "10%"
# So that it commits several times on its way.
LEGS = LegSettings(most_bytes=300_000)


@pytest.fixture(autouse=True)
def retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME__REQUEST_MAX_ATTEMPTS")


def sync_once(simulator: Simulator, warehouse: Warehouse, **client: float) -> SyncReport:
    config = load_config(
        "executions",
        [
            f"resources.executions.endpoint.paginator.limit={PAGE_ROWS}",
            *(f"client.{name}={value}" for name, value in client.items()),
        ],
        lookup={"API_KEY": simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}.get,
    )
    return sync(warehouse.pipeline(), build_source(config), legs=LEGS)


def check(simulator: Simulator, warehouse: Warehouse) -> None:
    truth = sorted((typed(row) for row in simulator.truth()), key=lambda row: row["id"])
    assert warehouse.rows("test_data.executions") == truth


def most_tries(simulator: Simulator) -> int:
    """How often the same was asked in a row."""
    asked = groupby(simulator.requests, key=lambda request: (request.path, request.query))
    return max(len(list(same)) for _, same in asked)


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_a_tenth_of_all_requests_fails_and_no_row_is_lost(seed: int, warehouse: Warehouse) -> None:
    faults = Faults.parse(FAILING, seed)
    with Simulator(PAGES * PAGE_ROWS, seed, faults=faults) as simulator:
        is_done = False
        while not is_done:
            try:
                sync_once(simulator, warehouse, **{"retry.backoff_factor": 0.001, "timeout": 2})
                is_done = True
            except (RequestError, PageError):
                # Once in some hundred networks a request fails as often as it may.
                assert most_tries(simulator) == ATTEMPTS
        bad = sum(request.fault is not None for request in simulator.requests)
        assert PAGES * 0.05 < bad < PAGES * 0.2
        assert most_tries(simulator) <= ATTEMPTS
        check(simulator, warehouse)


def test_a_server_that_is_down_for_a_while_is_waited_for(warehouse: Warehouse) -> None:
    def go_down() -> None:
        is_going_down.set()
        simulator.__exit__(None, None, None)
        time.sleep(OUTAGE)
        simulator.__enter__()

    def on_request(number: int) -> None:
        if number == PAGES // 2:
            outage.start()
            is_going_down.wait()

    is_going_down = threading.Event()
    outage = threading.Thread(target=go_down)
    simulator = Simulator(PAGES * PAGE_ROWS, port=kept_port(), on_request=on_request)
    # As by default, or as much faster as the server comes back sooner.
    quick = {} if OUTAGE >= 20 else {"retry.backoff_factor": 0.1}
    with simulator:
        report = sync_once(simulator, warehouse, **quick)
        outage.join()
        assert report.figures.of("executions").seconds_waited >= OUTAGE
        check(simulator, warehouse)


def kept_port() -> int:
    """A free port that no system gives to whoever asks for any."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")
