"""What is published: a wheel that works where nothing else is installed, and its source."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import duckdb
import pytest

from headrace._version import __version__
from headrace.config.recipes import recipes
from headrace.simulator import Simulator
from tests.support.project import ROOT

pytestmark = pytest.mark.package

NAME = f"headrace-{__version__}"
IN_THE_WHEEL = {
    "headrace/py.typed",
    "headrace/config/connectors/executions.yml",
    "headrace/config/starter.yml",
    *(f"headrace/config/recipes/{name}.yml" for name in recipes()),
    *(
        f"headrace/reports/html/assets/{name}"
        for name in ("echarts.min.js", "page.html", "page.css", "page.js")
    ),
    f"{NAME}.dist-info/licenses/LICENSE",
    *(
        f"{NAME}.dist-info/licenses/src/headrace/reports/html/assets/echarts.{name}"
        for name in ("LICENSE", "LICENSE-d3", "NOTICE")
    ),
}
AT_THE_TOP_OF_THE_SOURCE = {
    *("PKG-INFO", "pyproject.toml", ".gitignore", "LICENSE", "README.md"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "benchmarks", "docs", "scripts", "src", "tests"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source and with the wheel that is built from it, not from the project."""
    folder = tmp_path_factory.mktemp("built")
    build("--outdir", str(folder))
    return folder


def build(*options: str) -> None:
    subprocess.run([sys.executable, "-m", "build", "--no-isolation", *options, ROOT], check=True)


def wheel_in(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_holds_all_that_runs_and_the_licenses(built: Path) -> None:
    with zipfile.ZipFile(wheel_in(built)) as wheel:
        names = set(wheel.namelist())

    assert names >= IN_THE_WHEEL
    modules = {str(path.relative_to(ROOT / "src")) for path in ROOT.glob("src/headrace/**/*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    assert {name.partition("/")[0] for name in names} == {"headrace", f"{NAME}.dist-info"}


def test_the_source_holds_the_project_and_nothing_that_lies_beside_it(built: Path) -> None:
    with tarfile.open(built / f"{NAME}.tar.gz") as source:
        names = [Path(name) for name in source.getnames()]

    assert {path.parts[0] for path in names} == {NAME}
    assert {path.parts[1] for path in names} == AT_THE_TOP_OF_THE_SOURCE
    assert not [path for path in names if "__pycache__" in path.parts or path.suffix == ".duckdb"]


def test_the_wheel_of_the_source_is_that_of_the_project(built: Path, tmp_path: Path) -> None:
    build("--wheel", "--outdir", str(tmp_path))
    of_the_project, of_the_source = wheel_in(tmp_path), wheel_in(built)

    assert of_the_project.name == of_the_source.name
    with zipfile.ZipFile(of_the_project) as one, zipfile.ZipFile(of_the_source) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
        assert all(one.read(name) == other.read(name) for name in one.namelist())


def test_it_runs_with_its_dependencies_alone(built: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    programs = tmp_path / "empty" / "bin"

    def run(program: str, *arguments: str) -> str:
        ran = subprocess.run(
            [programs / program, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    subprocess.run([sys.executable, "-m", "venv", programs.parent], check=True)
    run("pip", "install", "--quiet", "--disable-pip-version-check", str(wheel_in(built)))
    run("pip", "check")
    assert run("headrace", "--version").strip().endswith(__version__)
    with Simulator(rows=1_000, seed=1) as simulator:
        environment |= {"API_KEY": simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}
        run("headrace", "run", "executions")
    run("headrace", "report", "executions", "-o", "report.html")

    with duckdb.connect(str(tmp_path / "executions.duckdb"), read_only=True) as connection:
        counted = connection.sql("SELECT count(*) FROM executions_dataset.executions").fetchall()
    assert counted == [(1_000,)]
    assert "echarts" in (tmp_path / "report.html").read_text()
