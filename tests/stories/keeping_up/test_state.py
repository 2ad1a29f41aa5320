"""Where what is known of a listing is kept, and what happens when it is lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.tables import Row, Warehouse

FOLLOWING: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
}


def row(number: int, status: str = "success") -> Row:
    return {"id": number, "status": status}


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    return Mirror(api, warehouse, api.config(**FOLLOWING))


def test_a_new_machine_asks_only_for_what_is_new(api: KeptListing, mirror: Mirror) -> None:
    api.put(*(row(number) for number in range(1, 501)))
    api.change(3, status="running")
    mirror.sync()
    shutil.rmtree(mirror.pipeline().pipelines_dir)
    api.forget_requests()

    api.put(row(501))
    api.change(3, status="success")
    mirror.sync()

    assert api.pages_asked == [None]
    assert api.rows_asked == ["3"]
    assert not mirror.faults()


def test_100_000_open_rows_take_less_than_1_mib_of_state(warehouse: Warehouse) -> None:
    count = 100_000
    with KeptListing(page=10_000) as api:
        # Ids as they are where other tables draw from the same sequence.
        api.put(*(row(3 * number + number % 7, "running") for number in range(count)))
        mirror = Mirror(api, warehouse, api.config(**FOLLOWING))
        mirror.sync()

    ((size,),) = warehouse.query("SELECT max(strlen(state)) FROM test_data._dlt_pipeline_state")
    assert mirror.counted("executions") == count
    assert size < 1024 * 1024
