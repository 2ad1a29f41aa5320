"""The examples in the docstrings of the public functions, run as a reader would run them."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator

import pytest

import headrace
import headrace.testing
from headrace.simulator import Simulator
from tests.support.command_line import headrace as command

ROWS = 200
# What the examples write, and the address that `headrace simulate` serves at.
ADDRESS = "http://127.0.0.1:8080/api/v1"
FUNCTIONS = sorted(
    name
    for name in headrace.__all__
    if callable(getattr(headrace, name)) and not inspect.isclass(getattr(headrace, name))
)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=ROWS, seed=1) as running:
        yield running


def example_of(docstring: str) -> str:
    """The section `Example:` of a docstring; empty where there is none."""
    found = re.search(r"^Example:\n((?:(?:    .*)?\n)+)", f"{docstring}\n", re.MULTILINE)
    return inspect.cleandoc(found[1]) if found else ""


def failures_of(example: str, simulator: Simulator) -> str:
    """Runs an example; gives what did not come out as it says, as doctest tells it."""
    text = example.replace(ADDRESS, simulator.base_url)
    text = text.replace('"simulator"', f'"{simulator.api_key}"')
    test = doctest.DocTestParser().get_doctest(text, {}, "example", None, 0)
    told: list[str] = []
    ran = doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    assert ran.attempted > 0, "there is no code in it"
    return "".join(told)


def test_which_functions_are_public() -> None:
    assert {"rest_api", "rest_api_source", "sync", "verify"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_runs(name: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    example = example_of(inspect.getdoc(getattr(headrace, name)) or "")
    assert example, f"headrace.{name} has no example"
    monkeypatch.setenv("API_KEY", simulator.api_key)
    monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
    for line in re.findall(r"After `headrace ([^`]*)`", example):
        assert command(*line.split()).returncode == 0

    assert failures_of(example, simulator) == ""


def test_an_example_that_does_not_hold_is_found(simulator: Simulator) -> None:
    docstring = "Adds.\n\nExample:\n    Of course:\n\n    >>> 1 + 1\n    3\n"
    told = failures_of(example_of(docstring), simulator)
    assert re.search(r"Expected:\s+3\s+Got:\s+2", told)


def test_a_docstring_without_an_example_is_found() -> None:
    assert example_of("Adds.\n\nReturns:\n    The sum.\n") == ""


def test_the_example_of_the_suite_runs(simulator: Simulator) -> None:
    example = example_of(inspect.getdoc(headrace.testing.check_connector) or "")
    assert failures_of(example, simulator) == ""
