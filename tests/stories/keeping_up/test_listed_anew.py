"""Everything is listed again, and no row of the table is lost by it: rows may be pruned by now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headrace import StateError
from tests.stories.keeping_up.kept_listing import PATH, KeptListing, Mirror
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Row, Warehouse, differences

FOLLOWING: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
}
PRUNED = range(1, 101)
PAGES = 2


def row(number: int, status: str = "success") -> Row:
    return {"id": number, "status": status}


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        running.put(*(row(number) for number in range(1, 201)))
        # The list hides it, so nothing but the ledger knows of it once it was read.
        running.change(150, status="running")
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    """A mirror that has synced before half of the rows were pruned, and others changed."""
    mirror = Mirror(api, warehouse, api.config(**FOLLOWING))
    mirror.sync()
    api.hidden.add(150)
    mirror.sync()
    prune(api)
    api.change(150, status="paused")
    api.forget_requests()
    return mirror


def prune(api: KeptListing) -> None:
    for number in PRUNED:
        del api.rows[number]


def faults(mirror: Mirror) -> list[str]:
    """How the table differs from what the API has, and has had."""
    expected = [*(row(number) for number in PRUNED), *mirror.api.rows.values()]
    return differences(mirror.rows(), expected, key="id")


def without_spans(state: dict[str, Any]) -> None:
    del state["tail"]["ledger"]["spans"]


def of_version_0(state: dict[str, Any]) -> None:
    state["tail"]["ledger"]["version"] = 0


@pytest.mark.parametrize("change", [without_spans, of_version_0])
def test_what_cannot_be_read_of_a_listing_is_read_anew(
    change: Callable[[dict[str, Any]], None], api: KeptListing, mirror: Mirror
) -> None:
    mirror.change_state(change)
    assert mirror.headrace_of("status").exit_code == 0
    assert mirror.headrace_of("verify").exit_code == 0
    api.forget_requests()

    ran = mirror.headrace_run()

    assert ran.exit_code == 0, ran.stderr
    told = " ".join(ran.stdout.split())
    assert "what is known of the listing cannot be read" in told
    assert "everything is listed again and merged into the table, where all rows stay" in told
    assert len(api.pages_asked) == PAGES
    assert not faults(mirror)
    api.forget_requests()
    assert "cannot be read" not in mirror.headrace_run().stdout
    assert api.pages_asked == [None]


def test_a_state_that_is_something_else_is_read_anew_by_dlt_too(
    api: KeptListing, mirror: Mirror
) -> None:
    mirror.change_state(lambda state: state.update(tail=["odd"]))
    api.hidden.clear()

    mirror.run()

    assert not faults(mirror)


def test_what_a_later_version_saved_is_left_alone(api: KeptListing, mirror: Mirror) -> None:
    mirror.change_state(lambda state: state["tail"]["ledger"].update(version=99))

    with pytest.raises(StateError) as failure:
        mirror.sync()

    told = str(failure.value)
    assert "resource `executions`: what is known of the listing was saved in the format 99" in told
    assert "install the later headrace" in told
    assert "--list-anew" in told
    assert "--full-refresh" not in told
    assert not api.asked
    for command in ("status", "verify"):
        assert "saved in the format 99" in mirror.headrace_of(command).stderr

    api.hidden.clear()
    assert mirror.headrace_run("--list-anew").exit_code == 0
    assert len(api.pages_asked) == PAGES
    assert not faults(mirror)
    api.forget_requests()
    mirror.sync()
    assert len(api.pages_asked) == 1


def test_all_is_listed_anew_on_request(api: KeptListing, mirror: Mirror) -> None:
    # Changed behind the mirror's back.
    api.change(199, status="error")

    ran = mirror.headrace_run("--list-anew")

    assert ran.exit_code == 0, ran.stderr
    assert len(api.pages_asked) == PAGES
    # The row that the list hides was followed on.
    assert not faults(mirror)


def test_a_request_that_failed_leaves_all_as_it_was(api: KeptListing, mirror: Mirror) -> None:
    api.at_request(2, lambda: Answer({"message": "not now"}, 403))
    assert mirror.headrace_run("--list-anew").exit_code == 1

    api.forget_requests()
    assert mirror.headrace_run().exit_code == 0
    assert api.pages_asked == [None]
    assert not faults(mirror)


def test_an_anew_listing_can_go_down_further_than_the_first(
    api: KeptListing, warehouse: Warehouse
) -> None:
    mirror = Mirror(api, warehouse, api.config(**FOLLOWING))
    assert mirror.headrace_run("--backfill-until", "181").exit_code == 0

    assert mirror.headrace_run("--list-anew", "--backfill-until", "101").exit_code == 0
    assert [each["id"] for each in mirror.rows()] == list(range(101, 201))

    assert mirror.headrace_run("--list-anew").exit_code == 0
    assert not mirror.faults()


def test_a_bound_holds_where_rows_were_deleted(api: KeptListing, warehouse: Warehouse) -> None:
    mirror = Mirror(api, warehouse, api.config(**FOLLOWING))
    assert mirror.headrace_run("--backfill-until", "181").exit_code == 0
    warehouse.query("DELETE FROM test_data.executions WHERE id > 190")

    assert mirror.headrace_run().exit_code == 0

    assert [each["id"] for each in mirror.rows()] == list(range(181, 201))


def test_a_source_that_was_reset_is_merged(api: KeptListing, mirror: Mirror) -> None:
    api.rows.clear()
    api.hidden.clear()
    api.put(*(row(number, "error") for number in range(1, 31)))
    before = {each["id"]: each for each in mirror.rows()}

    assert mirror.headrace_run().exit_code == 1
    assert mirror.headrace_run("--list-anew").exit_code == 0

    assert not differences(mirror.rows(), list({**before, **api.rows}.values()), key="id")
    api.put(row(31))
    assert mirror.headrace_run().exit_code == 0
    assert mirror.rows()[30] == row(31)


def test_rows_are_followed_on_where_others_were_deleted(api: KeptListing, mirror: Mirror) -> None:
    mirror.warehouse.query("DELETE FROM test_data.executions WHERE id > 150")

    ran = mirror.headrace_run()

    assert "its newest among them: `executions` is listed anew" in " ".join(ran.stdout.split())
    assert not faults(mirror)


def test_keys_of_another_kind(api: KeptListing, warehouse: Warehouse) -> None:
    mirror = Mirror(api, warehouse, api.config(**FOLLOWING))
    mirror.config["resources"][0]["columns"] = {"id": {"data_type": "text"}}
    mirror.sync()
    api.rows = {f"r{number}": {**row(number), "id": f"r{number}"} for number in range(101, 251)}

    refused = mirror.headrace_run()
    assert refused.exit_code == 1
    assert "--list-anew" in refused.stderr
    assert "--full-refresh" not in refused.stderr

    ran = mirror.headrace_run("--list-anew")
    assert ran.exit_code == 0, ran.stderr
    assert "could still change (1) are looked at again only where the listing" in " ".join(
        ran.stdout.split()
    )
    assert mirror.counted("executions") == 350
    api.forget_requests()
    mirror.sync()
    assert api.pages_asked == [None]


def test_another_key(api: KeptListing, warehouse: Warehouse) -> None:
    for number in range(1, 201):
        api.change(number, place=number)
    mirror = Mirror(api, warehouse, api.config(**FOLLOWING))
    mirror.sync()
    mirror.config = api.config(cursor_path="place")

    refused = mirror.headrace_run()
    assert refused.exit_code == 1
    assert "--list-anew" in refused.stderr
    assert "--full-refresh" not in refused.stderr

    assert mirror.headrace_run("--list-anew").exit_code == 0
    assert not mirror.faults()


def test_appended_rows_are_not_listed_twice(server: JsonServer, warehouse: Warehouse) -> None:
    config = incremental_of(server, "append")
    mirror = Mirror(KeptListing(), warehouse, config)
    assert mirror.headrace_run().exit_code == 0
    server.asked.clear()

    refused = mirror.headrace_run("--list-anew")

    assert refused.exit_code == 2
    assert "resources.executions" in refused.stderr
    assert "would add them to the table `executions` once more" in " ".join(refused.stderr.split())
    assert not server.asked
    assert mirror.counted("executions") == 3


def test_what_an_incremental_of_dlt_left_out_comes(
    server: JsonServer, warehouse: Warehouse
) -> None:
    mirror = Mirror(KeptListing(), warehouse, incremental_of(server, "merge"))
    assert mirror.headrace_run().exit_code == 0
    rows = [{"id": number, "n": number} for number in range(2, 6)]
    # It came late, so it lies below what was listed.
    server.handler = lambda asked: Answer([{"id": 9, "n": 1}, *rows])
    assert mirror.headrace_run().exit_code == 0
    assert mirror.counted("executions") == 5

    assert mirror.headrace_run("--list-anew").exit_code == 0

    assert [each["id"] for each in mirror.rows()] == [1, 2, 3, 4, 5, 9]


def incremental_of(server: JsonServer, disposition: str) -> dict[str, Any]:
    server.handler = lambda asked: Answer([{"id": number, "n": number} for number in (1, 2, 3)])
    endpoint = {
        "path": PATH,
        "paginator": "single_page",
        "incremental": {"cursor_path": "n", "initial_value": 0},
    }
    resource = {
        "name": "executions",
        "primary_key": "id",
        "write_disposition": disposition,
        "endpoint": endpoint,
    }
    return {"client": {"base_url": server.base_url}, "resources": [resource]}
