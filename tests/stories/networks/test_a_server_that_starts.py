"""A server that is started just now, and says so or does not even listen, is waited for."""

from __future__ import annotations

import logging
from contextlib import ExitStack

import pytest

from headrace import rest_api_source
from headrace.core.defaults import MAX_ATTEMPTS
from tests.support.tables import Warehouse
from tests.unit.http.brokenness import answering, free_port, in_turn, socket_server

HEAD = b"Content-Type: application/json\r\nConnection: close\r\n"
ROWS = b"HTTP/1.1 200 OK\r\n" + HEAD + b'Content-Length: 9\r\n\r\n[{"a":1}]'
STARTING = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
BEGINNINGS = {
    "not there, then busy": [STARTING + b"Content-Length: 0\r\n\r\n"],
    "as a proxy tells": [
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
        STARTING + b"Retry-After: 0\r\nContent-Length: 0\r\n\r\n",
    ],
    "accepts, and is not ready": [b"", STARTING + b"Content-Length: 8\r\n\r\nstarting"],
}


class StartedByFirstRefusal(logging.Handler):
    """Starts the server once a client has told that it is not there."""

    def __init__(self, port: int, answers: list[bytes]) -> None:
        super().__init__()
        self.running = ExitStack()
        self._port, self._answers = port, answers
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())
        if len(self.told) == 1:
            serve = in_turn(*map(answering, [*self._answers, ROWS]))
            self.running.enter_context(socket_server(serve, self._port))


@pytest.mark.parametrize("answers", BEGINNINGS.values(), ids=BEGINNINGS)
def test_it_is_waited_for(warehouse: Warehouse, answers: list[bytes]) -> None:
    port = free_port()
    # As many attempts as usual, after pauses that are shorter.
    retry = {"max_attempts": MAX_ATTEMPTS, "backoff_factor": 0.01}
    config = {
        "client": {"base_url": f"http://127.0.0.1:{port}", "retry": retry},
        "resources": [{"name": "items", "endpoint": {"paginator": "single_page"}}],
    }
    starting = StartedByFirstRefusal(port, answers)
    logger = logging.getLogger("headrace.http.retrying")
    logger.addHandler(starting)
    try:
        with starting.running:
            warehouse.pipeline().run(rest_api_source(config))
    finally:
        logger.removeHandler(starting)
    assert "does not take the connection" in starting.told[0]
    assert len(starting.told) == 1 + len(answers)
    assert warehouse.rows("test_data.items", "a") == [{"a": 1}]
