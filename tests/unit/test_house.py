"""The rooms of `src/headrace`: what holds them, and that it would see a change that breaks them."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "headrace"

# Each file breaks a contract: its path, what it holds, and the line that is to tell of it.
VIOLATIONS = {
    "a module lies loose": ("loose.py", "", "- headrace.loose"),
    "a room imports one above it": (
        "core/upwards.py",
        "import headrace.cli.app",
        "headrace.core.upwards -> headrace.cli.app (l.1)",
    ),
    "a room imports one above it, late": (
        "reading/upwards.py",
        "def late():\n    from headrace.syncing.sync import sync",
        "headrace.reading.upwards -> headrace.syncing.sync (l.2)",
    ),
    "the format imports HTTP": (
        "config/sideways.py",
        "import headrace.http.client",
        "headrace.config.sideways -> headrace.http.client (l.1)",
    ),
    "HTTP imports the format": (
        "http/sideways.py",
        "import headrace.config",
        "headrace.http.sideways -> headrace.config (l.1)",
    ),
    "the reports import the proof": (
        "reports/sideways.py",
        "import headrace.verification.verify",
        "headrace.reports.sideways -> headrace.verification.verify (l.1)",
    ),
    "sansio waits": (
        "sansio/waiting.py",
        "import asyncio",
        "headrace.sansio.waiting -> asyncio (l.1)",
    ),
    "sansio asks": (
        "sansio/rows/asking.py",
        "def late():\n    import requests\n    from aiohttp import ClientSession",
        "headrace.sansio.rows.asking -> aiohttp (l.3)",
    ),
    "sansio knows dlt": (
        "sansio/tail/knowing.py",
        "from dlt.extract import DltResource",
        "headrace.sansio.tail.knowing -> dlt (l.1)",
    ),
    "sansio queries": (
        "sansio/paging/querying.py",
        "import duckdb",
        "headrace.sansio.paging.querying -> duckdb (l.1)",
    ),
    "the format knows dlt": (
        "config/format/knowing.py",
        "import dlt",
        "headrace.config.format.knowing -> dlt (l.1)",
    ),
    "the format knows its checks": (
        "config/format/upwards.py",
        "import headrace.config.checks.faults",
        "headrace.config.format.upwards -> headrace.config.checks.faults (l.1)",
    ),
    "reading knows dlt, late": (
        "reading/knowing.py",
        "def late():\n    from dlt.common.schema import Schema",
        "headrace.reading.knowing -> dlt (l.2)",
    ),
}


def lint(root: Path) -> tuple[int, str]:
    """Holds the contracts against the package in a folder; gives the exit code and what is said."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as lint; lint()",
            *("--no-logo", "--no-cache", str(ROOT / "pyproject.toml")),
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """What is said of a copy of the package with all violations in it."""
    root = tmp_path_factory.mktemp("broken")
    shutil.copytree(
        PACKAGE,
        root / "headrace",
        ignore=shutil.ignore_patterns("__pycache__", "assets", "connectors"),
    )
    for path, text, _ in VIOLATIONS.values():
        place = root / "headrace" / path
        assert not place.exists()
        place.write_text(f"{text}\n", encoding="utf-8")
    return lint(root)


def test_the_contracts_hold() -> None:
    code, told = lint(ROOT / "src")
    assert code == 0, told
    assert "0 broken" in told


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_a_violation_is_told(broken: tuple[int, str], violation: str) -> None:
    code, told = broken
    assert code != 0
    assert VIOLATIONS[violation][2] in told


def test_each_contract_can_fail(broken: tuple[int, str]) -> None:
    assert "0 kept, 4 broken" in broken[1]


def test_only_the_door_imports_by_text() -> None:
    """`import_module("dlt")` is an import that the contracts do not see."""
    by_text = {"import_module", "__import__"}
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id in by_text)
        or (isinstance(node, ast.Attribute) and node.attr in by_text)
    }
    # `headrace` itself imports what its own names stand for once they are asked for.
    assert found == {"__init__.py", "core/dlt_door/loading.py"}


def test_only_the_door_takes_names_out_of_dlts_modules() -> None:
    inside = PACKAGE / "core" / "dlt_door"
    users = [
        path
        for path in PACKAGE.rglob("*.py")
        if inside not in path.parents
        and "headrace.core.dlt_door.loading" in path.read_text(encoding="utf-8")
    ]
    assert users == []
