"""Killed at any moment, a sync of what belongs to rows of a parent marks what is gone, and no more.

This makes more of them:

    HEADRACE_CRASHES=50 scripts/test tests/stories/missing_rows/test_crashes_of_dependents.py
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from tests.stories.missing_rows.test_dependent_resources import Shop, config
from tests.support.crashing import Gate, Machine, Moment, moments
from tests.support.kept_databases import release_databases
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

CRASHES = int(os.environ.get("HEADRACE_CRASHES", "1"))
SEED = int(os.environ.get("HEADRACE_CRASH_SEED", "1"))
REQUESTS, CHANGES = 40, 120
CHOSEN = [Moment("package completed", new_machine=True), Moment("loaded")]
KEYS: dict[str, Any] = {"by its own key": "id", "by the parent's key too": ["_orders_id", "id"]}


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as running:
        yield running


def change(shop: Shop, draw: random.Random, keys: Iterator[int]) -> None:
    """An order goes, and of another one an item goes and one comes."""
    del shop.orders[draw.choice(sorted(shop.orders))]
    items = shop.orders[draw.choice(sorted(shop.orders))]
    del items[:1]
    items.append(next(keys))
    shop.orders[next(keys)] = [next(keys)]


def there(warehouse: Warehouse) -> set[int]:
    """The items that are not marked."""
    unmarked = "SELECT id FROM test_data.items WHERE _headrace_gone IS NULL"
    return {key for (key,) in warehouse.query(unmarked)}


@pytest.mark.parametrize("key", KEYS)
def test_no_crash_marks_a_row_that_is_there_or_leaves_one_that_is_gone(
    key: str, gate: Gate, tmp_path: Path, warehouse: Warehouse
) -> None:
    draw, keys = random.Random(SEED), count(100)
    shop = Shop({order: [next(keys), next(keys), next(keys)] for order in range(1, 6)})
    missing_rows = {"action": "mark", "most": 1}
    drawn = moments(CRASHES + 8, requests=REQUESTS, changes=CHANGES, seed=SEED)[8:]
    with JsonServer() as server:
        server.handler = shop
        gate.leads_to(server.base_url)
        file = tmp_path / "shop.json"
        file.write_text(json.dumps(config(gate, primary_key=KEYS[key], missing_rows=missing_rows)))
        place = ("--destination", warehouse.url, "--dataset", "test_data")
        machine = Machine(tmp_path, ["run", str(file), *place], {})
        release_databases()
        assert machine.run(gate).code == 0
        for moment in [*CHOSEN, *drawn]:
            before = there(warehouse)
            change(shop, draw, keys)
            release_databases()
            assert machine.run(gate, moment).code in (-SIGKILL, 0), moment
            assert (before & shop.items) <= there(warehouse), moment
            change(shop, draw, keys)
            release_databases()
            again = machine.run(gate)
            assert again.code == 0, f"after {moment}: {again.told}"
            assert there(warehouse) == shop.items, f"after {moment}"
