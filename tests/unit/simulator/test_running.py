"""Starting, recording and stopping."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

from headrace.simulator import REQUESTS_KEPT, RecordedRequest, Simulator, serve
from headrace.simulator.archive import BLOCK_ROWS, Archive
from headrace.simulator.history import History
from headrace.simulator.server import ExecutionsApi

from .asking import ask, send

SERVING = """
import sys
from headrace.simulator import serve
serve(rows=1_000_000, on_ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


def test_rows_are_computed_only_when_asked_for() -> None:
    with Simulator(rows=1_000_000_000) as simulator:
        assert simulator.blocks_computed == 0
        assert ask(simulator, "/executions").body["data"][0]["id"] == 1_000_000_000
        assert simulator.blocks_computed == 1
        assert ask(simulator, "/executions/500000000").body["id"] == 500_000_000
        assert simulator.blocks_computed == 1


def test_only_a_few_blocks_are_kept() -> None:
    archive = Archive(History(100 * BLOCK_ROWS, 1))
    for number in range(100):
        archive.block(number)

    info = archive.block.cache_info()
    assert info.currsize == info.maxsize == 64


def test_requests_are_recorded_without_the_key() -> None:
    with Simulator(rows=10, api_key="very secret") as simulator:
        ask(simulator, "/executions", limit=3, status="error")
        ask(simulator, "/executions/4")
        send(simulator, "/nope", method="POST", headers={"X-API-KEY": simulator.api_key})

        assert list(simulator.requests) == [
            RecordedRequest("GET", "/executions", {"limit": "3", "status": "error"}),
            RecordedRequest("GET", "/executions/4", {}),
            RecordedRequest("POST", "/nope", {}),
        ]
        assert "very secret" not in repr(simulator.requests)


def test_only_so_many_requests_are_kept() -> None:
    api = ExecutionsApi(Archive(History(1, 1)), api_key="", key_header="")

    assert api.requests.maxlen == REQUESTS_KEPT


def test_the_end_leaves_neither_thread_nor_socket() -> None:
    before = set(threading.enumerate())
    with Simulator(rows=10) as simulator:
        parts = urlsplit(simulator.base_url)
        assert ask(simulator, "/executions").status == 200
        # A client that keeps its connection must not hold up the end.
        idle = socket.create_connection((parts.hostname, parts.port or 0), timeout=30)

    with idle:
        assert idle.recv(1) == b""
    assert set(threading.enumerate()) == before
    # An unclosed socket or event loop warns when it is collected, which fails the test.
    gc.collect()
    with pytest.raises(RuntimeError, match="not running"):
        _ = simulator.base_url


def test_it_can_be_started_again() -> None:
    simulator = Simulator(rows=10)
    for _ in range(2):
        with simulator:
            assert ask(simulator, "/executions").status == 200
    assert len(simulator.requests) == 2


def test_an_error_in_the_block_passes_through() -> None:
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), Simulator(rows=10):
        _ = 1 / 0
    assert set(threading.enumerate()) == before


def test_a_port_in_use_is_an_error_in_one_line() -> None:
    before = set(threading.enumerate())
    with Simulator(rows=10) as simulator:
        port = urlsplit(simulator.base_url).port or 0
        with pytest.raises(OSError, match=r"(?i)address already in use") as raised:
            Simulator(rows=10, port=port).__enter__()
        assert "\n" not in str(raised.value)
        with pytest.raises(OSError, match=r"(?i)address already in use"):
            serve(rows=10, port=port, on_ready=print)
    assert set(threading.enumerate()) == before


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        parts = urlsplit(process.stdout.readline().strip())
        with socket.create_connection((parts.hostname, parts.port or 0)):
            process.send_signal(number)
            output, errors = process.communicate(timeout=60)

    assert parts.path == "/api/v1"
    assert (process.returncode, output, errors) == (0, "ended\n", "")
