"""The matrix in the documentation is what was measured, and holds for what can be run here."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.stories.destinations.matrix import PAGE, VERDICTS, page
from tests.stories.destinations.measuring import CELLS, YES
from tests.stories.destinations.places import PLACES
from tests.support.project import ROOT

MEASURED = json.loads(VERDICTS.read_text())


def test_the_page_shows_what_was_measured() -> None:
    assert PAGE.read_text() == page(MEASURED)


def test_each_cell_is_yes_or_a_refusal_in_words() -> None:
    assert MEASURED["verdicts"].keys() == PLACES.keys()
    for name, cells in MEASURED["verdicts"].items():
        assert set(cells) == set(CELLS)
        for cell, verdict in cells.items():
            is_sentence = len(verdict.split()) > 5 and "FAILS" not in verdict
            assert verdict == YES or is_sentence, (name, cell, verdict)


@pytest.mark.comparison
@pytest.mark.parametrize("name", ["duckdb", "postgres", "sqlite", "parquet"])
def test_what_runs_here_is_as_the_page_says(name: str) -> None:
    command = [sys.executable, "-m", "tests.stories.destinations.measuring", name, "400"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == MEASURED["verdicts"][name]
