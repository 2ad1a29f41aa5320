"""What dlt keeps of each load in the folder of a pipeline is deleted, but for the last loads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace import ResponseStatusError, Retention, SyncReport, rest_api_source, sync
from headrace.config import parse_config
from headrace.syncing.retention import retention_settings
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


def config(server: JsonServer, **pipeline: Any) -> dict[str, Any]:
    return {
        "pipeline": pipeline,
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            {"name": "items", "primary_key": "id", "write_disposition": "merge"},
        ],
    }


def load(server: JsonServer, pipeline: dlt.Pipeline, times: int = 1, **keep: Any) -> SyncReport:
    settings = retention_settings(parse_config(config(server, retention=keep)))
    for number in range(times):
        server.answers([{"id": number}])
        report = sync(pipeline, rest_api_source(config(server)), retention=settings)
    return report


def files(folder: str | Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in Path(folder).rglob("*.*"))


def row_files(pipeline: dlt.Pipeline) -> list[str]:
    return [each for each in files(pipeline.working_dir) if "_jobs/" in each]


def test_the_last_five_stay_without_their_rows(server: JsonServer, warehouse: Warehouse) -> None:
    pipeline = warehouse.pipeline()
    load(server, pipeline, 7)
    after_seven = files(pipeline.working_dir)
    load(server, pipeline, 3)

    assert len(pipeline.list_completed_load_packages()) == 5
    assert len(files(pipeline.working_dir)) == len(after_seven)
    assert not row_files(pipeline)
    last = pipeline.list_completed_load_packages()[-1]
    assert pipeline.get_load_package_info(last).state == "loaded"
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(7,)]


@pytest.mark.parametrize(("most", "stay"), [(2, 2), (None, 7)])
def test_how_many_stay_is_said_in_the_config(
    most: int | None, stay: int, server: JsonServer, warehouse: Warehouse
) -> None:
    pipeline = warehouse.pipeline()
    load(server, pipeline, 7, packages=most)
    assert len(pipeline.list_completed_load_packages()) == stay
    assert bool(row_files(pipeline)) == (most is None)


@pytest.mark.parametrize("setting", ["LOAD", "TEST__LOAD"])
def test_files_of_rows_stay_where_dlt_is_told_so(
    setting: str, server: JsonServer, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{setting}__DELETE_COMPLETED_JOBS", "false")
    pipeline = warehouse.pipeline()
    load(server, pipeline, 4, packages=2)
    packages = pipeline.list_completed_load_packages()
    assert len(packages) == 2
    assert all(any(each in file for file in row_files(pipeline)) for each in packages)


class TestJobsThatFailed:
    """A load of the user's own, into a table that takes no 7."""

    @pytest.fixture
    def pipeline(self, warehouse: Warehouse) -> dlt.Pipeline:
        pipeline = warehouse.pipeline()
        warehouse.query("CREATE SCHEMA test_data")
        warehouse.query(
            "CREATE TABLE test_data.others (id BIGINT CHECK (id <> 7), "
            "_dlt_load_id VARCHAR NOT NULL, _dlt_id VARCHAR NOT NULL)"
        )
        return pipeline

    def test_rows_that_are_nowhere_else_stay(
        self,
        server: JsonServer,
        pipeline: dlt.Pipeline,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setenv("LOAD__RAISE_ON_FAILED_JOBS", "false")
            pipeline.run([{"id": 7}], table_name="others")
        load(server, pipeline, 4, packages=2)
        first, *rest = pipeline.list_completed_load_packages()
        assert len(rest) == 2
        assert pipeline.list_failed_jobs_in_package(first)
        assert any(f"{first}/failed_jobs/others" in each for each in files(pipeline.working_dir))

    def test_of_what_was_given_up_the_last_stay_whole(
        self, server: JsonServer, pipeline: dlt.Pipeline
    ) -> None:
        load(server, pipeline)
        for _ in range(4):
            self.fail(pipeline)
            pipeline.abort_packages()
        load(server, pipeline, 3, packages=2)
        infos = [
            pipeline.get_load_package_info(each) for each in pipeline.list_completed_load_packages()
        ]
        assert [each.state for each in infos] == ["aborted"] * 2 + ["loaded"] * 2
        assert all("new_jobs" in each.jobs for each in infos[:2])

    def test_messages_of_a_load_that_fails_for_days_are_bounded(
        self, server: JsonServer, pipeline: dlt.Pipeline
    ) -> None:
        load(server, pipeline)
        self.fail(pipeline)
        (message,) = Path(pipeline.working_dir).rglob(".exceptions/*")
        for number in range(200):
            shutil.copy(message, f"{message}.{number}")
        # Which finds that the load is one to give up.
        load(server, pipeline)
        assert 100 <= len(list(Path(pipeline.working_dir).rglob(".exceptions/*"))) < 110

    def fail(self, pipeline: dlt.Pipeline) -> None:
        with pytest.raises(PipelineStepFailed, match="CHECK constraint"):
            pipeline.run([{"id": 7}], table_name="others")


def test_syncs_that_fail_leave_no_more_each_time(server: JsonServer, warehouse: Warehouse) -> None:
    pipeline = warehouse.pipeline()
    load(server, pipeline)
    server.handler = lambda asked: Answer({"message": "not now"}, 403)
    left = []
    for _ in range(3):
        with pytest.raises(ResponseStatusError):
            sync(pipeline, rest_api_source(config(server)))
        left.append(len(files(pipeline.working_dir)))
    assert left[0] == left[1] == left[2]
    load(server, pipeline)
    assert not row_files(pipeline)
    assert files(Path(pipeline.working_dir, "normalize")) == [".version"]


def test_a_package_of_which_nothing_is_told_goes_in_its_turn(
    server: JsonServer, warehouse: Warehouse
) -> None:
    pipeline = warehouse.pipeline()
    load(server, pipeline, 2)
    for each in pipeline.list_completed_load_packages():
        marker_of(pipeline, each).unlink()
    report = load(server, pipeline, 2, packages=1)
    assert len(pipeline.list_completed_load_packages()) == 2
    assert not report.figures.notes


def test_a_package_that_cannot_be_deleted_is_told_and_harms_nothing(
    server: JsonServer, warehouse: Warehouse
) -> None:
    pipeline = warehouse.pipeline()
    load(server, pipeline, 2)
    first, _ = pipeline.list_completed_load_packages()

    def answer(asked: Asked) -> Answer:
        # In the way of the package while the sync runs.
        Path(pipeline.working_dir, "load", "new", first, "other").mkdir(parents=True)
        return Answer([{"id": 3}])

    server.handler = answer
    report = sync(pipeline, rest_api_source(config(server)), retention=Retention(packages=2))
    (note,) = report.figures.notes
    assert "load packages that were loaded stay in" in note
    assert "retention: {packages: null}" in note
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(3,)]
    assert not load(server, pipeline, packages=2).figures.notes


def marker_of(pipeline: dlt.Pipeline, load_id: str) -> Path:
    return Path(pipeline.working_dir, "load", "loaded", load_id, "package_completed.json")
