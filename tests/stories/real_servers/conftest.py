"""Stops the servers also where the tests are told to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def servers_stop_with_the_tests() -> Iterator[None]:
    """A server is in a process group of its own: nobody else ends it."""
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM"))
    yield
    signal.signal(signal.SIGTERM, before)
