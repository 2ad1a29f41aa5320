"""A schema contract holds as with dlt's own source: what it discards, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from dlt.common.schema.exceptions import DataValidationError
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace import RowError, SyncError, rest_api_source, sync
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
FIRST: list[Row] = [
    {"id": 1, "n": 1, "t": "a"},
    {"id": 2, "n": 2, "t": "b", "kids": [{"k": 1}], "tags": [1]},
]

SECOND: dict[str, list[list[Row]]] = {
    "nothing new": [[{"id": 3, "n": 3, "t": "c"}]],
    "a new field in some rows": [[{"id": 3, "n": 3}, {"id": 4, "n": 4, "new": 1}, {"id": 5}]],
    "a new field that is null": [[{"id": 3, "n": 3, "new": None}]],
    "a new field in each row": [[{"id": 3, "new": 1}], [{"id": 4, "new": 2}]],
    "another type": [[{"id": 3, "n": "three"}, {"id": 4, "n": 4}, {"id": 5, "n": "5"}]],
    "a list": [[{"id": 3, "l": [1, 2]}, {"id": 4, "n": 4}]],
    "an object": [[{"id": 3, "o": {"a": 1}}, {"id": 4, "n": 4}]],
    "a new field in a list": [[{"id": 3, "kids": [{"k": 2, "new": 1}, {"k": 3}]}, {"id": 4}]],
    "another type in a list": [[{"id": 3, "kids": [{"k": "x"}, {"k": 3}], "tags": ["y", 2]}]],
    "a list in a list": [[{"id": 3, "kids": [{"k": 2, "l": [1]}], "tags": [[1]]}, {"id": 4}]],
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


DECLARED = {
    "columns": {
        "n": {"data_type": "bigint"},
        "amount": {"data_type": "decimal", "precision": 10, "scale": 2},
        "at": {"data_type": "timestamp"},
        "day": {"data_type": "date"},
        "flag": {"data_type": "bool"},
        "extra": {"data_type": "json"},
    }
}
UNFIT: dict[str, list[list[Row]]] = {
    "text for a number": [[{"id": 3, "n": "three"}, {"id": 4, "n": 4}, {"id": 5, "n": "5"}]],
    "a fraction for a whole number": [[{"id": 3, "n": 3.5}, {"id": 4, "n": 4.0}, {"id": 5}]],
    "text for a decimal": [[{"id": 3, "amount": "n/a"}, {"id": 4, "amount": 7.25}]],
    "text for a time": [[{"id": 3, "at": "soon"}], [{"id": 4, "at": "2026-11-23T06:34:39Z"}]],
    "text for a day, beside a list": [[{"id": 3, "day": "never", "tags": [1]}, {"id": 4}]],
    "a text for a switch": [[{"id": 3, "flag": "perhaps"}, {"id": 4, "flag": "yes"}]],
    "scalars for JSON": [[{"id": 3, "extra": "x"}, {"id": 4, "extra": 5}, {"id": 5, "extra": {}}]],
}


def declared(server: JsonServer, contract: Any) -> Any:
    """Listings whose columns are declared, under a contract."""
    config = many_items(server, UNFIT, contract)
    config["resource_defaults"] = DECLARED
    return config


@pytest.mark.parametrize(
    "contract",
    [*({"data_type": mode} for mode in MODES if mode != "freeze"), "evolve", "discard_row"],
    ids=str,
)
def test_a_contract_decides_for_declared_columns_too(
    contract: Any, server: JsonServer, warehouse: Warehouse
) -> None:
    for listings in ({name: [FIRST] for name in UNFIT}, UNFIT):
        serve_many(server, listings)
        for name, make_source in MAKERS.items():
            warehouse.pipeline(name).run(make_source(declared(server, contract)))

    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


def test_a_frozen_type_of_a_declared_column_stops_the_load(
    server: JsonServer, warehouse: Warehouse
) -> None:
    serve_many(server, UNFIT)

    config = declared(server, {"data_type": "freeze"})
    for case, resource in zip(UNFIT, config["resources"], strict=True):
        theirs, ours = (
            violation(
                warehouse.pipeline(name), make_source(config).with_resources(resource["name"])
            )
            for name, make_source in MAKERS.items()
        )
        assert ours == theirs is not None, case


@pytest.mark.parametrize("hints", [DECLARED, {}], ids=["declared", "inferred"])
def test_a_frozen_type_stops_a_sync_until_the_contract_allows_the_row(
    hints: Any, server: JsonServer, warehouse: Warehouse
) -> None:
    rows: list[Row] = [{"id": 1, "n": 1}, {"id": 2, "n": "two"}, {"id": 3, "n": 3}]
    serve(server, [rows])
    config = items_config(server)
    config["resources"][0] |= {**hints, "schema_contract": {"data_type": "freeze"}}
    for _ in range(2):
        with pytest.raises(SyncError, match=r"`n__v_text`.*`data_type: freeze`"):
            sync(warehouse.pipeline(), rest_api_source(config))
    assert "items" not in warehouse.tables("test_data")

    config["resources"][0]["schema_contract"] = {"data_type": "evolve"}
    sync(warehouse.pipeline(), rest_api_source(config))
    assert warehouse.query("SELECT id, n, n__v_text FROM test_data.items ORDER BY id") == [
        (1, 1, None),
        (2, None, "two"),
        (3, 3, None),
    ]


PLACES: dict[str, Any] = {
    "the source": lambda source: setattr(source, "schema_contract", {"data_type": "evolve"}),
    "the resource": lambda source: source.items.apply_hints(schema_contract="evolve"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_contract_may_stand_on_dlts_objects(
    place: str, server: JsonServer, warehouse: Warehouse
) -> None:
    serve(server, [[{"id": 1, "n": "one"}, {"id": 2, "n": 2}]])
    config = items_config(server)
    config["resources"][0] |= DECLARED
    source = rest_api_source(config)
    PLACES[place](source)
    warehouse.pipeline().run(source)

    rows = warehouse.query("SELECT id, n, n__v_text FROM test_data.items ORDER BY id")
    assert rows == [(1, None, "one"), (2, 2, None)]


def test_the_contract_of_a_resource_stands_in_place_of_its_sources(
    server: JsonServer, warehouse: Warehouse
) -> None:
    serve(server, [[{"id": 1, "n": "one"}, {"id": 2, "n": 2}]])
    config = items_config(server)
    config["resources"][0] |= {**DECLARED, "schema_contract": {"columns": "evolve"}}
    source = rest_api_source(config, schema_contract={"data_type": "freeze"})
    report = sync(warehouse.pipeline(), source)

    assert report.figures.reasons == {"`n` should be bigint": 1}
    assert warehouse.query("SELECT id FROM test_data.items") == [(2,)]


@pytest.mark.parametrize(
    ("mode", "kept"), [("discard_value", [1, 2]), ("discard_row", [2]), ("evolve", [2])]
)
def test_a_contract_decides_on_numbers_that_are_too_large(
    mode: str, kept: list[int], server: JsonServer, warehouse: Warehouse
) -> None:
    serve(server, [[{"id": 1, "n": 2**63, "amount": 10**12}, {"id": 2, "n": 2, "amount": 2}]])
    config = items_config(server)
    config["resources"][0] |= {**DECLARED, "schema_contract": {"data_type": mode}}
    figures = sync(warehouse.pipeline(), rest_api_source(config)).figures.of("items")

    rows = warehouse.query("SELECT id, n, amount FROM test_data.items ORDER BY id")
    assert rows == [(id, 2 if id == 2 else None, 2 if id == 2 else None) for id in kept]
    assert (figures.discarded, figures.quarantined) == (mode == "discard_row", mode == "evolve")


def test_a_frozen_type_refuses_numbers_that_are_too_large(
    server: JsonServer, warehouse: Warehouse
) -> None:
    serve(server, [[{"id": 1, "n": 2}, {"id": 2, "n": 2**63}]])
    config = items_config(server)
    config["resources"][0] |= {**DECLARED, "schema_contract": {"data_type": "freeze"}}

    with pytest.raises(RowError, match=r"(?s)`n` is an integer beyond 64 bits.*`data_type`"):
        sync(warehouse.pipeline(), rest_api_source(config))


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
