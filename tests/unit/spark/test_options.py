"""The options of a read: all that is wrong is said, with all that there are, before one asks."""

from __future__ import annotations

import re

import pytest

from headrace import ConfigError
from headrace.spark.options import OPTIONS, ReadOptions
from tests.support.project import ROOT


def faults(**options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        ReadOptions.of(options)
    return str(caught.value)


def test_what_is_not_given_has_a_default() -> None:
    read = ReadOptions.of({"config": "executions"})
    assert (read.resource, read.workers, read.lanes, read.secrets) == (None, 1, 8, None)
    assert read.on_misfit == "fail"


def test_names_are_in_any_case_as_spark_takes_them() -> None:
    read = ReadOptions.of({"Config": "executions", "WORKERS": " 4 ", "on_Misfit": "keep"})
    assert (read.config, read.workers, read.lanes, read.on_misfit) == ("executions", 4, 32, "keep")


def test_each_worker_has_a_lane_at_least() -> None:
    assert ReadOptions.of({"config": "executions", "workers": "9", "lanes": "2"}).lanes == 9


def test_an_unknown_one_names_those_that_there_are() -> None:
    told = faults(config="executions", worker="4")
    assert "there is no option `worker`; did you mean `workers`?" in told
    assert all(f"`{name}`" in told for name in OPTIONS)
    assert "the text of the config goes into the option `config`" in faults(path="shop.yml")


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = faults(workers="0", lanes="many", on_misfit="drop")
    assert "option `config`: is missing" in told
    assert told.count("expected a number from 1 to 1,000") == 2
    assert "option `on_misfit`: expected `fail` or `keep`" in told
    assert "option `rows_stay`: expected `false` or `true`" in faults(rows_stay="yes")
    assert "option `lag`: expected a whole number of seconds" in faults(lag="1m")


def test_the_path_of_a_file_is_no_text() -> None:
    assert "takes the text of the config" in faults(config="/home/someone/shop.yml")


def test_the_docs_name_each_option() -> None:
    table = (ROOT / "docs" / "spark.md").read_text().partition("| option |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(OPTIONS)
