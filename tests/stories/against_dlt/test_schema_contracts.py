"""A schema contract holds as with dlt's own source: what it discards, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from dlt.common.schema.exceptions import DataValidationError
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace import SyncError, rest_api_source, sync
from tests.stories.against_dlt.test_same_as_dlt import (
    MAKERS,
    Row,
    contents,
    items_config,
    many_items,
    serve,
    serve_many,
)
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

MODES = ["evolve", "freeze", "discard_row", "discard_value"]
FIRST: list[Row] = [{"id": 1, "n": 1, "t": "a"}, {"id": 2, "n": 2, "t": "b"}]

SECOND: dict[str, list[list[Row]]] = {
    "nothing new": [[{"id": 3, "n": 3, "t": "c"}]],
    "a new field in some rows": [[{"id": 3, "n": 3}, {"id": 4, "n": 4, "new": 1}, {"id": 5}]],
    "a new field that is null": [[{"id": 3, "n": 3, "new": None}]],
    "a new field in each row": [[{"id": 3, "new": 1}], [{"id": 4, "new": 2}]],
    "another type": [[{"id": 3, "n": "three"}, {"id": 4, "n": 4}, {"id": 5, "n": "5"}]],
    "a list": [[{"id": 3, "l": [1, 2]}, {"id": 4, "n": 4}]],
    "an object": [[{"id": 3, "o": {"a": 1}}, {"id": 4, "n": 4}]],
    "all of them": [
        [{"id": 3, "new": 1, "n": "three"}, {"id": 4, "n": 4}, {"id": 5, "l": [1], "new": 2}],
        [{"id": 6, "n": 6, "o": {"a": 1}}, {"id": 7, "n": 7.5}],
    ],
}


@pytest.fixture(scope="module")
def first_load(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a warehouse with the first rows of each listing, from both sources."""
    folder = tmp_path_factory.mktemp("first_load")
    with JsonServer() as server:
        serve_many(server, {name: [FIRST] for name in SECOND})
        for name, make_source in MAKERS.items():
            Warehouse(folder).pipeline(name).run(make_source(many_items(server, SECOND)))
    return folder


@pytest.fixture
def begun(first_load: Path, tmp_path: Path) -> Warehouse:
    """A copy of it."""
    shutil.copytree(first_load, tmp_path / "begun")
    return Warehouse(tmp_path / "begun")


CONTRACTS = [(entity, mode) for entity in ("columns", "data_type", "tables") for mode in MODES]


@pytest.mark.parametrize(("entity", "mode"), [each for each in CONTRACTS if each[1] != "freeze"])
def test_a_contract_holds_as_with_dlt(
    entity: str, mode: str, server: JsonServer, begun: Warehouse
) -> None:
    serve_many(server, SECOND)

    contract = {entity: mode}
    for name, make_source in MAKERS.items():
        begun.pipeline(name).run(make_source(many_items(server, SECOND, contract)))

    assert contents(begun, "ours_data") == contents(begun, "theirs_data")


@pytest.mark.parametrize("entity", ["columns", "data_type", "tables"])
def test_a_frozen_contract_is_broken_as_with_dlt(
    entity: str, server: JsonServer, begun: Warehouse
) -> None:
    serve_many(server, SECOND)

    # Each listing by itself: the first that breaks its contract ends the load.
    for case, resource in zip(SECOND, many_items(server, SECOND)["resources"], strict=True):
        config = many_items(server, SECOND, {entity: "freeze"})
        theirs, ours = (
            violation(begun.pipeline(name), make_source(config).with_resources(resource["name"]))
            for name, make_source in MAKERS.items()
        )
        assert ours == theirs, case


def violation(pipeline: Any, source: Any) -> tuple[str, ...] | None:
    """The entity, mode and table of the contract that rows break, if they break one."""
    try:
        pipeline.extract(source)
        pipeline.normalize()
    except PipelineStepFailed as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, DataValidationError):
            cause = cause.__cause__ or cause.__context__
        assert isinstance(cause, DataValidationError)
        return cause.schema_entity, cause.contract_mode, cause.table_name
    finally:
        pipeline.drop_pending_packages()
    return None


def test_discarded_rows_are_counted(server: JsonServer, warehouse: Warehouse) -> None:
    config = items_config(server)
    config["resources"][0]["schema_contract"] = {"columns": "discard_row"}
    serve(server, [FIRST])
    sync(warehouse.pipeline(), rest_api_source(config))
    serve(server, [[{"id": 3, "n": 3}, {"id": 4, "new": 1}, {"id": 5, "new": 2, "l": [1]}]])
    counts = sync(warehouse.pipeline(), rest_api_source(config)).figures.of("items")

    assert (counts.rows, counts.loaded_rows, counts.discarded) == (3, 1, 2)
    assert warehouse.query("SELECT max(id) FROM test_data.items") == [(3,)]


def test_replaced_versions_are_counted(server: JsonServer, warehouse: Warehouse) -> None:
    serve(server, [[{"id": 1, "n": 1}, {"id": 2, "n": 1}], [{"id": 1, "n": 2}, {"id": 3}]])
    config = items_config(server)
    counts = sync(warehouse.pipeline(), rest_api_source(config)).figures.of("items")

    assert (counts.rows, counts.loaded_rows, counts.replaced) == (4, 3, 1)
    assert warehouse.query("SELECT id, n FROM test_data.items ORDER BY id") == [
        (1, 2),
        (2, 1),
        (3, None),
    ]


def test_a_broken_contract_says_what_broke_it(server: JsonServer, warehouse: Warehouse) -> None:
    config = items_config(server)
    config["resources"][0]["schema_contract"] = {"columns": "freeze"}
    serve(server, [FIRST])
    sync(warehouse.pipeline(), rest_api_source(config))
    serve(server, [[{"id": 3, "new": 1}]])

    with pytest.raises(SyncError, match=r"`new`"):
        sync(warehouse.pipeline(), rest_api_source(config))
