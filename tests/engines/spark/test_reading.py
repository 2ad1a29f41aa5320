"""A resource read with Spark: its rows, its schema, what is said where something is wrong."""

from __future__ import annotations

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from headrace.simulator.running import Simulator

pytestmark = pytest.mark.engines


def executions(spark: SparkSession, **options: str) -> DataFrame:
    given = {"config": "executions", "resource": "executions", **options}
    return spark.read.format("headrace").options(**given).load()


def test_rows_are_those_of_the_api(spark: SparkSession, simulator: Simulator) -> None:
    rows = executions(spark).collect()
    truth = {row["id"]: row for row in simulator.truth()}
    assert len(rows) == len(truth) == 3_000
    assert {row.id: (row.status, row.workflow_id) for row in rows} == {
        key: (row["status"], row["workflowId"]) for key, row in truth.items()
    }


def test_the_schema_is_typed_and_costs_one_page(spark: SparkSession, simulator: Simulator) -> None:
    asked = len(simulator.requests)
    types = dict(executions(spark).dtypes)
    assert len(simulator.requests) == asked + 1
    assert types["id"] == "bigint"
    assert types["started_at"] == types["wait_till"] == "timestamp"
    assert types["_headrace_rest"] == "string"


def test_a_wrong_option_is_told_with_those_that_there_are(spark: SparkSession) -> None:
    with pytest.raises(AnalysisException, match="there is no option `worker`; did you mean"):
        executions(spark, worker="4")
