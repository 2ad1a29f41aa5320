"""Each kind of listing is planned, read in any order while it changes, and loaded exactly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headrace import ConfigError, HeadraceError, PageError, backfill
from tests.stories.keeping_up.kept_listing import Mirror
from tests.stories.lanes.test_lanes_by_key import BY_CURSOR, FOLLOWING, SlowListing, row
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


def ids(warehouse: Warehouse, table: str = "items") -> list[int]:
    return [number for (number,) in warehouse.query(f"SELECT id FROM test_data.{table} ORDER BY 1")]


class Numbered:
    """Lists rows by offset, newest first, and tells how many there are.

    Args:
        server: The server to answer for.
    """

    def __init__(self, server: JsonServer) -> None:
        self.rows = list(range(1, 401))
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        first = int(asked.query.get("offset", 0))
        shown = self.rows[::-1][first : first + 10]
        return Answer({"data": [{"id": each} for each in shown], "total": len(self.rows)})


def numbered_config(server: JsonServer) -> dict[str, Any]:
    return {
        "client": {
            "base_url": server.base_url,
            "paginator": {"type": "offset", "limit": 10, "total_path": "total"},
        },
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "append",
                "endpoint": {"data_selector": "data", "lanes": {"by": "pages", "at_once": 4}},
            }
        ],
    }


def test_pages_are_joined_by_their_rows_though_rows_come_and_go_between_lanes(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    api = Numbered(server)
    out = str(tmp_path / "plan")
    plan = backfill.plan(numbered_config(server), out=out, lanes=4)
    assert (plan.lanes, plan.requests) == (4, 4)
    server.asked.clear()
    gone: set[int] = set()
    for number in (2, 0, 3, 1):
        backfill.lane(out, number)
        for place in (350, 200, 40, 7):
            gone.add(api.rows.pop(place - 5 * number))
        api.rows += [1_000 + 2 * number, 1_001 + 2 * number]
    # A page more than the others has each lane, at most, and one at each seam moved.
    assert len(server.asked) <= 45 + 4 + 4
    backfill.commit(out, pipeline=warehouse.pipeline())
    found = ids(warehouse)
    assert len(found) == len(set(found))
    assert {each for each in range(1, 401) if each not in gone} <= set(found)


def test_a_server_that_knows_no_offset_is_found_when_it_is_planned(
    server: JsonServer, tmp_path: Path
) -> None:
    document = numbered_config(server)
    server.handler = lambda asked: Answer(
        {"data": [{"id": number} for number in range(10)], "total": 400}
    )
    with pytest.raises(PageError, match="takes no notice of the number that is sent"):
        backfill.plan(document, out=str(tmp_path / "plan"), lanes=4)


def read_all(document: dict[str, Any], out: str) -> None:
    for number in range(backfill.plan(document, out=out, lanes=4).lanes):
        backfill.lane(out, number)


@pytest.mark.parametrize("unchanging", [False, True], ids=["by-keys", "by-numbers"])
@pytest.mark.parametrize("listed", [250, 395])
def test_a_server_that_lists_fewer_rows_than_it_tells_is_told_of(
    listed: int, unchanging: bool, server: JsonServer, tmp_path: Path
) -> None:
    document = numbered_config(server)
    document["resources"][0]["endpoint"]["lanes"]["unchanging"] = unchanging

    def up_to_a_bound(asked: Asked) -> Answer:
        first = int(asked.query.get("offset", 0))
        rows = [{"id": number} for number in range(first, min(first + 10, listed))]
        return Answer({"data": rows, "total": 400})

    server.handler = up_to_a_bound
    out = str(tmp_path / "plan")
    with pytest.raises(PageError, match="it is not whole"):
        read_all(document, out)


def test_a_server_that_knows_no_numbers_is_found_where_rows_do_not_change(
    server: JsonServer, tmp_path: Path
) -> None:
    document = numbered_config(server)
    document["resources"][0]["endpoint"]["lanes"]["unchanging"] = True
    server.handler = lambda asked: Answer(
        {"data": [{"id": number} for number in range(10)], "total": 400}
    )
    with pytest.raises(PageError, match="takes no notice of the number that is sent"):
        backfill.plan(document, out=str(tmp_path / "plan"), lanes=4)


def test_the_last_page_given_for_all_numbers_behind_it_is_the_end(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    document = numbered_config(server)
    document["client"]["paginator"] = {"type": "page_number", "total_path": "pages"}
    document["resources"][0]["endpoint"]["lanes"]["unchanging"] = True

    def answer(asked: Asked) -> Answer:
        if len(server.asked) > 100:
            return Answer({"message": "enough"}, 403)
        page = min(int(asked.query.get("page", 0)), 39)
        rows = [{"id": number} for number in range(10 * page, 10 * page + 10)]
        return Answer({"data": rows, "pages": 40})

    server.handler = answer
    out = str(tmp_path / "plan")
    read_all(document, out)
    backfill.commit(out, pipeline=warehouse.pipeline())
    assert ids(warehouse) == list(range(400))


def test_what_tells_no_total_parts_nothing(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    document = numbered_config(server)
    # The number of rows, where that of pages is due.
    document["client"]["paginator"] = {
        "type": "page_number",
        "page": 2,
        "base_page": 0,
        "total_path": "rows",
    }
    document["resources"][0]["endpoint"]["lanes"]["unchanging"] = True

    def answer(asked: Asked) -> Answer:
        first = 10 * int(asked.query.get("page", 0))
        return Answer(
            {"data": [{"id": n} for n in range(first, min(first + 10, 195))], "rows": 195}
        )

    server.handler = answer
    out = str(tmp_path / "plan")
    plan = backfill.plan(document, out=out, lanes=3)
    assert (plan.lanes, plan.requests) == (1, 2)
    assert "what it tells is no total of this listing" in plan.notes[0]
    backfill.lane(out, 0)
    backfill.commit(out, pipeline=warehouse.pipeline())
    assert ids(warehouse) == list(range(20, 195))


class Dated:
    """Lists rows by the day on which they changed.

    Args:
        server: The server to answer for.
    """

    def __init__(self, server: JsonServer) -> None:
        self.rows = {
            number: f"2026-06-{number % 28 + 1:02}T00:00:{number % 60:02}Z"
            for number in range(1, 201)
        }
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        low, high = asked.query["since"], asked.query["until"]
        found = [
            {"id": number, "changed": changed}
            for number, changed in self.rows.items()
            if low <= changed < high
        ]
        return Answer({"data": found})


def test_what_changes_after_its_window_was_read_comes_with_the_sync_behind(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    api = Dated(server)
    document: dict[str, Any] = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "data_selector": "data",
                    "incremental": {
                        "cursor_path": "changed",
                        "initial_value": "2026-06-01T00:00:00Z",
                        "start_param": "since",
                        "end_param": "until",
                        "step": "1w",
                        "range_end": "open",
                    },
                },
            }
        ],
    }
    out = str(tmp_path / "plan")
    plan = backfill.plan(document, out=out, lanes=5)
    assert plan.lanes == 5
    backfill.lane(out, 4)
    backfill.lane(out, 3)
    # By now, it is in none of the windows that are still to be read; a range that is open at its
    # end has no row of the second that is under way.
    moved = datetime.fromtimestamp(plan.made_at - 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    api.rows[3], api.rows[500] = moved, moved
    for number in (0, 1, 2):
        backfill.lane(out, number)
    report = backfill.commit(out, pipeline=warehouse.pipeline())
    assert report.caught_up is not None
    assert ids(warehouse) == [*range(1, 201), 500]
    (changed,) = warehouse.query("SELECT changed FROM test_data.items WHERE id = 3")
    assert changed[0].strftime("%Y-%m-%dT%H:%M:%SZ") == moved
    # What was read is known: the sync behind asked for the end of the range alone.
    assert report.caught_up.figures.total.requests <= 2
    other = str(tmp_path / "other")
    backfill.plan(document, out=other, lanes=1)
    backfill.lane(other, 0)
    with pytest.raises(ConfigError, match="has been loaded before, up to"):
        backfill.commit(other, pipeline=warehouse.pipeline())


@pytest.fixture
def living() -> Iterator[SlowListing]:
    with SlowListing(page=50) as running:
        running.put(*(row(number) for number in range(1, 2_001)))
        yield running


def test_a_listing_that_is_kept_up_with_goes_on_from_what_all_lanes_know(
    living: SlowListing, warehouse: Warehouse, tmp_path: Path
) -> None:
    mirror = Mirror(living, warehouse, living.config(**FOLLOWING))
    mirror.config["resources"][0]["endpoint"]["lanes"] = BY_CURSOR
    for number in (1_990, 1_000, 20):
        living.change(number, status="running")
    out = str(tmp_path / "plan")
    plan = backfill.plan(mirror.config, out=out, lanes=4)
    assert plan.lanes == 4
    for number in (3, 1, 0, 2):
        backfill.lane(out, number)
        living.put(row(max(living.rows) + 1))
    living.change(1_000, status="success")
    report = backfill.commit(out, pipeline=mirror.pipeline())
    assert report.caught_up is not None
    assert not mirror.faults()
    living.forget_requests()
    mirror.sync()
    # As after one reader: the top, where one of the open rows is, and the other one.
    assert (len(living.pages_asked), living.rows_asked) == (1, ["20"])


class Parted:
    """Lists rows by the value of a parameter.

    Args:
        server: The server to answer for.
    """

    def __init__(self, server: JsonServer) -> None:
        self.of = {number: number % 4 for number in range(40)}
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        wanted = int(asked.query["shelf"])
        return Answer([{"id": number} for number, of in self.of.items() if of == wanted])


def parted_config(server: JsonServer, disposition: str) -> dict[str, Any]:
    lanes = {"by": "values", "param": "shelf", "values": [0, 1, 2, 3, 1]}
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": disposition,
                "endpoint": {"lanes": lanes},
            }
        ],
    }


def test_a_value_that_is_named_twice_is_read_once(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    Parted(server)
    out = str(tmp_path / "plan")
    read_all(parted_config(server, "append"), out)
    backfill.commit(out, pipeline=warehouse.pipeline())
    assert ids(warehouse) == list(range(40))


def test_a_row_that_comes_under_values_of_two_lanes_is_never_there_twice(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    for disposition in ("append", "merge"):
        api = Parted(server)
        out = str(tmp_path / disposition)
        backfill.plan(parted_config(server, disposition), out=out, lanes=4)
        for number in range(4):
            backfill.lane(out, number)
            api.of[number] = (number + 1) % 4
    with pytest.raises(PageError, match="3 rows came under two values of `shelf`"):
        backfill.commit(str(tmp_path / "append"), pipeline=warehouse.pipeline())
    report = backfill.commit(str(tmp_path / "merge"), pipeline=warehouse.pipeline("other"))
    assert warehouse.query("SELECT count(*), count(DISTINCT id) FROM other_data.items") == [
        (40, 40)
    ]
    assert any("came under two values" in note for note in report.loaded.figures.total.notes)


def test_a_secret_among_the_values_does_not_travel(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELF_TOKEN", "canary-0123456789")
    document = parted_config(server, "append")
    document["resources"][0]["endpoint"]["lanes"]["values"] = ["1", "${SHELF_TOKEN}"]
    with pytest.raises(
        ConfigError, match=r"lanes\.values: a secret is among the values"
    ) as refused:
        backfill.plan(document, out=str(tmp_path / "plan"))
    assert "canary" not in str(refused.value)


def test_a_listing_that_has_shrunk_is_read_though_the_server_refuses_what_is_behind_its_end(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    api = Numbered(server)
    inside = server.handler

    def answer(asked: Asked) -> Answer:
        if int(asked.query.get("offset", 0)) >= len(api.rows):
            return Answer({"message": "past the end"}, 404)
        return inside(asked)

    server.handler = answer
    out = str(tmp_path / "plan")
    backfill.plan(numbered_config(server), out=out, lanes=4)
    # Nearly all that stood above the last lane goes, and so it lies where the first one did.
    api.rows = [number for number in api.rows if number <= 130 or number % 5 == 0]
    for number in range(4):
        backfill.lane(out, number)
    backfill.commit(out, pipeline=warehouse.pipeline())
    assert ids(warehouse) == sorted(api.rows)
    server.handler = lambda asked: Answer({"message": "no such account"}, 400)
    server.asked.clear()
    with pytest.raises(HeadraceError, match="no such account"):
        backfill.lane(out, 3, again=True)
    assert len(server.asked) == 2
