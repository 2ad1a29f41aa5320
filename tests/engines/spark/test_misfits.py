"""Rows and a schema that do not go together: nothing is lost without a word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession

from tests.support.servers import Answer, JsonServer

pytestmark = pytest.mark.engines

ROWS: list[Any] = [
    {"id": 1, "size": 7, "at": "2026-11-23T06:34:39Z", "tags": ["a", "b"], "of": {"deep": 1.5}},
    {"id": 2, "size": 8, "at": None, "tags": [], "of": {"deep": 2}},
]


@pytest.fixture
def server() -> Iterator[JsonServer]:
    with JsonServer() as server:
        yield server


def items(spark: SparkSession, server: JsonServer, schema: str = "", **options: str) -> DataFrame:
    config = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            {"name": "items", "primary_key": "id", "endpoint": {"data_selector": "data"}}
        ],
    }
    reading = spark.read.format("headrace").options(config=json.dumps(config), **options)
    return (reading.schema(schema) if schema else reading).load()


def test_types_are_those_of_the_first_page(spark: SparkSession, server: JsonServer) -> None:
    server.answers({"data": ROWS})
    frame = items(spark, server)
    assert dict(frame.dtypes) == {
        "id": "bigint",
        "size": "bigint",
        "at": "timestamp",
        "tags": "array<string>",
        "of__deep": "double",
        "_headrace_rest": "string",
    }
    server.answers({"data": [*ROWS, {"id": 3, "size": "large", "new": [1]}]})
    rows = {row.id: row for row in frame.collect()}
    assert (rows[1].tags, rows[2].tags, rows[3].tags) == (["a", "b"], [], None)
    assert rows[2].of__deep == 2.0
    assert json.loads(rows[3]._headrace_rest) == {"size": "large", "new": [1]}


def test_the_schema_of_the_user_is_kept_to(spark: SparkSession, server: JsonServer) -> None:
    server.answers({"data": ROWS})
    frame = items(spark, server, "of__deep FLOAT, id INT, size STRING, missing DATE")
    # Nothing was asked for it.
    assert not server.asked
    assert frame.dtypes == [
        ("of__deep", "float"),
        ("id", "int"),
        ("size", "string"),
        ("missing", "date"),
    ]
    assert sorted(map(tuple, frame.collect())) == [(1.5, 1, "7", None), (2.0, 2, "8", None)]


def test_a_value_without_a_place_fails_with_what_to_do(
    spark: SparkSession, server: JsonServer
) -> None:
    server.answers({"data": [*ROWS, {"id": 3, "size": "large"}]})
    with pytest.raises(PySparkException) as caught:
        items(spark, server, "id BIGINT, size INT").collect()
    told = str(caught.value)
    assert "resource `items`: a row of GET" in told
    assert "has a value in `size` that its type, int32, has no place for" in told
    assert '{"id": 3, "size": "large"}' in told
    assert "a column `_headrace_rest` of type STRING" in told


def test_a_row_that_is_none_fails_or_is_kept(spark: SparkSession, server: JsonServer) -> None:
    server.answers({"data": [*ROWS, {"size": 3}, 7]})
    with pytest.raises(PySparkException, match="the option `on_misfit`"):
        items(spark, server).collect()
    rows = items(spark, server, on_misfit="keep").collect()
    kept = [json.loads(row._headrace_rest) for row in rows if row._headrace_rest]
    assert sorted(row.id or 0 for row in rows) == [0, 0, 1, 2]
    assert {each["_headrace_row"] for each in kept} == {'{"size": 3}', "7"}
    assert all(each["_headrace_reason"] and each["_headrace_request"] for each in kept)


def test_what_cannot_be_kept_or_read_is_refused(spark: SparkSession, server: JsonServer) -> None:
    with pytest.raises(PySparkException, match="`keep` keeps rows in the column"):
        items(spark, server, "id BIGINT", on_misfit="keep").collect()
    with pytest.raises(PySparkException, match="write `of__FIELD` for each of its fields"):
        items(spark, server, "id BIGINT, of STRUCT<deep: DOUBLE>").collect()
    with pytest.raises(PySparkException, match="is no type that rows of JSON are read into"):
        items(spark, server, "id BIGINT, of MAP<STRING, DOUBLE>").collect()


def test_who_is_refused_asks_once(spark: SparkSession, server: JsonServer) -> None:
    server.handler = lambda asked: Answer({"message": "no"}, 401)
    with pytest.raises(AnalysisException, match="401 Unauthorized"):
        items(spark, server)
    assert len(server.asked) == 1
    with pytest.raises(PySparkException, match="401 Unauthorized"):
        items(spark, server, "id BIGINT", workers="4").collect()
    assert len(server.asked) == 2
