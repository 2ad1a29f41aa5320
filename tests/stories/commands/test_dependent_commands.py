"""The commands and dependent resources: check, preview, a choice of resources, verify, repair."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from headrace import rest_api_source, sync, verify
from headrace.cli.app import app
from tests.stories.loading.test_dependent_resources import COMMENTS, answer, config
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse


@pytest.fixture
def api(server: JsonServer) -> JsonServer:
    server.handler = answer
    return server


@pytest.fixture
def file(api: JsonServer, tmp_path: Path) -> Path:
    document = config(api, COMMENTS | {"include_from_parent": ["title"]})
    document["pipeline"] = {"name": "kept", "destination": "duckdb", "dataset": "data"}
    path = tmp_path / "api.yml"
    path.write_text(yaml.safe_dump(document))
    return path


def headrace(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_check_asks_for_one_row_of_the_parent(file: Path, api: JsonServer) -> None:
    told = headrace("check", file)
    assert "issues/100/comments answers with 1 row; that is all there is for the first row" in told
    assert "columns: cid, body, seen, _issues_title" in told
    assert len(api.asked) == 3


def test_check_of_a_parent_without_rows(file: Path, api: JsonServer) -> None:
    api.handler = lambda asked: answer(asked) if asked.path != "/issues" else _nothing()
    assert "comments: nothing to ask for, as `issues` has no rows." in headrace("check", file)


def test_preview_goes_from_parent_to_parent(file: Path, api: JsonServer) -> None:
    told = headrace("preview", file, "comments", "--rows", "3", "--json")
    assert [row["cid"] for row in yaml.safe_load(told)] == [1000, 1010, 1011]


def test_a_dependent_resource_alone(file: Path) -> None:
    told = headrace("run", file, "--resource", "comments")
    assert "data.comments" in told
    assert "data.issues" not in told
    (place,) = re.findall(r"It is in duckdb: (.*)", told)
    with duckdb.connect(place) as connection:
        found = connection.execute("SHOW ALL TABLES").fetchall()
    assert {name for _, schema, name, *_ in found if not name.startswith("_")} == {"comments"}


@pytest.mark.parametrize("only", [(), ("comments",)])
def test_what_its_table_lacks_is_found_and_loaded(
    only: tuple[str, ...], api: JsonServer, warehouse: Warehouse
) -> None:
    source: Any = rest_api_source(config(api, COMMENTS | {"include_from_parent": ["title"]}))
    source = source.with_resources(*only) if only else source
    pipeline = warehouse.pipeline()
    sync(pipeline, source)
    whole = warehouse.rows("test_data.comments", "cid")
    assert verify(pipeline, source).ok

    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute("DELETE FROM test_data.comments WHERE cid = 1011")
        connection.execute("UPDATE test_data.comments SET body = 'y' WHERE cid = 1030")
    report = verify(pipeline, source)
    assert not report.ok
    assert verify(pipeline, source, repair=True).ok
    assert warehouse.rows("test_data.comments", "cid") == whole


def _nothing() -> Answer:
    return Answer({"data": []})
