"""Lanes by key of which one is read at once only say how a part of the listing would begin."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.config import load_config
from headrace.core.exceptions import ConfigError
from tests.stories.keeping_up.kept_listing import KeptListing
from tests.stories.lanes.test_lanes_by_key import BY_CURSOR, BY_FILTER, FOLLOWING, mirror_of, row
from tests.support.tables import Warehouse

TOLD = [{**BY_CURSOR, "at_once": 1}, {**BY_FILTER, "at_once": 1}, {**BY_CURSOR, "cursor": "{key}"}]
SECRETS = {"API_KEY": "not needed", "EXECUTIONS_BASE_URL": "http://world.invalid/api/v1"}


def asked_by(lanes: dict[str, Any] | None, warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """What two syncs ask for, the second one after changes, and what they say."""
    with KeptListing(page=100) as api:
        api.put(*(row(number) for number in range(1, 6_000) if number % 7))
        api.change(4_000, status="running")
        mirror = mirror_of(api, warehouse, None if lanes is None else {**lanes, "at_once": 1})
        mirror.config["client"]["concurrency"] = 1
        first = mirror.sync().figures.of("executions").notes
        api.put(row(6_001), row(6_003))
        api.change(4_000, status="success")
        second = mirror.sync().figures.of("executions").notes
        asked = [(each.method, each.target, each.body) for each in api.asked]
        return [*asked, ("notes", *first, *second)]


@pytest.mark.parametrize("lanes", TOLD, ids=["cursor", "filter", "a cursor of another form"])
def test_a_run_asks_for_what_it_asks_for_without_them(
    lanes: dict[str, Any], warehouse: Warehouse
) -> None:
    told = asked_by(lanes, warehouse)
    warehouse.pipeline().drop()

    with warehouse.pipeline().sql_client() as client:
        client.drop_dataset()
    assert told == asked_by(None, warehouse)
    assert len(told) > 60


@pytest.mark.parametrize(
    "change",
    [
        "incremental=null",
        "paginator.max_pages=500",
        "total=meta.total",
        'paginator={"type": "json_link", "next_url_path": "next"}',
    ],
)
def test_what_went_with_the_connector_goes_with_it_still(change: str) -> None:
    for name in ("executions", "node_runs"):
        config = load_config(
            "executions", [f"resources.{name}.endpoint.{change}"], lookup=SECRETS.get
        )
        assert config.resources

        with pytest.raises(ConfigError, match=r"lanes|one chain"):
            load_config(
                "executions",
                [
                    f"resources.{name}.endpoint.{change}",
                    f"resources.{name}.endpoint.lanes.at_once=4",
                ],
                lookup=SECRETS.get,
            )


def test_keys_that_are_texts_are_kept_up_with(warehouse: Warehouse) -> None:
    with KeptListing(page=10) as api:
        api.put(*({"id": f"x{number:03}", "status": "success"} for number in range(40)))
        following = {**FOLLOWING, "late_rows": "none"}
        mirror = mirror_of(api, warehouse, {**BY_FILTER, "at_once": 1}, **following)

        mirror.sync()

        assert mirror.counted("executions") == 40
