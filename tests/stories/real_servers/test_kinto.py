"""Kinto names the next page by a bare URL in a header, and deleted records by tombstones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.stories.real_servers.mirrored import (
    Mirror,
    documented,
    found_out,
    guessed,
    of_its_document,
)
from tests.stories.real_servers.running import free_port, program, serving
from tests.support.tables import Row, Warehouse

pytestmark = pytest.mark.real_servers

ROWS = 1_200
_PER_PAGE = 100
_PER_BATCH = 25
_USER, _PASSWORD = "reader", "not-a-secret"
_SETTINGS = """\
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}

[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.includes = kinto.plugins.accounts
kinto.account_create_principals = system.Everyone
kinto.userid_hmac_secret = not-a-secret
kinto.paginate_by = {per_page}
multiauth.policies = account
multiauth.policy.account.use = kinto.plugins.accounts.authentication.AccountsAuthenticationPolicy
"""


class Kinto:
    """A server with one collection.

    Args:
        url: Its URL, with the version of its API.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._records = "/buckets/shop/collections/tasks/records"
        self._session = requests.Session()
        self._ask("PUT", f"/accounts/{_USER}", json={"data": {"password": _PASSWORD}})
        self._session.auth = (_USER, _PASSWORD)
        self._ask("PUT", "/buckets/shop")
        self._ask("PUT", "/buckets/shop/collections/tasks")

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else self.url + path
        answer = self._session.request(method, url, timeout=30, **options)
        answer.raise_for_status()
        return answer

    def change(self, method: str, records: Sequence[Row]) -> None:
        """Does the same with many records, named by their `id`."""
        for start in range(0, len(records), _PER_BATCH):
            asked = [
                {
                    "method": method,
                    "path": f"{self._records}/{record['id']}",
                    "body": {"data": record},
                }
                for record in records[start : start + _PER_BATCH]
            ]
            answer = self._ask("POST", "/batch", json={"requests": asked})
            assert {each["status"] // 100 for each in answer.json()["responses"]} == {2}

    def listed(self) -> list[Row]:
        """All records, and as many as Kinto counts."""
        rows: list[Row] = []
        following: str | None = self._records
        while following:
            answer = self._ask("GET", following)
            rows += answer.json()["data"]
            following = answer.headers.get("Next-Page")
        assert len(rows) == int(self._ask("HEAD", self._records).headers["Total-Records"])
        return rows


@pytest.fixture
def kinto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kinto]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    settings = tmp_path / "kinto.ini"
    settings.write_text(_SETTINGS.format(port=port, per_page=_PER_PAGE))
    for name, value in (("URL", url), ("USER", _USER), ("PASSWORD", _PASSWORD)):
        monkeypatch.setenv(f"KINTO_{name}", value)
    command = [program("kinto", "kinto"), "start", "--ini", str(settings)]
    with serving(command, f"{url}/__heartbeat__", tmp_path):
        running = Kinto(url)
        running.change("PUT", [task(number) for number in range(ROWS)])
        yield running


def task(number: int) -> Row:
    group = {"group": number % 5} if number % 3 else {}
    return {"id": f"task-{number}", "title": f"Task {number}", "at": {"shelf": number}, **group}


def test_a_collection_and_what_becomes_of_it(kinto: Kinto, warehouse: Warehouse) -> None:
    mirror = Mirror(documented("Kinto"), warehouse)
    checked = mirror.check()
    assert checked.returncode == 0, checked.stderr
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    assert len(kinto.listed()) == ROWS
    assert mirror.differences("tasks", kinto.listed(), "id") == []
    assert mirror.verify().returncode == 0

    kinto.change("PUT", [task(number) for number in range(ROWS, ROWS + 150)])
    kinto.change("PATCH", [{"id": f"task-{number}", "title": "Other"} for number in range(90)])
    kinto.change("DELETE", [{"id": f"task-{number}"} for number in range(100, 160)])
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    # 300 of them have changed.
    assert "with 3 requests" in ran.stdout
    assert len(kinto.listed()) == ROWS + 150 - 60
    assert mirror.differences("tasks", kinto.listed(), "id") == []
    verified = mirror.verify()
    assert verified.returncode == 0, verified.stdout


def test_its_paging_is_found_out(kinto: Kinto, warehouse: Warehouse) -> None:
    mirror = Mirror(guessed(documented("Kinto")), warehouse)
    assert mirror.check().returncode == 0
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("tasks", kinto.listed(), "id") == []
    assert mirror.verify().returncode == 0


def test_its_document_is_a_config_that_loads_all(kinto: Kinto, warehouse: Warehouse) -> None:
    who = ("--basic", "${KINTO_USER}:${KINTO_PASSWORD}")
    mirror = Mirror(of_its_document(f"{kinto.url}/__api__", *who), warehouse)
    checked = mirror.check()
    assert checked.returncode == 0, checked.stderr
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.count("records") == len(kinto.listed()) == ROWS
    assert [mirror.count(table) for table in ("buckets", "collections")] == [1, 1]


def test_all_of_it_is_found_out(kinto: Kinto, warehouse: Warehouse) -> None:
    url = f"{kinto.url}/buckets/shop/collections/tasks/records"
    who = ("--basic", "${KINTO_USER}:${KINTO_PASSWORD}")
    mirror = Mirror(found_out(url, *who, kept_as="kinto"), warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("records", kinto.listed(), "id") == []
    assert mirror.verify().returncode == 0
