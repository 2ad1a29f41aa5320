"""`skip`: what the API does not have here is told, fails nothing, and takes nothing away."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from headrace import ResponseStatusError, rest_api_source, status, sync, verify
from tests.support.command_line import headrace
from tests.support.servers import Answer, Asked, Handler, JsonServer
from tests.support.tables import Warehouse

ROWS = [{"id": 1, "at": "2026-03-02"}, {"id": 2, "at": "2026-03-03"}]
NO_LICENCE = Answer({"message": "Your license does not allow for feat:tags."}, 403)
SKIPS = [{"status_code": each, "action": "skip"} for each in (403, 404)]


def config(base_url: str, **tags: Any) -> Any:
    endpoint = {
        "path": "tags",
        "data_selector": "data",
        "paginator": {"type": "json_link", "next_url_path": "next"},
        "response_actions": SKIPS,
        **tags.pop("endpoint", {}),
    }
    return {
        "client": {"base_url": base_url, "paginator": "single_page"},
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [{"name": "tags", **tags, "endpoint": endpoint}, "others"],
    }


def serving(tags: Answer, more: Answer | None = None) -> Handler:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/more" and more is not None:
            return more
        return tags if asked.path == "/tags" else Answer(ROWS)

    return answer


@pytest.mark.parametrize(
    ("answer", "said"), [(NO_LICENCE, "403 Forbidden"), (Answer({}, 404), "404")]
)
def test_what_is_not_there_is_told_in_one_line_and_the_others_load(
    answer: Answer,
    said: str,
    server: JsonServer,
    warehouse: Warehouse,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.handler = serving(answer)
    with caplog.at_level(logging.WARNING, logger="headrace"):
        report = sync(warehouse.pipeline(), rest_api_source(config(server.base_url)))

    (note,) = report.figures.of("tags").notes
    assert note.startswith(f"`tags` is passed over: GET {server.base_url}/tags: the server answers")
    assert said in note
    assert "\n" not in note
    assert "What was loaded before stays" in note
    assert [each.getMessage() for each in caplog.records] == [note]
    assert report.figures.of("tags").skipped == 1
    assert warehouse.tables("test_data") == {"others"}


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"missing_rows": "delete"},
        {"missing_rows": {"action": "mark", "most": 1}},
        {"endpoint": {"incremental": {"cursor_path": "at", "initial_value": "2026-01-01"}}},
    ],
    ids=["merge", "delete", "mark", "an incremental"],
)
def test_it_takes_nothing_away(
    keys: dict[str, Any], server: JsonServer, warehouse: Warehouse
) -> None:
    def synced(tags: Answer) -> tuple[Any, Any]:
        server.handler = serving(tags)
        pipeline = warehouse.pipeline()
        source = rest_api_source(config(server.base_url, **json.loads(json.dumps(keys))))
        told[:] = sync(pipeline, source).figures.total.notes
        state = pipeline.state["sources"]["rest_api"]["resources"].get("tags", {})
        reached = {key: each["last_value"] for key, each in state.get("incremental", {}).items()}
        return warehouse.rows("test_data.tags"), reached

    told: list[str] = []
    before = synced(Answer({"data": ROWS, "next": None}))
    assert [row["id"] for row in before[0]] == [1, 2]
    for _ in range(3):
        assert synced(NO_LICENCE) == before
        assert len(told) == 1
    found = verify(
        warehouse.pipeline(),
        rest_api_source(config(server.base_url, **json.loads(json.dumps(keys)))),
    )
    assert found.ok
    assert synced(Answer({"data": ROWS, "next": None})) == before


def test_a_wrong_key_and_a_later_page_end_the_sync(
    server: JsonServer, warehouse: Warehouse
) -> None:
    first = Answer({"data": ROWS, "next": "/more"})
    for tags, more in ((Answer({}, 401), None), (first, NO_LICENCE)):
        server.handler = serving(tags, more)
        with pytest.raises(ResponseStatusError):
            sync(warehouse.pipeline(), rest_api_source(config(server.base_url)))


def test_a_limit_on_requests_is_no_want_of_a_licence(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = serving(Answer({"message": "API rate limit exceeded"}, 403))
    document = config(server.base_url)
    document["client"]["retry"] = {"max_attempts": 1}
    with pytest.raises(ResponseStatusError, match="asks to slow down"):
        sync(warehouse.pipeline(), rest_api_source(document))


def test_what_belongs_to_rows_of_a_parent_is_told_once_and_keeps_its_rows(
    server: JsonServer, warehouse: Warehouse
) -> None:
    children = {
        "name": "children",
        "primary_key": ["_others_id", "id"],
        "missing_rows": {"action": "delete", "most": 1},
        "include_from_parent": ["id"],
        "endpoint": {
            "path": "others/{resources.others.id}/children",
            "response_actions": SKIPS,
        },
    }

    def loaded(refused: set[str]) -> tuple[list[tuple[Any, ...]], Any]:
        def answer(asked: Asked) -> Answer:
            refuses = any(f"/{each}/" in asked.path for each in refused)
            return NO_LICENCE if refuses else Answer(ROWS)

        server.handler = answer
        document = config(server.base_url)
        document["resources"] = ["others", children]
        report = sync(warehouse.pipeline(), rest_api_source(document))
        rows = warehouse.query("SELECT _others_id, id FROM test_data.children ORDER BY ALL")
        return rows, report.figures.of("children")

    everything, _ = loaded(set())
    assert len(everything) == 4
    for refused in ({"1"}, {"1", "2"}):
        rows, figures = loaded(refused)
        assert rows == everything
        assert figures.skipped == len(refused)
        told = [each for each in figures.notes if "passed over:" in each]
        assert len(told) == 1
        assert told[0].startswith("`children`, of a row of its parent, is passed over: GET ")


def test_what_failed_for_a_row_stays_on_record_while_its_parent_is_passed_over(
    server: JsonServer, warehouse: Warehouse
) -> None:
    children = {
        "name": "children",
        "primary_key": ["_tags_id", "id"],
        "include_from_parent": ["id"],
        "endpoint": "tags/{resources.tags.id}/children",
    }

    def loaded(parent: Answer, of_first: Answer) -> Any:
        def answer(asked: Asked) -> Answer:
            if asked.path == "/tags":
                return parent
            return of_first if "/1/" in asked.path else Answer(ROWS)

        server.handler = answer
        document = config(server.base_url)
        document["client"]["retry"] = {"max_attempts": 1}
        document["resources"][1:] = [children]
        report = sync(warehouse.pipeline(), rest_api_source(document))
        return [each.key for each in report.failed_requests], document

    tags, broken = Answer({"data": ROWS, "next": None}), Answer({}, 500)
    for parent in (tags, NO_LICENCE, NO_LICENCE):
        assert loaded(parent, broken)[0] == ['{"id":1}']
    assert loaded(NO_LICENCE, Answer(ROWS))[0] == []
    rows = warehouse.query("SELECT _tags_id, id FROM test_data.children ORDER BY ALL")
    assert rows == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_the_commands_tell_it_and_end_well(server: JsonServer) -> None:
    server.handler = serving(NO_LICENCE)
    Path("mine.json").write_text(json.dumps(config(server.base_url)))
    for command in ("run", "check", "verify", "preview"):
        ran = headrace(command, "mine.json")
        told = " ".join((ran.stdout + ran.stderr).split())
        assert ran.returncode == 0, (command, told)
        assert "`tags` is passed over: GET" in told
        assert "feat:tags" in told
        assert "the listing is empty" not in told


def test_the_status_of_a_config_with_one_is_well(server: JsonServer, warehouse: Warehouse) -> None:
    server.handler = serving(NO_LICENCE)
    sync(warehouse.pipeline(), rest_api_source(config(server.base_url)))
    found = status(warehouse.pipeline(), config(server.base_url))
    assert [each.name for each in found.resources] == ["tags", "others"]
