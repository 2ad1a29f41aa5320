"""Where a listing is kept up with, what the next sync is to bring is no fault of the table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from headrace import VerificationReport, rest_api_source, verify
from headrace.cli.app import app
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.stories.verifying.compared import change, found
from tests.support.tables import Row, Warehouse

SETTLES: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
    "touches": ["retryOf"],
}
DELETE = "DELETE FROM test_data.executions WHERE"


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as listing:
        yield listing


def row(key: Any, status: str = "success", **fields: Any) -> Row:
    return {"id": key, "status": status, **fields}


def verified(mirror: Mirror) -> VerificationReport:
    return verify(mirror.pipeline(), rest_api_source(mirror.config))


def excused(mirror: Mirror) -> dict[str, int]:
    """Why rows are missing or different, where none is so by fault."""
    report = verified(mirror)
    comparison = report.tables[0].comparison
    assert found(comparison)[:2] == ([], [])
    assert report.ok
    return dict(comparison.excused)


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    """A table with rows 1 to 100, of which 90 is open, right after a sync."""
    api.put(*(row(key, retryOf=None, note="a") for key in range(1, 101)))
    api.change(90, status="running")
    mirror = Mirror(api, warehouse, api.config(**SETTLES))
    mirror.sync()
    return mirror


def test_right_after_a_sync(mirror: Mirror) -> None:
    assert excused(mirror) == {}


def test_rows_that_came_since(api: KeptListing, mirror: Mirror) -> None:
    api.put(row(101), row(103, "running"))

    assert excused(mirror) == {"new since the last sync": 2}
    mirror.sync()
    assert excused(mirror) == {}


def test_an_open_row_that_changed_since(api: KeptListing, mirror: Mirror) -> None:
    api.change(90, status="success", note="b")

    assert excused(mirror) == {"changed since; still open": 1}


def test_a_settled_row_that_a_new_row_names(api: KeptListing, mirror: Mirror) -> None:
    api.put(row(101, retryOf=50))
    api.change(50, note="was tried again")

    assert excused(mirror) == {
        "changed since; a newer row names it": 1,
        "new since the last sync": 1,
    }


def test_a_settled_row_that_a_row_named_just_before_the_sync(
    api: KeptListing, mirror: Mirror
) -> None:
    api.put(row(101, retryOf=50))
    mirror.sync()
    api.change(50, note="was tried again")

    assert excused(mirror) == {"changed since; a newer row names it": 1}


def test_a_settled_row_that_an_open_row_names_by_now(api: KeptListing, mirror: Mirror) -> None:
    api.change(90, status="success", retryOf=50)
    api.change(50, note="was tried again")

    assert excused(mirror) == {
        "changed since; a newer row names it": 1,
        "changed since; still open": 1,
    }


def test_a_settled_row_that_changed_all_the_same_is_a_fault(
    api: KeptListing, mirror: Mirror
) -> None:
    api.put(row(101, retryOf=50))
    api.change(51, note="nobody knows why")

    report = verified(mirror)
    assert not report.ok
    assert found(report.tables[0].comparison) == ([], [51], [])


def test_a_row_that_is_missing_below_the_newest_is_a_fault(mirror: Mirror) -> None:
    change(mirror.warehouse, f"{DELETE} id IN (90, 100)")

    report = verified(mirror)
    assert not report.ok
    assert found(report.tables[0].comparison) == ([90, 100], [], [])


def test_a_row_that_the_last_sync_asked_for_in_vain(api: KeptListing, warehouse: Warehouse) -> None:
    api.put(*(row(key) for key in range(1, 11) if key != 6))
    mirror = Mirror(api, warehouse, api.config(**SETTLES, late_rows="probe"))
    mirror.sync()
    api.put(row(6))

    assert excused(mirror) == {"came late; the next sync looks for it": 1}
    mirror.sync()
    assert excused(mirror) == {}


def test_rows_that_the_next_sync_lists_again(api: KeptListing, warehouse: Warehouse) -> None:
    day = "2026-01-{:02}T00:00:00Z"
    api.put(*(row(key, at=day.format(key)) for key in range(1, 21) if key != 17))
    lookback = {"time_path": "at", "late_rows": {"lookback": 5 * 86_400}}
    mirror = Mirror(api, warehouse, api.config(**lookback))
    mirror.sync()
    api.put(row(17, at=day.format(17)))
    api.change(18, status="error")

    assert excused(mirror) == {"late or changed; the next sync lists it again": 2}
    change(warehouse, f"{DELETE} id = 3")
    assert found(verified(mirror).tables[0].comparison)[0] == [3]


def test_rows_older_than_the_first_sync_went_back_to(
    api: KeptListing, warehouse: Warehouse
) -> None:
    api.put(*(row(key) for key in range(1, 101)))
    mirror = Mirror(api, warehouse, api.config())
    assert mirror.headrace_run("--backfill-until", "61").exit_code == 0

    assert excused(mirror) == {"older than the first sync went back to": 60}


@pytest.mark.parametrize("first", [9, "k-009"])
def test_keys_that_are_text(first: Any, api: KeptListing, warehouse: Warehouse) -> None:
    keys = [str(key) for key in range(9, 12)] if first == 9 else ["k-008", "k-009", "k-010"]
    api.put(row(keys[0], "running"), row(keys[1]))
    mirror = Mirror(api, warehouse, api.config(settled_when="status == 'success'"))
    mirror.sync()
    api.put(row(keys[2]))
    api.change(keys[0], status="success")

    assert excused(mirror) == {"changed since; still open": 1, "new since the last sync": 1}


def test_keys_that_move(warehouse: Warehouse) -> None:
    minute = "2026-01-01T00:{:02}:00Z"
    with KeptListing(key="updated") as api:
        api.put(*(row(key, updated=minute.format(key)) for key in range(1, 31)))
        mirror = Mirror(api, warehouse, api.config())
        mirror.sync()
        api.change(7, status="error", updated=minute.format(40))
        api.put(row(31, updated=minute.format(41)))

        assert excused(mirror) == {
            "changed since the last sync": 1,
            "new since the last sync": 1,
        }
        change(warehouse, "UPDATE test_data.executions SET status = 'x' WHERE id = 8")
        assert found(verified(mirror).tables[0].comparison)[1] == [8]


def test_a_row_that_got_the_newest_key_right_after_the_sync(warehouse: Warehouse) -> None:
    now = "2026-01-01T00:30:00Z"
    with KeptListing(key="updated") as api:
        api.put(row(1, updated="2026-01-01T00:00:00Z"), row(2, updated=now))
        mirror = Mirror(api, warehouse, api.config())
        mirror.sync(clock=lambda: datetime.fromisoformat(now).timestamp() + 1)
        api.put(row(3, updated=now))

        assert excused(mirror) == {"new since the last sync": 1}


def test_before_the_first_rows(api: KeptListing, warehouse: Warehouse) -> None:
    mirror = Mirror(api, warehouse, api.config(**SETTLES))
    mirror.sync()
    api.put(row(1))

    assert excused(mirror) == {"new since the last sync": 1}


def test_a_sync_that_never_was_excuses_nothing(mirror: Mirror) -> None:
    """Another resource fills another table, and has no state yet."""
    (first,) = mirror.config["resources"]
    mirror.config["resources"].append({**first, "name": "others"})

    assert len(verified(mirror).tables[1].comparison.missing) == 100


def test_on_the_command_line(api: KeptListing, mirror: Mirror) -> None:
    """The command works in a folder of its own: what it knows comes from the destination."""
    api.put(row(101))
    api.change(90, status="success")
    _, *arguments = mirror.command("--examples", "0")
    ran = CliRunner().invoke(app, ["verify", *arguments])

    assert ran.exit_code == 0
    assert "executions: 1 row missing or differing, no fault: new since the last sync" in ran.output
    assert (
        "executions: 1 row missing or differing, no fault: changed since; still open" in ran.output
    )
