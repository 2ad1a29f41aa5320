"""A live server's recorded answers load to exactly the recorded rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from headrace import PageError, ResponseStatusError
from headrace.config import SourceConfig, load_config
from headrace.config.selection import select_resources
from headrace.dlt_source.source import build_source
from headrace.syncing.sync import sync
from tests.support.project import ROOT
from tests.support.servers import Answer, Asked, Handler, JsonServer
from tests.support.tables import Warehouse

RECORDING = ROOT / "tests" / "support" / "data" / "recorded_executions.json"
EXCHANGES: list[dict[str, Any]] = json.loads(RECORDING.read_text())
MOMENTS = ("t0", "t1", "t2", "t3", "t4", "t5")
KEY = "n8n_api_0123456789abcdef"


def replay(exchanges: list[dict[str, Any]]) -> Handler:
    """Answers as the recorded server did; what was not recorded is a 404 in its words."""

    def asked_for(path: str, query: dict[str, Any]) -> str:
        return json.dumps([path, {name: str(value) for name, value in query.items()}])

    recorded = {
        asked_for(each["request"]["path"], each["request"]["query"]): each["response"]
        for each in exchanges
    }

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("X-N8N-API-KEY") != KEY:
            response = exchange("bad key")["response"]
        else:
            path = asked.path.removeprefix("/api/v1")
            response = recorded.get(asked_for(path, dict(asked.query)))
            response = response or exchange("no such path")["response"]
        return Answer(response["body"], response["status"], {"ETag": response["headers"]["etag"]})

    return answer


def exchange(label: str) -> dict[str, Any]:
    return next(each for each in EXCHANGES if each["label"] == label)


def moment(name: str) -> list[dict[str, Any]]:
    return [each for each in EXCHANGES if each["label"].startswith(f"{name} ")]


def recorded_config(server: JsonServer, *overrides: str, key: str = KEY) -> SourceConfig:
    return load_config(
        "executions",
        [
            f"client.base_url={server.base_url}/api/v1",
            "client.auth.name=X-N8N-API-KEY",
            "resources.executions.endpoint.paginator.limit=5",
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


@pytest.mark.parametrize("name", MOMENTS)
def test_each_moment_loads_to_its_rows(name: str, server: JsonServer, warehouse: Warehouse) -> None:
    server.handler = replay(moment(name))
    sync(warehouse.pipeline(), build_source(recorded_config(server)))

    recorded = [row for each in moment(name) for row in each["response"]["body"]["data"]]
    assert warehouse.rows("test_data.executions") == sorted(
        map(typed, recorded), key=lambda row: row["id"]
    )


def test_moments_one_after_the_other_keep_the_newest_version(
    server: JsonServer, warehouse: Warehouse
) -> None:
    newest: dict[int, dict[str, Any]] = {}
    for name in MOMENTS:
        server.handler = replay(moment(name))
        sync(warehouse.pipeline(), build_source(recorded_config(server)))
        for each in moment(name):
            newest |= {int(row["id"]): typed(row) for row in each["response"]["body"]["data"]}

    assert warehouse.rows("test_data.executions") == [newest[key] for key in sorted(newest)]


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
    server.handler = replay(EXCHANGES)
    key = "not-the-right-key" if case == "401" else KEY
    config = recorded_config(server, *overrides, key=key)

    with pytest.raises(ResponseStatusError) as failure:
        sync(warehouse.pipeline(), build_source(config))

    assert story(exchange(label)["response"]["body"]["message"]) in str(failure.value)
    assert failure.value.status == int(case)
    assert key not in str(failure.value)


def test_workflows_load_too(server: JsonServer, warehouse: Warehouse) -> None:
    recorded = exchange("workflows")["response"]["body"]["data"]
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
