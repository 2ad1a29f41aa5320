"""`headrace backfill` as an orchestrator calls it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.stories.backfills.test_journey import Shop, orders_config
from tests.support.command_line import headrace
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse


@pytest.fixture
def shop(server: JsonServer) -> Shop:
    return Shop(server)


@pytest.fixture
def config(server: JsonServer, tmp_path: Path) -> Path:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(orders_config(server)))
    return file


def test_a_plan_is_read_lane_by_lane_and_committed(
    shop: Shop, config: Path, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    planned = headrace(
        "backfill", "plan", str(config), "--resource", "orders", "--out", out, "--lanes", "3"
    )
    assert (planned.returncode, planned.stdout) == (0, "3\n")
    assert f"Next: headrace backfill lane {out} --left" in planned.stderr
    assert headrace("backfill", "status", out).returncode == 1

    read = headrace("backfill", "lane", out, "1")
    assert read.returncode == 0
    assert read.stdout.startswith("lane 1: 10 rows with ")
    early = headrace("backfill", "commit", out, "--destination", warehouse.url)
    assert early.returncode == 1
    assert "2 of the 3 lanes" in early.stderr
    # As on another machine, after a part of the lanes.
    assert headrace("backfill", "lane", out, "--left").stdout.count("\n") == 2

    told: dict[str, Any] = json.loads(headrace("backfill", "status", out, "--json").stdout)
    assert (told["resource"], told["lanes"], told["left"], told["rows"]) == ("orders", 3, [], 35)
    shown = headrace("backfill", "status", out)
    assert shown.returncode == 0
    assert shown.stdout.startswith("`orders`: 3 of 3 lanes read, 35 rows")
    done = headrace("backfill", "commit", out, "--destination", warehouse.url)
    assert done.returncode == 0
    assert done.stdout.startswith("Loaded 35 rows (21 pages")
    assert warehouse.query("SELECT count(*) FROM shop_dataset.orders") == [(35,)]


def test_the_status_tells_which_requests_have_failed_and_why(
    shop: Shop, config: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    shop.failing = {4}
    headrace("backfill", "plan", str(config), "--resource", "orders", "--out", out, "--lanes", "1")
    headrace("backfill", "lane", out, "0")
    shown = headrace("backfill", "status", out).stdout
    assert re.search(r'beside the listings failed\n  lane 0: \{"id":4\}: GET .* 403 ', shown)
    (told,) = json.loads(headrace("backfill", "status", out, "--json").stdout)["failures"]
    assert told["lane"] == 0
    assert " 403 " in told["reason"]


def test_calls_that_cannot_be_meant_are_refused(shop: Shop, config: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "plan")
    which = headrace("backfill", "plan", str(config), "--out", out)
    assert which.returncode == 2
    assert "name the one to read, one of `customers`, `orders`" in which.stderr
    assert "there is no plan in" in headrace("backfill", "lane", out, "0").stderr
    headrace("backfill", "plan", str(config), "--resource", "orders", "--out", out, "--lanes", "2")
    none = headrace("backfill", "lane", out, "2")
    assert none.returncode == 2
    assert "has no lane 2: expected a number from 0 to 1" in none.stderr
    assert "name the lanes to read, or say --left" in headrace("backfill", "lane", out).stderr
    many = headrace(
        "backfill", "plan", str(config), "--resource", "orders", "--out", "x", "--lanes", "2000"
    )
    assert "`lanes` is 2000: expected a number from 1 to 1,000" in many.stderr
    bucket = headrace("backfill", "status", "nowhere://bucket/plan")
    assert bucket.returncode == 2
    assert "is no folder that can be reached" in bucket.stderr


def test_what_failed_is_told_and_the_exit_code_says_so(
    shop: Shop, config: Path, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    shop.failing = {2}
    headrace("backfill", "plan", str(config), "--resource", "orders", "--out", out, "--lanes", "1")
    assert "1 request failed" in headrace("backfill", "lane", out, "--left").stdout
    done = headrace("backfill", "commit", out, "--destination", warehouse.url)
    assert done.returncode == 4
    assert "1 request beside the listings failed" in done.stderr
