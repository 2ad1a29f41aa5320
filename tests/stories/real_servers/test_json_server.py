"""json-server serves a JSON file, in two versions that page in different ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.stories.real_servers.mirrored import Mirror, documented, found_out, guessed
from tests.stories.real_servers.running import free_port, program, serving
from tests.support.command_line import headrace
from tests.support.tables import Row, Warehouse

pytestmark = pytest.mark.real_servers

# Not as many as pages are cut at: with no word on paging it is then taken for everything.
ROWS = 1_237
VERSIONS = ("json-server 0.17", "json-server 1.0")


class Orders:
    """A server with a list of orders.

    Args:
        version: Which one.
        folder: Where the file with the orders is.
    """

    def __init__(self, version: str, folder: Path) -> None:
        self.version = version
        self._folder = folder
        self._port = free_port()
        self.base_url = f"http://127.0.0.1:{self._port}"
        self._running = ExitStack()
        self.become([order(number) for number in range(1, ROWS + 1)])

    def become(self, rows: list[Row]) -> None:
        """Starts it anew with these orders.

        Of rows that are posted to version 1.0 some are lost: it takes what it has written itself
        for somebody else's change of the file, and reads it over what is newer.
        """
        self.stop()
        file = self._folder / "shop.json"
        file.write_text(json.dumps({"orders": rows}))
        installed = "json-server-0" if self.version == VERSIONS[0] else "json-server-1"
        where = ("--host", "127.0.0.1", "--port", str(self._port))
        command = [program(installed, "json-server"), *where, str(file)]
        self._running.enter_context(serving(command, f"{self.base_url}/orders/1", self._folder))

    def stop(self) -> None:
        """Stops it."""
        self._running.close()

    def listed(self) -> list[Row]:
        """All orders, and as many as the server counts."""
        url = f"{self.base_url}/orders"
        rows: list[Row] = requests.get(url, timeout=30).json()
        counted = requests.get(url, params={"_page": 1}, timeout=30)
        is_old = self.version == VERSIONS[0]
        total = counted.headers["X-Total-Count"] if is_old else counted.json()["items"]
        assert len(rows) == int(total)
        return rows


@pytest.fixture(params=VERSIONS)
def orders(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Orders]:
    running = Orders(request.param, tmp_path)
    monkeypatch.setenv("JSON_SERVER_URL", running.base_url)
    yield running
    running.stop()


def order(number: int) -> Row:
    lines = [{"sku": f"s{each}", "pieces": each} for each in range(number % 3)]
    return {
        "id": str(number),
        "total": number / 4,
        "customer": {"id": number % 9, "name": f"Customer {number % 9}"},
        "lines": lines,
        "paidAt": f"2026-01-{number % 28 + 1:02}T08:00:00Z" if number % 2 else None,
    }


def test_orders_and_what_becomes_of_them(orders: Orders, warehouse: Warehouse) -> None:
    mirror = Mirror(documented(orders.version), warehouse)
    checked = mirror.check()
    assert checked.returncode == 0, checked.stderr
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    before = orders.listed()
    assert len(before) == ROWS
    assert mirror.differences("orders", before, "id") == []
    assert mirror.verify().returncode == 0

    gone, kept = before[200:205], before[:200] + before[205:]
    changed = [{**row, "total": -1, "lines": []} for row in kept[::50]]
    now = [*changed, *(order(number) for number in range(ROWS + 1, ROWS + 201))]
    now += [row for row in kept if row["id"] not in {each["id"] for each in changed}]
    orders.become(now)
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    assert len(orders.listed()) == ROWS - 5 + 200
    assert mirror.differences("orders", [*now, *gone], "id") == []
    verified = mirror.verify()
    assert verified.returncode == 0, verified.stdout
    assert "5 rows only in the table" in verified.stdout


def test_its_paging_is_found_out(orders: Orders, warehouse: Warehouse) -> None:
    config = guessed(documented(orders.version))
    size = "_limit" if orders.version == VERSIONS[0] else "_per_page"
    config["resources"][0]["endpoint"]["params"] = {"_page": 1, size: 100}
    mirror = Mirror(config, warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("orders", orders.listed(), "id") == []
    assert mirror.verify().returncode == 0


def test_everything_in_one_answer(orders: Orders, warehouse: Warehouse) -> None:
    config: dict[str, Any] = guessed(documented(orders.version))
    endpoint = config["resources"][0]["endpoint"]
    endpoint.pop("params", None)
    endpoint["data_selector"] = "$"
    mirror = Mirror(config, warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("orders", orders.listed(), "id") == []


def test_all_of_it_is_found_out(orders: Orders, warehouse: Warehouse) -> None:
    url = f"{orders.base_url}/orders"
    if orders.version == VERSIONS[1]:
        # Without `_page` it lists everything, and with it in another shape.
        ran = headrace("init", url, "unknown.yml")
        assert ran.returncode == 1
        assert "paginator: unknown" in Path("unknown.yml").read_text()
        return
    mirror = Mirror(found_out(url, kept_as=orders.version), warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    # Digits in the order of numbers are numbers.
    rows = [{**row, "id": int(row["id"])} for row in orders.listed()]
    assert mirror.differences("orders", rows, "id") == []
