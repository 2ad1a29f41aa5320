"""`python -m benchmarks.all`: what it measures, and the tables that it writes into documents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import benchmarks.all
import pytest
from benchmarks.all import DOCUMENTS, ROADS, measure_all, parsed, write_docs
from benchmarks.results import BEGIN, END, RECORD, ratios, replaced, table
from benchmarks.roads import Contender, Road, Run

from tests.support.project import ROOT

MEASURED: dict[str, Any] = {
    "runs": 2,
    "machine": {"cores": 2, "processor": "Abacus", "memory_gb": 8, "system": "Linux"},
    "versions": {"headrace": "1.2", "dlt": "1.31.0"},
    "roads": [
        {
            "name": "wide",
            "title": "Wide rows",
            "peers": ["dlt, defaults"],
            "by_cpu": False,
            "contenders": [
                {
                    "name": "dlt, defaults",
                    "runs": [
                        {"seconds": 10.0, "cpu_seconds": 8.0, "peak_bytes": 2e8, "rows": 1_000},
                        {"seconds": 20.0, "cpu_seconds": 9.0, "peak_bytes": 3e8, "rows": 1_000},
                    ],
                },
                {
                    "name": "headrace",
                    "runs": [
                        {"seconds": 4.0, "cpu_seconds": 3.0, "peak_bytes": 2e8, "rows": 10_000},
                        {"seconds": 4.0, "cpu_seconds": 3.0, "peak_bytes": 1e8, "rows": 10_000},
                    ],
                },
            ],
        },
        {
            "name": "start",
            "title": "Start",
            "peers": ["dlt, defaults"],
            "by_cpu": True,
            "contenders": [
                {
                    "name": "dlt, defaults",
                    "runs": [{"seconds": 1.0, "cpu_seconds": 3.0, "peak_bytes": 1e8, "rows": None}],
                },
                {
                    "name": "headrace",
                    "runs": [{"seconds": 9.0, "cpu_seconds": 2.0, "peak_bytes": 1e8, "rows": None}],
                },
            ],
        },
    ],
}


def test_the_command_measures_a_road_and_tells_of_it(tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    command = [sys.executable, "-m", "benchmarks.all", "--quick", "--output", str(output)]

    ran = subprocess.run(
        [*command, "--only", "first-rows"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    found = json.loads(output.read_text())
    assert {"headrace", "dlt", "pyarrow", "duckdb", "Python"} <= found["versions"].keys()
    (road,) = found["roads"]
    assert road["name"] == "first-rows"
    assert len(road["contenders"]) > 1
    for contender in road["contenders"]:
        assert f"| {contender['name']} " in ran.stdout
        (run,) = contender["runs"]
        assert min(run["seconds"], run["cpu_seconds"], run["peak_bytes"]) > 0
    *_, last = ran.stderr.splitlines()
    assert "road 1 of 1, 100%" in last


def test_roads_and_their_contenders_are_measured_in_turn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[str] = []

    def road(name: str) -> Road:
        def measured(by: str) -> Run:
            asked.append(f"{name} {by}")
            return Run(1.0, 1.0, 1_000, 7)

        @contextmanager
        def contenders(rows: int) -> Iterator[list[Contender]]:
            yield [Contender(by, partial(measured, by), rows) for by in ("dlt", "headrace")]

        return Road(name, name, ("dlt",), contenders)

    found = measure_all([road("first"), road("second")], rows=7, runs=2)

    assert asked == [
        *["first dlt", "first headrace"] * 2,
        *["second dlt", "second headrace"] * 2,
    ]
    assert [each["name"] for each in found["roads"]] == ["first", "second"]
    *_, last = capsys.readouterr().err.splitlines()
    assert "road 2 of 2, 100%" in last


def test_a_command_that_is_ended_leaves_no_server_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.all", "--quick", "--only", "first-rows"]
    output = ("--output", str(tmp_path / "found.json"))
    with subprocess.Popen([*command, *output], cwd=ROOT, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        started = processes_below(process.pid)
        process.terminate()

    assert started
    assert process.returncode
    assert started & processes_below(os.getpid(), 1) == set()


def processes_below(*parents: int) -> set[int]:
    """The processes that these have started and that still run."""
    told = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    )
    found = (line.split() for line in told.stdout.splitlines())
    return {int(pid) for pid, parent, state in found if int(parent) in parents and state[0] != "Z"}


def test_ratios_are_of_rows_a_second_and_span_the_turns() -> None:
    wide, start = MEASURED["roads"]

    # 2,500 rows/s beside 100 and 50 of dlt, whose median is 75.
    (of_rows,) = ratios(wide, wide["contenders"][1]).values()
    assert of_rows == {"median": pytest.approx(2_500 / 75), "least": 25, "most": 50}
    (by_cpu,) = ratios(start, start["contenders"][1]).values()
    assert by_cpu == {"median": 1.5, "least": 1.5, "most": 1.5}
    assert ratios(wide, wide["contenders"][0]) == {}


def test_a_document_gets_the_table_of_its_roads_between_the_two_lines() -> None:
    document = f"# A page\n\n{BEGIN}\nold\n{END}\n\nThe rest.\n"

    written = replaced(document, MEASURED, ("wide",))

    assert written.startswith(f"# A page\n\n{BEGIN}\nMedians of 2 runs")
    assert written.endswith(f"{table(MEASURED, ('wide',))}\n{END}\n\nThe rest.\n")
    assert " 33 (25 to 50) |" in written
    assert "Start" not in written
    assert replaced(written, MEASURED, ("wide",)) == written


def test_a_document_without_the_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="no line"):
        replaced("# A page\n", MEASURED)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_documents_table_is_that_of_the_measurement_on_record(document: Path) -> None:
    text = document.read_text()

    assert text.count(BEGIN) == text.count(END) == 1
    assert RECORD.exists() == ("Medians of" in text)
    if RECORD.exists():
        assert text == replaced(text, json.loads(RECORD.read_text()), DOCUMENTS[document])


def test_a_measurement_goes_on_record_and_into_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, record = tmp_path / "page.md", tmp_path / "results.json"
    page.write_text(f"{BEGIN}\n{END}\n")
    monkeypatch.setattr(benchmarks.all, "DOCUMENTS", {page: ("wide",)})
    monkeypatch.setattr(benchmarks.all, "RECORD", record)

    write_docs(MEASURED)

    assert json.loads(record.read_text()) == MEASURED
    assert page.read_text() == replaced(f"{BEGIN}\n{END}\n", MEASURED, ("wide",))


def test_the_page_on_benchmarks_names_each_road() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()

    assert [road.name for road in ROADS if f"`{road.name}`" not in page] == []


@pytest.mark.parametrize("others", [("--quick",), ("--only", "wide"), ("--by-cpu",)])
def test_a_part_of_the_measurement_is_not_written_into_documents(
    others: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(["--write-docs", *others])

    assert "--write-docs takes all roads by the clock" in capsys.readouterr().err
