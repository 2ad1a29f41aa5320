from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.simulator import Simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=20_000, seed=1) as running:
        yield running


@pytest.fixture(scope="session")
def text_simulator() -> Iterator[Simulator]:
    with Simulator(rows=1_000, seed=1, string_ids=True) as running:
        yield running
