"""The rooms of `src/headrace`: what holds them, and that it would see a change that breaks them."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
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
    "sansio reads a clock": (
        "sansio/tail/clock.py",
        "from time import monotonic",
        "headrace.sansio.tail.clock -> time (l.1)",
    ),
    "sansio opens a socket": (
        "sansio/paging/connecting.py",
        "def late():\n    import socket",
        "headrace.sansio.paging.connecting -> socket (l.2)",
    ),
    "sansio starts a thread": (
        "sansio/rows/threads.py",
        "import threading",
        "headrace.sansio.rows.threads -> threading (l.1)",
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
    "core serves the simulator": (
        "core/serving.py",
        "import headrace.simulator",
        "headrace.core.serving -> headrace.simulator (l.1)",
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
    assert "0 kept, 5 broken" in broken[1]


def modules_with(seen: Callable[[ast.AST], bool], inside: Path = PACKAGE) -> set[str]:
    """The modules of the package in which a node is seen that is looked for."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in inside.rglob("*.py")
        if any(map(seen, ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
    }


def names_of(node: ast.AST) -> set[str]:
    """The names that a node uses: `a`, the `b` of `a.b`, and the `a`, `a.b` of an import."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    if isinstance(node, ast.Import):
        return {each.name for each in node.names}
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return {module, *(name for a in node.names for name in (a.name, f"{module}.{a.name}"))}
    return set()


def imports_by_text(node: ast.AST) -> bool:
    """`import_module("dlt")` and `sys.modules["dlt"]` are imports that the contracts do not see."""
    by_text = {"import_module", "__import__", "importlib", "sys.modules"}
    is_modules = isinstance(node, ast.Attribute) and node.attr == "modules"
    return is_modules or not by_text.isdisjoint(names_of(node))


def imports_the_root(node: ast.AST) -> bool:
    """`headrace` is above all rooms, and no layer of the contracts.

    `import headrace.core` counts too: the name that it gives is `headrace`.
    """
    if isinstance(node, ast.Import):
        return any(each.name.partition(".")[0] == "headrace" for each in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module == "headrace" or node.level > 0)


def is_impure(node: ast.AST) -> bool:
    """What the contract of sansio cannot tell from `datetime.datetime` and `urllib.parse`."""
    if isinstance(node, ast.Call):
        return not {"now", "utcnow", "today"}.isdisjoint(names_of(node.func))
    return "urllib.request" in names_of(node)


def test_only_the_door_imports_by_text() -> None:
    # `headrace` itself imports what its own names stand for once they are asked for, and a config
    # names functions in modules of the user's.
    assert modules_with(imports_by_text) == {
        "__init__.py",
        "core/dlt_door/loading.py",
        "reading/named_functions.py",
    }


def test_no_room_imports_the_root() -> None:
    assert modules_with(imports_the_root) == set()


def test_sansio_neither_asks_for_the_time_nor_opens_a_url() -> None:
    assert modules_with(is_impure, PACKAGE / "sansio") == set()


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (imports_by_text, "import importlib\nimportlib.import_module('dlt')"),
        (imports_by_text, "from importlib import import_module as load"),
        (imports_by_text, "__import__('dlt')"),
        (imports_by_text, "import sys\nsys.modules['dlt']"),
        (imports_by_text, "import sys as s\ns.modules.get('dlt')"),
        (imports_by_text, "from sys import modules as loaded"),
        (imports_the_root, "import headrace"),
        (imports_the_root, "import headrace.core.figures"),
        (imports_the_root, "def late():\n    from headrace import __version__"),
        (imports_the_root, "from .. import __version__"),
        (is_impure, "from datetime import datetime\ndatetime.now()"),
        (is_impure, "import datetime as d\nd.date.today()"),
        (is_impure, "import urllib.request"),
        (is_impure, "from urllib import request"),
        (is_impure, "from urllib.request import urlopen"),
    ],
)
def test_what_the_contracts_do_not_see_is_seen(seen: Callable[[ast.AST], bool], text: str) -> None:
    assert any(map(seen, ast.walk(ast.parse(text))))


def test_only_the_door_takes_names_out_of_dlts_modules() -> None:
    inside = PACKAGE / "core" / "dlt_door"
    users = [
        path
        for path in PACKAGE.rglob("*.py")
        if inside not in path.parents
        and "headrace.core.dlt_door.loading" in path.read_text(encoding="utf-8")
    ]
    assert users == []
