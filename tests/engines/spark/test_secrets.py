"""A secret is nowhere in what Spark writes and shows: it never travels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark import cloudpickle

import headrace
from tests.engines.running import program, run
from tests.engines.spark.cluster import Cluster
from tests.support.canaries import canary, encoded, leaks
from tests.support.project import ROOT
from tests.support.servers import Answer, Asked, JsonServer

pytestmark = pytest.mark.engines

SECRETS = (canary("spark"), canary("file"))
ECHO = " ".join(encoded(SECRETS[0]))


@pytest.fixture
def server() -> Iterator[JsonServer]:
    with JsonServer() as server:
        yield server


def config_of(server: JsonServer, way: str, key: str) -> str:
    resource = {
        "name": "items",
        "primary_key": "id",
        "endpoint": {
            "data_selector": "data",
            "params": {"sig": f"${{{key}}}"},
            "lanes": {"by": "values", "param": "kind", "values": ["a", "b", "c", "d"]},
        },
    }
    auth = {"type": "api_key", "name": "X-Key", "api_key": f"${{{key}}}"}
    client = {"base_url": f"{server.base_url}/{way}", "auth": auth, "paginator": "single_page"}
    return json.dumps({"client": client, "resources": [resource]})


def answers_by_way(server: JsonServer) -> None:
    """By the first part of the path: all is well, all is refused, what follows the first is."""
    asked_by = Counter[str]()

    def answer(asked: Asked) -> Answer:
        way = asked.path.split("/")[1]
        asked_by[way] += 1
        if way == "refused" or (way == "fails" and asked_by[way] > 1):
            return Answer({"message": f"no: {ECHO}"}, 401 if way == "refused" else 403)
        rows = [{"id": ord(asked.query["kind"]) * 100 + number} for number in range(5)]
        return Answer({"data": rows})

    server.handler = answer


def test_no_secret_is_in_what_spark_tells_of_runs_that_work_and_of_runs_that_fail(
    server: JsonServer, tmp_path: Path
) -> None:
    answers_by_way(server)
    vault = tmp_path / "vault.txt"
    vault.write_text(SECRETS[1])
    (tmp_path / "our_vault.py").write_text(
        "from pathlib import Path\n\n\ndef look_up(name):\n"
        f"    return Path({str(vault)!r}).read_text() if name == 'VAULT_KEY' else None\n"
    )
    works = config_of(server, "works", "SHOP_KEY")
    reads = [
        {"config": works},
        {"config": config_of(server, "refused", "SHOP_KEY")},
        {"config": config_of(server, "fails", "SHOP_KEY")},
        {"config": config_of(server, "vault", "VAULT_KEY"), "secrets": "our_vault:look_up"},
        {"config": works.replace('"api_key": "${SHOP_KEY}"', '"api_key": "k-42"')},
        {"config": config_of(server, "lacks", "OTHER_KEY")},
    ]
    events = tmp_path / "events"
    events.mkdir()
    told = {"SHOP_KEY": SECRETS[0], "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    with Cluster(tmp_path, told, cores=2) as cluster:
        command = (program(), "-m", "tests.engines.spark.telling", cluster.url, str(events))
        said = run(
            [
                *command,
                json.dumps([{**read, "workers": "2", "rows_stay": "true"} for read in reads]),
            ],
            tmp_path,
            {**told, "PYSPARK_PYTHON": program()},
        )
    works_told, refused, fails, by_function, in_clear, lacks = json.loads(said)["reads"]

    assert (works_told["rows"], by_function["rows"]) == (20, 20), works_told["error"]
    keys = {(asked.path.split("/")[1], asked.headers["X-Key"]) for asked in server.asked}
    assert {("works", SECRETS[0]), ("vault", SECRETS[1])} <= keys
    assert "401 Unauthorized" in refused["error"]
    assert "403 Forbidden" in fails["error"]
    assert "***" in fails["error"]
    assert "client.auth.api_key: a secret stands here" in in_clear["error"]
    assert "no value for ${OTHER_KEY}; looked in the environment" in lacks["error"]
    # Spark has shown and written all that it could.
    assert "RelationV2" in works_told["plan"]
    assert all(word in said for word in ("executorLogs", "BatchScan headrace", "403 Forbidden"))
    assert "403 Forbidden" in next(events.rglob("events_*")).read_text()
    logs = [path.read_text() for path in tmp_path.glob("work-*/*/*/stderr")]
    assert any("403 Forbidden" in log for log in logs)
    assert not leaks(SECRETS, tmp_path, said, without=[vault])


def test_a_function_with_a_key_in_it_is_not_shipped() -> None:
    client = {"base_url": "http://127.0.0.1:1", "auth": {"type": "bearer", "token": SECRETS[0]}}
    config = {"client": client, "resources": ["rows"]}
    source, reader = headrace.rest_api_source(config), headrace.read(config)
    for holder in (source, source.resources["rows"], reader):
        with pytest.raises(TypeError, match=r"ship the config as it is written, with \$\{NAME\}"):
            cloudpickle.dumps(lambda holder=holder: list(holder))
