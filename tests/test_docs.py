"""What the documentation shows is what there is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer.main
import yaml

from headrace._version import __version__
from headrace.cli.app import app
from headrace.config import load_config
from headrace.simulator import Simulator

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_changelog_has_a_section_for_this_version() -> None:
    sections = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert __version__ in sections
    assert "Unreleased" not in sections[1:], "what is not released stands on top"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_yaml_examples_are_sound_configs(page: Path) -> None:
    for block in blocks(page, "yaml"):
        load_config(yaml.safe_load(block), lookup=lambda name: "https://example.com")


def test_paginators_in_the_text_are_sound() -> None:
    found = re.findall(r"`(\{type: [^`]*\})`", (ROOT / "docs" / "paginators.md").read_text())
    assert len(found) > 7
    for paginator in found:
        client = {"base_url": "https://example.com", "paginator": yaml.safe_load(paginator)}
        load_config({"client": client, "resources": ["items"]})


def test_real_apis_are_those_of_the_versions_that_are_installed() -> None:
    pins = ROOT / "tests" / "stories" / "real_servers" / "pins"
    frozen = "".join(file.read_text() for file in pins.iterdir())
    servers = r"apache-airflow|datasette|kinto|mlflow|json-server|@strapi/strapi"
    versions = re.findall(rf'^.*?(?:\b|")(?:{servers})(?:==|": ")([\w.-]+)', frozen, re.MULTILINE)
    told = (ROOT / "docs" / "real-apis.md").read_text().partition("##")[0]

    assert len(versions) == 7
    assert [version for version in versions if version not in told] == []


def test_the_readmes_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = blocks(ROOT / "README.md", "python")
    with Simulator(rows=300) as simulator:
        monkeypatch.setenv("API_KEY", simulator.api_key)
        program = example.replace("https://api.example.com/api/v1", simulator.base_url)
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)

    with duckdb.connect("executions.duckdb", read_only=True) as connection:
        count = connection.execute("SELECT count(*) FROM executions_dataset.executions")
        assert count.fetchall() == [(300,)]


def options_of_commands(group: Any, above: str = "") -> Iterator[tuple[str, set[str]]]:
    """The options of each command, also of those within another, by its name."""
    for name, each in group.commands.items():
        yield above + name, {option for parameter in each.params for option in parameter.opts}
        if hasattr(each, "commands"):
            yield from options_of_commands(each, f"{above}{name} ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page: Path) -> None:
    known = dict(options_of_commands(typer.main.get_command(app)))
    for line in re.findall(
        r"^(?:\$ )?headrace .*$|`headrace [^`]*`", page.read_text(), re.MULTILINE
    ):
        words = line.strip("`$ ").split("#")[0].split()
        called = " ".join(words[1:3])
        name = called if called in known else words[1]
        assert name in known or words[1].startswith("--"), line
        for word in words[2:]:
            if word.startswith("--"):
                assert word.split("=")[0] in known[name], line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target.split("#")[0]).exists(), target


def test_the_list_of_scripts_is_whole_and_ci_runs_the_first_of_them() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    listed = re.findall(r"^scripts/([a-z-]+) ", contributing, re.MULTILINE)
    called = re.findall(r"^scripts/([a-z-]+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(
        each.name for each in (ROOT / "scripts").iterdir() if not each.suffix
    )
    assert called == listed[: len(called)]
    assert f"in the order {', '.join(called)}," in " ".join(contributing.split())


PACKAGE = ROOT / "src" / "headrace"
HOUSE = (ROOT / "CONTRIBUTING.md").read_text().partition("## The house")[2]


def folders(of: Path) -> set[str]:
    return {each.name for each in of.iterdir() if (each / "__init__.py").exists()}


def test_the_drawing_of_the_house_shows_its_rooms() -> None:
    drawing = HOUSE.split("```")[1]
    drawn: dict[str, set[str]] = {}
    for indent, name in re.findall(r"^( *)([a-z_]+)/", drawing, re.MULTILINE):
        if indent:
            drawn[list(drawn)[-1]].add(name)
        else:
            drawn[name] = set()

    assert drawn == {room: folders(PACKAGE / room) for room in folders(PACKAGE)}


def test_the_drawing_has_the_order_that_the_contract_holds() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (rooms,) = (
        contract["layers"]
        for contract in pyproject["tool"]["importlinter"]["contracts"]
        if contract["id"] == "rooms"
    )
    held = [name for layer in rooms for name in layer.split(" | ") if (PACKAGE / name).is_dir()]

    assert re.findall(r"^([a-z_]+)/", HOUSE.split("```")[1], re.MULTILINE) == held


def test_what_the_house_names_is_there() -> None:
    text = HOUSE.replace(HOUSE.split("```")[1], "")
    named = re.findall(r"`([a-z_/]+(?:\.py|/))`", text)

    assert len(named) > 30
    assert [name for name in named if not any((at / name).exists() for at in (PACKAGE, ROOT))] == []
