"""A listing that is kept up with row by row, and whose table has rows made of parts of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headrace import ConfigError, rest_api_source, sync, verify
from headrace.config import load_config
from headrace.config.selection import select_resources
from headrace.dlt_source.source import build_source
from headrace.reading.keep_up.legs import LegSettings
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer
from tests.support.tables import Row, Warehouse

HIDDEN = "a-resume-token-that-nobody-may-see"
STARTED = 1_795_884_391_000


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing(page=5) as running:
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    document = api.config(
        settled_when="status != 'running'",
        refresh_path="/executions/{id}?includeData=true",
        late_rows="probe",
    )
    resource = document["resources"][0]
    resource["primary_key"] = ["execution_id", "node", "run"]
    resource["endpoint"]["path"] = "/executions?includeData=true"
    resource["endpoint"]["rows"] = {
        "each": {
            "path": "data.resultData.runData",
            "key_as": "node",
            "index_as": "run",
            "fields": {"status": "executionStatus"},
            "of_row": {"execution_id": "id"},
        }
    }
    return Mirror(api, warehouse, document)


def execution(number: int, status: str = "success", **nodes: list[Any]) -> Row:
    runs = {
        name: [{"executionStatus": each, "startTime": STARTED, "data": HIDDEN} for each in statuses]
        for name, statuses in (nodes or {"Start": ["success"], "End": ["success"]}).items()
    }
    data = {"resultData": {"runData": runs}, "resumeToken": HIDDEN}
    return {"id": number, "status": status, "data": data}


def expected(api: KeptListing) -> set[tuple[Any, ...]]:
    return {
        (row["id"], node, place, run["executionStatus"])
        for row in api.rows.values()
        for node, runs in row["data"]["resultData"]["runData"].items()
        for place, run in enumerate(runs)
    }


def loaded(mirror: Mirror) -> list[tuple[Any, ...]]:
    query = "SELECT execution_id, node, run, status FROM test_data.executions"
    return mirror.warehouse.query(query)


def test_new_open_and_hidden_rows_arrive_with_their_parts(
    api: KeptListing, mirror: Mirror, tmp_path: Path
) -> None:
    api.put(*(execution(number) for number in range(1, 21)))
    api.put(execution(7, "running", Start=["success"]))
    api.hidden.add(15)
    mirror.sync()
    assert sorted(loaded(mirror)) == sorted(expected(api))

    api.forget_requests()
    api.put(execution(7, "error", Start=["success"], End=["error", "success"]), execution(21))
    mirror.sync()
    assert sorted(loaded(mirror)) == sorted(expected(api))
    assert api.pages_asked == [None]
    assert api.rows_asked == ["7"]
    assert all(each.query["includeData"] == "true" for each in api.asked)

    assert verify(mirror.pipeline(), rest_api_source(mirror.config)).ok
    api.put(execution(22))
    assert verify(mirror.pipeline(), rest_api_source(mirror.config)).ok
    everything = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert HIDDEN.encode() not in everything


def test_rows_that_settle_later_are_asked_for_again(api: KeptListing, mirror: Mirror) -> None:
    mirror.config["resources"][0]["endpoint"]["incremental"]["settles_after"] = {
        **{"duration": "1d", "since": "end.at", "when": "mode == 'late'"}
    }
    now = {"end": {"at": datetime.now(UTC).isoformat()}}
    api.put({**execution(1), **now, "mode": "late"}, {**execution(2), **now, "mode": "other"})
    mirror.sync()
    told = " ".join(mirror.headrace_of("status").output.split())
    assert "open rows, which can still change: 1 (" in told, told


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"id": 7, "status": "success", "data": {{"resumeToken": "{HIDDEN}',
        f'{{"id": 7, "data": NaN, "token": "{HIDDEN}"}}',
        f'{{"id": 7, "status": "success", "data": {{"resultData": {{"runData": ["{HIDDEN}"]}}}}}}',
        f'["{HIDDEN}", "{HIDDEN}"]',
    ],
)
def test_a_row_shown_alone_that_is_none_gets_nowhere(
    api: KeptListing, mirror: Mirror, tmp_path: Path, caplog: pytest.LogCaptureFixture, raw: str
) -> None:
    caplog.set_level("DEBUG")
    mirror.config["client"]["retry"] = {"max_attempts": 1}
    api.put(*(execution(number) for number in range(6, 10)), execution(7, "running"))
    mirror.sync()
    api.put(*(execution(number) for number in range(10, 120)))
    api.row_answer = Answer(raw=raw.encode())
    told = mirror.headrace_run().output
    everything = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert HIDDEN not in told + caplog.text
    assert HIDDEN.encode() not in everything


def test_each_leg_has_whole_rows(api: KeptListing, mirror: Mirror) -> None:
    api.put(*(execution(number) for number in range(1, 31)))
    mirror.sync(legs=LegSettings(most_bytes=300))
    assert sorted(loaded(mirror)) == sorted(expected(api))
    ((loads,),) = mirror.warehouse.query(
        "SELECT count(DISTINCT _dlt_load_id) FROM test_data.executions"
    )
    assert loads > 1


@pytest.mark.parametrize("missing", ["execution_id = 3", "node = 'End'", "execution_id < 9"])
def test_verify_finds_and_repairs_what_is_missing(
    api: KeptListing, mirror: Mirror, missing: str
) -> None:
    api.put(*(execution(number) for number in range(1, 11)))
    mirror.sync()
    mirror.warehouse.query(f"DELETE FROM test_data.executions WHERE {missing}")
    source = rest_api_source(mirror.config)
    assert not verify(mirror.pipeline(), source).ok
    # What is made of a row comes in one load, however small the loads are.
    legs = LegSettings(most_bytes=1)
    verify(mirror.pipeline(), rest_api_source(mirror.config), repair=True, legs=legs)
    assert sorted(loaded(mirror)) == sorted(expected(api))


def test_parts_that_an_open_row_has_got_since_are_no_fault(
    api: KeptListing, mirror: Mirror
) -> None:
    api.put(*(execution(number) for number in range(1, 9)))
    api.put(execution(4, "running", Start=["success"], Wait=["waiting"]))
    mirror.sync()
    api.put(execution(4, "success", Start=["success"], Wait=["success"], End=["success"]))
    assert verify(mirror.pipeline(), rest_api_source(mirror.config)).ok

    api.put(execution(5, "success", Start=["success"], End=["success"], More=["success"]))
    assert not verify(mirror.pipeline(), rest_api_source(mirror.config)).ok


def test_status_tells_how_old_the_open_rows_are(api: KeptListing, mirror: Mirror) -> None:
    each = mirror.config["resources"][0]["endpoint"]["rows"]["each"]
    each["of_row"] = {"execution_id": "$.id", "began": "startedAt"}
    mirror.config["resources"][0]["endpoint"]["incremental"]["time_path"] = "startedAt"
    began = "2026-01-01T00:00:00Z"
    api.put(*({**execution(number), "startedAt": began} for number in range(1, 4)))
    api.put({**execution(3, "running"), "startedAt": began})
    mirror.sync()
    told = " ".join(mirror.headrace_of("status").output.split())
    assert "open rows, which can still change: 1 (1 a week or more)" in told, told


def test_rows_whose_keys_may_meet_are_there_once(api: KeptListing, mirror: Mirror) -> None:
    mirror.config["resources"][0]["primary_key"] = ["execution_id", "node"]
    api.put(execution(1, Start=["success", "error"]))
    mirror.sync()
    assert loaded(mirror) == [(1, "Start", 1, "error")]


def test_without_the_key_of_the_listed_row_it_cannot_be_kept_up_with(mirror: Mirror) -> None:
    mirror.config["resources"][0]["primary_key"] = ["node", "run"]
    with pytest.raises(ConfigError, match="takes over the key of the listed row"):
        rest_api_source(mirror.config)


def test_a_path_that_leads_nowhere_is_told_by_the_first_sync(
    api: KeptListing, mirror: Mirror
) -> None:
    api.put(*({"id": number, "status": "success"} for number in range(1, 4)))
    (note,) = mirror.sync().figures.total.notes
    assert "`rows.each.path` (`data.resultData.runData`)" in note
    api.put({"id": 4, "status": "success"})
    assert not mirror.sync().figures.total.notes


def test_a_wrong_key_shows_nothing_of_the_row(api: KeptListing, mirror: Mirror) -> None:
    mirror.config["resources"][0]["endpoint"]["incremental"]["settled_when"] = "status > 5"
    api.put(execution(1))
    with pytest.raises(Exception, match="status") as caught:
        mirror.sync()
    cause: BaseException | None = caught.value
    while cause is not None:
        assert HIDDEN not in str(cause) + repr(vars(cause))
        cause = cause.__cause__


def test_the_connector_loads_the_runs_of_each_node(api: KeptListing, warehouse: Warehouse) -> None:
    rows = [
        {**execution(number, Start=["success"], End=["error"]), "workflowId": "w"}
        for number in (1, 2)
    ]
    end = rows[1]["data"]["resultData"]["runData"]["End"][0]
    end |= {
        **{"executionTime": 12, "executionIndex": 1, "source": [{"previousNode": "Start"}]},
        "error": {"name": "NodeError", "message": "no answer", "stack": HIDDEN},
    }
    api.handler = lambda asked: (
        Answer({"data": rows, "nextCursor": None})
        if asked.query["includeData"] == "true"
        else Answer(None, 500)
    )
    config = load_config(
        "executions",
        [f"client.base_url={api.base_url}"],
        lookup={"API_KEY": "k", "EXECUTIONS_BASE_URL": ""}.get,
    )
    config = select_resources(config, ["node_runs"])
    rows.reverse()
    sync(warehouse.pipeline(), build_source(config))
    found = warehouse.query(
        "SELECT execution_id, workflow_id, node, run, execution_index, epoch_ms(started), "
        "milliseconds, status, error_name, error_message, source_node FROM test_data.node_runs "
        "WHERE execution_id = 2 ORDER BY node"
    )
    assert found == [
        (2, "w", "End", 0, 1, STARTED, 12, "error", "NodeError", "no answer", "Start"),
        (2, "w", "Start", 0, None, STARTED, None, "success", None, None, None),
    ]


@pytest.mark.parametrize("store", ["warehouse", "postgres"])
def test_parts_that_are_no_more_leave_the_table(
    api: KeptListing, mirror: Mirror, store: str, request: pytest.FixtureRequest
) -> None:
    into: Warehouse | PostgresDatabase = request.getfixturevalue(store)
    query = "SELECT execution_id, node, run, status FROM test_data.executions"
    api.put(*(execution(number) for number in range(1, 9)))
    api.put(execution(4, "running", Start=["success", "success"], Wait=["waiting"]))
    sync(into.pipeline(), rest_api_source(mirror.config))
    assert sorted(into.query(query)) == sorted(expected(api))

    api.put(execution(4, "success", Start=["success"], End=["success"]))
    sync(into.pipeline(), rest_api_source(mirror.config))
    assert sorted(into.query(query)) == sorted(expected(api))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_table_has_what_the_api_shows(
    api: KeptListing, mirror: Mirror, seed: int
) -> None:
    chance = Random(seed)
    for _ in range(8):
        for number in range(len(api.rows) + 1, len(api.rows) + chance.randint(2, 9)):
            api.put(of_random_parts(number, chance))
        for row in [each for each in api.rows.values() if each["status"] == "running"]:
            api.put(of_random_parts(row["id"], chance))
        running = [key for key, row in api.rows.items() if row["status"] == "running"]
        # The newest is listed, so that what is hidden lies below it.
        api.hidden = set(chance.sample(running, k=len(running) // 2)) - {max(api.rows)}
        api.hidden -= {1}
        mirror.sync(legs=LegSettings(most_bytes=chance.choice((300, 10**9))))
        assert sorted(loaded(mirror)) == sorted(expected(api))


def of_random_parts(number: int, chance: Random) -> Row:
    status = chance.choice(("running", "running", "success", "error"))
    nodes = chance.sample(["Start", "Map", "Wait", "End"], k=chance.randint(1, 4))
    each = {node: chance.choices(["success", "error"], k=chance.randint(1, 3)) for node in nodes}
    return execution(number, status, **each)
