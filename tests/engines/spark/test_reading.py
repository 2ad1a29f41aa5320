"""A resource read with Spark: its rows, its schema, what is said where something is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from headrace.simulator.running import Simulator
from tests.engines.running import program, run
from tests.support.documentation import code_blocks

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


def test_which_resource_is_asked_before_anything_else(spark: SparkSession) -> None:
    config = '{"client": {"base_url": "${EXECUTIONS_BASE_URL}"}, "resources": ["rows", "others"]}'
    with pytest.raises(AnalysisException, match="the config has several resources: name the one"):
        spark.read.format("headrace").option("config", config).load()


def test_the_rows_of_tenants_name_them(spark: SparkSession, simulator: Simulator) -> None:
    keys = {"secrets": {"KEY": "API_KEY"}}
    config = {
        "client": {
            "base_url": "${EXECUTIONS_BASE_URL}",
            "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "${KEY}"},
        },
        "resources": [
            {
                "name": "workflows",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "data_selector": "data",
                    "paginator": {"type": "cursor", "cursor_path": "nextCursor"},
                },
            }
        ],
        "tenants": [{"name": "acme", **keys}, {"name": "beta", **keys}],
    }
    rows = executions(spark, config=json.dumps(config), resource="workflows", workers="2")
    assert rows.rdd.getNumPartitions() == 2
    counts = {row.tenant: row["count"] for row in rows.groupBy("tenant").count().collect()}
    assert counts["acme"] == counts["beta"] > 0
    assert counts.keys() == {"acme", "beta"}


def test_the_first_example_of_the_docs_runs(simulator: Simulator, tmp_path: Path) -> None:
    (example, *_) = code_blocks("spark.md", "python")
    told = {"EXECUTIONS_BASE_URL": simulator.base_url, "API_KEY": simulator.api_key}
    out = run([program(), "-c", example], tmp_path, {**told, "PYSPARK_PYTHON": program()})
    counts = re.findall(r"^\|\s*(\w+)\|\s*(\d+)\|$", out, re.MULTILINE)
    assert sum(int(count) for _, count in counts) == 3_000
    assert "success" in dict(counts)
