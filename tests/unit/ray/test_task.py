"""What a task of Ray writes, without Ray: its files are whole, or they are not there."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import headrace.ray
from headrace.backfill.lanes import Lane, schema_of
from headrace.core.exceptions import ResponseStatusError
from headrace.ray.task import LaneTask, run_lane
from headrace.reading.stretches.stretch import WholeStretch
from headrace.reading.travelling import travelling_text
from tests.support.servers import Answer, Asked, JsonServer

KEY = "c4n4ry-of-a-task"


Page = Answer | list[dict[str, Any]]


def serve(server: JsonServer, *pages: Page) -> None:
    def answer(asked: Asked) -> Answer:
        page = pages[int(asked.query.get("page", 1)) - 1]
        body = {"pages": len(pages) if page else 0, "rows": page}
        return page if isinstance(page, Answer) else Answer(body)

    server.handler = answer


def task(server: JsonServer, folder: Path) -> LaneTask:
    auth = {"type": "bearer", "token": "${SHOP_KEY}"}
    paginator = {"type": "page_number", "base_page": 1, "total_path": "pages"}
    endpoint = {"data_selector": "rows", "paginator": paginator}
    config = {
        "client": {"base_url": server.base_url, "auth": auth},
        "resources": [{"name": "items", "primary_key": "id", "endpoint": endpoint}],
    }
    text, lane = travelling_text(config), Lane(7, (WholeStretch(),))
    schema = schema_of(text, "items", rows=1)
    return LaneTask(text, "items", None, 1, f"file://{folder}", schema, lane, 7)


def test_a_manifest_names_what_was_written(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", KEY)
    serve(server, [{"id": 1}, {"name": "without its key"}], [{"id": 2, "new": 1}])
    shipped = pickle.loads(pickle.dumps(task(server, tmp_path)))

    manifest = pickle.loads(pickle.dumps(run_lane(shipped)))

    assert (manifest.number, manifest.rows, manifest.rows_set_aside) == (7, 2, 1)
    ((name, size),) = manifest.files.items()
    assert (tmp_path / name).stat().st_size == size
    assert pq.read_table(tmp_path / name).to_pylist() == [
        {"id": 1, "_headrace_rest": None},
        {"id": 2, "_headrace_rest": '{"new":1}'},
    ]
    assert pq.read_table(tmp_path / manifest.set_aside).column("row").to_pylist() == [
        '{"name": "without its key"}'
    ]


def test_without_rows_there_is_a_file_with_the_columns(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", KEY)
    serve(server, [{"id": 1}])
    planned = task(server, tmp_path)
    serve(server, [])

    (name,) = run_lane(planned).files

    table = pq.read_table(tmp_path / name)
    assert (table.num_rows, table.column_names) == (0, ["id", "_headrace_rest"])


def test_what_fails_leaves_no_file_and_tells_no_secret(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", KEY)
    serve(server, [{"id": 1}], Answer({"message": f"no {KEY}"}, 403))

    with pytest.raises(ResponseStatusError) as caught:
        run_lane(task(server, tmp_path))

    assert KEY.encode() not in pickle.dumps(caught.value)
    assert list(tmp_path.rglob("*.parquet")) == []


def test_it_says_what_brings_ray() -> None:
    with pytest.raises(ModuleNotFoundError, match=r'pip install "headrace\[ray\]"'):
        headrace.ray.read("executions")
