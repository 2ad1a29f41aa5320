"""Strapi pages within `pagination`, and refuses what it does not know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.stories.real_servers.mirrored import Mirror, documented, found_out, guessed
from tests.stories.real_servers.running import INSTALLED, free_port, program, serving
from tests.support.tables import Row, Warehouse

pytestmark = pytest.mark.real_servers

SOURCES = Path(__file__).parent / "strapi"
ROWS = 537
PAGE = 100


class Orders:
    """A server with orders that anybody may read and write.

    Args:
        base_url: Where it is.
    """

    def __init__(self, base_url: str) -> None:
        self.url = f"{base_url}/api/orders"

    def listed(self) -> list[Row]:
        """All orders, and as many as the server counts."""
        rows: list[Row] = []
        while True:
            page = len(rows) // PAGE + 1
            query = f"pagination[page]={page}&pagination[pageSize]={PAGE}&sort=documentId"
            answer = requests.get(f"{self.url}?{query}", timeout=30).json()
            rows += answer["data"]
            if len(rows) >= answer["meta"]["pagination"]["total"]:
                return rows

    def create(self, **fields: Any) -> None:
        """Makes an order."""
        requests.post(self.url, json={"data": fields}, timeout=30).raise_for_status()

    def change(self, row: Row, **fields: Any) -> None:
        """Changes an order."""
        url = f"{self.url}/{row['documentId']}"
        requests.put(url, json={"data": fields}, timeout=30).raise_for_status()


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Orders]:
    folder = tmp_path / "strapi"
    shutil.copytree(SOURCES, folder)
    (folder / "public" / "uploads").mkdir(parents=True)
    shutil.copy(INSTALLED / "strapi" / "package.json", folder)
    (folder / "node_modules").symlink_to(INSTALLED / "strapi" / "node_modules")
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("STRAPI_URL", base_url)
    # Whoever asks is nobody in particular.
    monkeypatch.setenv("STRAPI_TOKEN", "")
    environment = {
        "PORT": str(port),
        "ORDERS": str(ROWS),
        "DATABASE_FILENAME": str(folder / "orders.sqlite"),
        "STRAPI_TELEMETRY_DISABLED": "true",
        "NODE_ENV": "production",
    }
    started = Orders(base_url)
    with serving([program("strapi", "strapi"), "start"], started.url, folder, environment):
        yield started


def for_anybody(config: dict[str, Any]) -> dict[str, Any]:
    """A config without a token, which this server has none of."""
    del config["client"]["auth"]
    return config


def test_orders_and_what_becomes_of_them(orders: Orders, warehouse: Warehouse) -> None:
    mirror = Mirror(for_anybody(documented("Strapi 5")), warehouse)
    checked = mirror.check()
    assert checked.returncode == 0, checked.stderr
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    before = orders.listed()
    assert len(before) == ROWS
    assert mirror.differences("orders", before, "document_id") == []
    assert mirror.verify().returncode == 0

    for row in before[::50]:
        orders.change(row, total=-1, lines=[{"sku": "other"}])
    for number in range(ROWS + 1, ROWS + 21):
        orders.create(number=number, customer="new")
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    now = orders.listed()
    assert len(now) == ROWS + 20
    assert mirror.differences("orders", now, "document_id") == []
    assert mirror.verify().returncode == 0


def test_its_paging_is_found_out(orders: Orders, warehouse: Warehouse) -> None:
    mirror = Mirror(guessed(for_anybody(documented("Strapi 5"))), warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("orders", orders.listed(), "document_id") == []


def test_all_of_it_is_found_out(orders: Orders, warehouse: Warehouse) -> None:
    mirror = Mirror(found_out(orders.url, kept_as="strapi"), warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("orders", orders.listed(), "document_id") == []
    assert mirror.verify().returncode == 0
