"""A secret is nowhere to be found either where the destination has it, or tells of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from headrace import SyncError, sync
from headrace.config import load_config
from headrace.dlt_source.source import build_source
from tests.support.canaries import (
    canary,
    config_of,
    echoed,
    encoded,
    leaks,
    secrets_file,
    secrets_of,
    told_by,
)
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.usefixtures("canaries_set")


BAD_DESTINATIONS = {
    "no server": "postgresql://loader:{}@127.0.0.1:1/db",
    "no port": "postgresql://loader:{}@127.0.0.1:port/db",
    "a slash too few": "postgresql:/loader:{}@127.0.0.1/db",
    "no URL": "loader:{}@127.0.0.1",
}


@pytest.mark.parametrize("kind", BAD_DESTINATIONS)
def test_a_destination_that_does_not_work(
    kind: str, server: JsonServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answers({"data": [{"id": 1}]})
    credentials = BAD_DESTINATIONS[kind].format(encoded(canary("password"))[1])
    pipeline = dlt.pipeline(
        "test",
        destination=dlt.destinations.postgres(credentials),
        pipelines_dir=str(tmp_path / "pipelines"),
    )
    source = build_source(load_config(config_of(server.base_url, "header")))
    with pytest.raises(SyncError) as caught:
        sync(pipeline, source)

    texts = (told_by(caught.value), *capfd.readouterr())
    secrets = [canary("password"), *secrets_of("header")]
    assert not leaks(secrets, tmp_path, *texts, without=[secrets_file(tmp_path)])


def test_a_destination_that_quotes_a_row(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def load(*rows: dict[str, Any]) -> None:
        server.answers({"data": list(rows)})
        sync(warehouse.pipeline(), build_source(load_config(config_of(server.base_url, "bearer"))))

    link = f"https://x/?key={canary('param')}"
    load({"id": 1, "link": "https://x/"})
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute("CREATE UNIQUE INDEX one ON test_data.items (link)")
    with pytest.raises(SyncError, match=r'duplicate key "https://x/\?key=\*\*\*"') as caught:
        load({"id": 2, "link": link}, {"id": 3, "link": link})

    # Rows are loaded as they are, and so they stand in the files that were to be loaded, and in the
    # database, where it was looked for those that it refuses.
    rows = [path for path in tmp_path.rglob("*.parquet") if path.is_file()]
    rows += tmp_path.glob("warehouse.duckdb*")
    texts = (told_by(caught.value), *capfd.readouterr())
    stories = list(tmp_path.glob("pipelines/**/.exceptions/*"))
    assert any("duplicate key" in path.read_text() for path in stories)
    assert not leaks(
        secrets_of("bearer"), tmp_path, *texts, without=[secrets_file(tmp_path), *rows]
    )


def test_a_destination_with_a_password(
    server: JsonServer,
    postgres: PostgresDatabase,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    password = canary("password")
    postgres.query(f"CREATE ROLE loader LOGIN SUPERUSER PASSWORD '{password}'; COMMIT; SELECT 1")
    server.answers({"data": [{"id": 1}, {"id": None, "note": echoed("basic")}]})
    pipeline = dlt.pipeline(
        "test",
        destination=dlt.destinations.postgres(
            postgres.url.replace("headrace:not-a-secret", f"loader:{encoded(password)[1]}")
        ),
        dataset_name="test_data",
        pipelines_dir=str(tmp_path / "pipelines"),
    )
    report = sync(pipeline, build_source(load_config(config_of(server.base_url, "basic"))))

    assert "loader:***@127.0.0.1" in report.location
    tables = [str(postgres.query(f"SELECT * FROM test_data.{name}")) for name in TABLES]
    texts = (repr(report), *tables, *capfd.readouterr())
    secrets = [password, *secrets_of("basic")]
    assert not leaks(secrets, tmp_path, *texts, without=[secrets_file(tmp_path)])


TABLES = ("items", "_headrace_quarantine", "_dlt_pipeline_state", "_dlt_loads", "_dlt_version")
