"""Whoever catches the error of a sync can ask it for the resource, the URL and the row."""

from __future__ import annotations

import pickle
from typing import Any

import dlt
import pytest

from headrace import (
    ExpressionError,
    HeadraceError,
    PageError,
    RowError,
    SyncError,
    rest_api_source,
    sync,
)
from headrace.config import parse_config
from headrace.core.causes import chain_of
from headrace.core.exceptions import MAX_ROW_CHARACTERS
from headrace.dlt_source.sample import take_sample
from headrace.dlt_source.source import build_source
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

KEY = "canary-0123456789"


def config_of(
    server: JsonServer, endpoint: dict[str, Any] | None = None, **pipeline: Any
) -> dict[str, Any]:
    return {
        "client": {
            "base_url": server.base_url,
            "auth": {"type": "api_key", "name": "key", "api_key": KEY, "location": "query"},
        },
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": endpoint or {"data_selector": "data", "paginator": "single_page"},
            }
        ],
        "pipeline": pipeline,
    }


def failure(server: JsonServer, warehouse: Warehouse, **settings: Any) -> HeadraceError:
    with pytest.raises(HeadraceError) as caught:
        sync(warehouse.pipeline(), build_source(parse_config(config_of(server, **settings))))
    error = caught.value
    assert error.resource == "items"
    assert error.url == f"{server.base_url}/items?key=***"
    assert KEY not in str(vars(error))
    assert KEY.encode() not in pickle.dumps(error)
    check_that_nothing_is_behind_itself(error)
    return error


def check_that_nothing_is_behind_itself(
    error: BaseException | None, before: tuple[BaseException, ...] = ()
) -> None:
    """Else whoever follows the causes of an error does so for ever."""
    if error is not None:
        assert error not in before
        check_that_nothing_is_behind_itself(error.__cause__, (*before, error))
        check_that_nothing_is_behind_itself(error.__context__, (*before, error))


@pytest.mark.parametrize("run_history", [True, False])
def test_what_is_behind_an_error(
    run_history: bool, server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(Answer({"message": "down"}, 404))
    with pytest.raises(HeadraceError) as caught:
        sync(
            warehouse.pipeline(),
            build_source(parse_config(config_of(server))),
            run_history=run_history,
        )
    check_that_nothing_is_behind_itself(caught.value)
    assert type(caught.value.__context__).__name__ == "PipelineStepFailed"
    nowhere = dlt.pipeline("no", destination=dlt.destinations.duckdb("/no/such/folder/file.duckdb"))
    with pytest.raises(SyncError) as failed:
        sync(nowhere, build_source(parse_config(config_of(server))), run_history=run_history)
    check_that_nothing_is_behind_itself(failed.value)


def test_a_row_that_needs_ids(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"data": [{"id": 1}, {"id": 2, "tags": ["a"], "echo": KEY}]})
    error = failure(server, warehouse, row_ids=False)
    assert type(error) is RowError
    assert error.row == '{"id": 2, "tags": ["a"], "echo": "***"}'


def test_a_row_that_cannot_be_read_where_functions_wait_for_dicts(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(Answer(raw=b'{"data": [{"id": 1, "name": "\xff"}, {"id": 2}]}'))
    source = rest_api_source(config_of(server))
    source.items.add_map(lambda row: row)
    with pytest.raises(HeadraceError) as caught:
        sync(warehouse.pipeline(), source)
    assert type(caught.value) is RowError
    assert caught.value.url == f"{server.base_url}/items?key=***"
    assert caught.value.row == '{"id": 1, "name": "\ufffd"}'


def test_a_row_that_cannot_be_loaded(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"data": [{"id": 1}, {"id": None, "echo": KEY, "long": "x" * 5_000}]})
    error = failure(server, warehouse, strict=True)
    assert type(error) is RowError
    assert error.row is not None
    assert error.row.startswith('{"id": null, "echo": "***", "long": "xxx')
    assert len(error.row) == MAX_ROW_CHARACTERS


def test_a_page_that_is_not_as_described(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"rows": [], "echo": KEY})
    error = failure(server, warehouse)
    assert type(error) is PageError
    assert (error.status, error.row) == (200, None)


def kept_up_with(**incremental: Any) -> dict[str, Any]:
    return {
        "data_selector": "data",
        "paginator": {"type": "cursor", "cursor_param": "cursor"},
        "incremental": {"row_order": "desc", **incremental},
    }


def test_a_row_without_its_key(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"data": [{"id": 2, "seq": 2}, {"id": 1, "echo": KEY}]})
    error = failure(server, warehouse, endpoint=kept_up_with(cursor_path="seq"))
    assert type(error) is PageError
    assert error.row == '{"id": 1, "echo": "***"}'


def test_a_row_that_an_expression_fails_on(server: JsonServer, warehouse: Warehouse) -> None:
    endpoint = kept_up_with(
        cursor_path="id", refresh_path="/items/{id}", settled_when="done['x'] > 1"
    )
    server.answers({"data": [{"id": 2, "done": {"x": 2}}, {"id": 1, "done": {"x": KEY}}]})
    error = failure(server, warehouse, endpoint=endpoint)
    assert type(error) is ExpressionError
    assert error.row == '{"id": 1, "done": {"x": "***"}}'


def test_the_data_stays_behind_dlts_own_error(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"rows": []})
    with pytest.raises(Exception, match="step=extract") as caught:
        warehouse.pipeline().run(rest_api_source(config_of(server)))
    (behind,) = (each for each in chain_of(caught.value) if isinstance(each, HeadraceError))
    assert (behind.resource, behind.status) == ("items", 200)


def test_a_row_of_a_sample(server: JsonServer) -> None:
    server.answers({"data": [{"id": None, "echo": KEY}]})
    config = parse_config(config_of(server))
    (resource,) = config.resources
    with pytest.raises(RowError, match="would go to quarantine") as caught:
        take_sample(config, resource, 10)  # type: ignore[arg-type]
    error = caught.value
    assert (error.resource, error.url) == ("items", f"{server.base_url}/items?key=***")
    assert error.row == '{"id": null, "echo": "***"}'
