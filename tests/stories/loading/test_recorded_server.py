"""Live servers' recorded answers load to exactly the recorded rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from headrace import PageError, ResponseStatusError
from headrace.config import SourceConfig, load_config
from headrace.config.selection import select_resources
from headrace.dlt_source.source import build_source
from headrace.syncing.sync import sync
from tests.stories.loading.recordings import KEY, NEWER, OLDER, RECORDINGS, Recording, replay
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

MOMENTS = [
    pytest.param(recording, name, id=f"{recording.release} {name}")
    for recording in RECORDINGS
    for name in recording.moments
]
of_each_release = pytest.mark.parametrize(
    "recording", RECORDINGS, ids=[each.release for each in RECORDINGS]
)


def recorded_config(
    server: JsonServer, *overrides: str, key: str = KEY, limit: int = 5
) -> SourceConfig:
    return load_config(
        "executions",
        [
            f"client.base_url={server.base_url}/api/v1",
            "client.auth.name=X-N8N-API-KEY",
            f"resources.executions.endpoint.paginator.limit={limit}",
            *overrides,
        ],
        lookup={"API_KEY": key, "EXECUTIONS_BASE_URL": ""}.get,
    )


def typed(row: dict[str, Any]) -> dict[str, Any]:
    """A recorded row as the connector declares it."""

    def time(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    return {
        "id": int(row["id"]),
        "finished": row["finished"],
        "mode": row["mode"],
        "retry_of": row["retryOf"],
        "retry_success_id": int(row["retrySuccessId"]) if row["retrySuccessId"] else None,
        "started_at": time(row["startedAt"]),
        "stopped_at": time(row["stoppedAt"]),
        "workflow_id": row["workflowId"],
        "wait_till": time(row["waitTill"]),
        "status": row["status"],
    }


@pytest.mark.parametrize(("recording", "name"), MOMENTS)
def test_each_moment_loads_to_its_rows(
    recording: Recording, name: str, server: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = replay(recording, recording.moment(name))
    config = recorded_config(server, limit=recording.page_size(name))
    sync(warehouse.pipeline(), build_source(config))

    recorded = {int(row["id"]): typed(row) for row in recording.rows(name)}
    assert warehouse.rows("test_data.executions") == [recorded[key] for key in sorted(recorded)]


@of_each_release
def test_moments_one_after_the_other_keep_the_newest_version(
    recording: Recording, server: JsonServer, warehouse: Warehouse
) -> None:
    newest: dict[int, dict[str, Any]] = {}
    shown: list[dict[str, Any]] = []
    for name in recording.moments:
        shown += recording.rows(name)
        server.handler = replay(recording, recording.moment(name), shown)
        config = recorded_config(server, limit=recording.page_size(name))
        sync(warehouse.pipeline(), build_source(config))
        newest |= {int(row["id"]): typed(row) for row in recording.rows(name)}

    assert warehouse.rows("test_data.executions") == [newest[key] for key in sorted(newest)]


def test_the_runs_of_each_node_come_without_what_they_were_given(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    body = NEWER.exchange("t0 with data")["response"]["body"]
    absent = NEWER.exchange("unknown id")["response"]["body"]

    def answer(asked: Asked) -> Answer:
        assert asked.query["includeData"] == "true"
        is_listing = asked.path.endswith("/executions")
        return Answer({**body, "nextCursor": None}) if is_listing else Answer(absent, 404)

    server.handler = answer
    config = recorded_config(server, "resources.node_runs.endpoint.incremental.late_rows=none")
    sync(warehouse.pipeline(), build_source(select_resources(config, ["node_runs"])))
    rows = warehouse.query(
        "SELECT execution_id, node, run, execution_index, epoch_ms(started), milliseconds, status, "
        "error_name, error_message, source_node FROM test_data.node_runs"
    )
    assert sorted(rows) == sorted(
        (
            *(int(each["id"]), node, place, run["executionIndex"], run["startTime"]),
            *(run["executionTime"], run["executionStatus"]),
            *(run.get("error", {}).get(name) for name in ("name", "message")),
            run["source"][0]["previousNode"] if run["source"] else None,
        )
        for each in body["data"]
        for node, runs in each["data"]["resultData"]["runData"].items()
        for place, run in enumerate(runs)
    )
    everything = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    for hidden in (b"resumeToken", b"webhookUrl", b"pairedItem", b"NodeOperationError: "):
        assert hidden not in everything


def test_what_never_started_is_no_row_for_quarantine(
    server: JsonServer, warehouse: Warehouse
) -> None:
    shown: list[dict[str, Any]] = []
    for name in ("t1", "t2"):
        shown += NEWER.rows(name)
        server.handler = replay(NEWER, NEWER.moment(name), shown)
        sync(warehouse.pipeline(), build_source(recorded_config(server, limit=8)))

    stopped = warehouse.rows("test_data.executions")[-2:]
    assert [(row["status"], row["started_at"]) for row in stopped] == [("canceled", None)] * 2
    assert "_headrace_quarantine" not in warehouse.tables("test_data")


ERRORS: dict[str, tuple[list[str], str, Callable[[str], str]]] = {
    "400": (
        ["resources.executions.endpoint.paginator.limit=300"],
        "limit too large",
        lambda words: f'400 Bad Request and says: "{words}"',
    ),
    "404": (
        ["resources.executions.endpoint.path=/nope"],
        "no such path",
        lambda words: f'404 Not Found and says: "{words}"',
    ),
    "401": ([], "bad key", lambda words: f'401 Unauthorized and says: "{words}"'),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_carry_the_servers_own_words(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    overrides, label, story = ERRORS[case]
    server.handler = replay(OLDER, OLDER.exchanges)
    key = "not-the-right-key" if case == "401" else KEY
    config = recorded_config(server, *overrides, key=key)

    with pytest.raises(ResponseStatusError) as failure:
        sync(warehouse.pipeline(), build_source(config))

    assert story(OLDER.exchange(label)["response"]["body"]["message"]) in str(failure.value)
    assert failure.value.status == int(case)
    assert key not in str(failure.value)


@pytest.mark.parametrize(("key", "said"), [(KEY, "404 Not Found"), ("wrong", "401 Unauthorized")])
def test_errors_of_the_newer_release_end_a_sync_too(
    key: str, said: str, server: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = replay(NEWER, NEWER.exchanges)
    config = recorded_config(server, "resources.executions.endpoint.path=/nope", key=key)

    with pytest.raises(ResponseStatusError, match=said):
        sync(warehouse.pipeline(), build_source(config))


@of_each_release
def test_workflows_load_too(recording: Recording, server: JsonServer, warehouse: Warehouse) -> None:
    recorded = recording.exchange("workflows")["response"]["body"]["data"]
    server.handler = lambda asked: Answer({"data": recorded, "nextCursor": None})
    config = select_resources(recorded_config(server), ["workflows"])
    sync(warehouse.pipeline(), build_source(config))

    assert warehouse.tables("test_data") == {"workflows"}
    loaded = warehouse.rows("test_data.workflows")
    assert [row["id"] for row in loaded] == sorted(row["id"] for row in recorded)
    assert [row["name"] for row in loaded] == [
        row["name"] for row in sorted(recorded, key=lambda row: str(row["id"]))
    ]


def test_a_page_without_data_names_the_keys_that_are_there(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"error": "quota exceeded"})

    with pytest.raises(PageError, match=r"no `data`: the keys there are: `error`"):
        sync(warehouse.pipeline(), build_source(recorded_config(server)))


def test_what_nodes_did_loads_as_recorded(server: JsonServer, warehouse: Warehouse) -> None:
    data = NEWER.exchange("t0 with data")
    server.handler = replay(NEWER, [data])
    limit = "resources.node_runs.endpoint.paginator.limit=4"
    config = select_resources(recorded_config(server, limit), ["node_runs"])
    sync(warehouse.pipeline(), build_source(config))

    loaded = {
        (row["execution_id"], row["node"], row["run"]): (row["milliseconds"], row["error_message"])
        for row in warehouse.rows("test_data.node_runs", order="execution_id")
    }
    assert loaded == {
        (int(row["id"]), node, place): (run["executionTime"], run.get("error", {}).get("message"))
        for row in data["response"]["body"]["data"]
        for node, runs in row["data"]["resultData"]["runData"].items()
        for place, run in enumerate(runs)
    }
