"""Each recipe, as `headrace init` writes it, against a server of its style: two syncs, exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headrace.config.recipes import recipes
from tests.support.command_line import headrace
from tests.support.kept_databases import release_databases
from tests.support.project import ROOT
from tests.support.servers import Asked, JsonServer

from . import changes, many_requests, pages, shapes
from .style import Rows, Style

STYLES: list[type[Style]] = [
    pages.Cursor,
    pages.Header,
    pages.Link,
    pages.OData,
    pages.Offset,
    pages.Page,
    pages.SearchAfter,
    many_requests.Batches,
    many_requests.ExportJob,
    shapes.CsvExport,
    shapes.KeyedObjects,
    shapes.GraphQL,
    changes.SyncToken,
    changes.Windows,
]
DOCS = ROOT / "docs" / "recipes"


def test_each_recipe_has_a_server_and_a_page() -> None:
    assert sorted(each.name for each in STYLES) == list(recipes())
    assert {each.stem for each in DOCS.glob("*.md")} - {"README"} == set(recipes())


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_two_syncs(
    style: type[Style], server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in style.settings:
        monkeypatch.setenv(name, "hush")
    api = style(server)
    told = run("init", "--recipe", style.name, "api.yml")
    assert all(f"{name}=... " in told for name in style.settings)
    file = tmp_path / "api.yml"
    file.write_text(file.read_text().replace("https://api.example.com", server.base_url))

    run("check", "api.yml")
    for attempt in ("first", "second"):
        server.asked.clear()
        run("run", "api.yml")
        assert [shown(each) for each in server.asked] == list(getattr(api, attempt))
        assert in_order(loaded(tmp_path, api.truth())) == in_order(api.truth())
        run("verify", "api.yml")
        api.change()


@pytest.mark.parametrize("name", list(recipes()))
def test_the_page_shows_the_config_as_it_is(name: str) -> None:
    page = (DOCS / f"{name}.md").read_text()
    shipped = (ROOT / "src" / "headrace" / "config" / "recipes" / f"{name}.yml").read_text()
    config = shipped.partition("\n\n")[2]

    assert f"```yaml\n{config}```" in page
    assert f"headrace init --recipe {name}" in page
    assert f"({name}.md)" in (DOCS / "README.md").read_text()


def test_the_names_are_shown() -> None:
    told = run("init", "--recipes")
    assert all(name in told and what in told for name, what in recipes().items())


def test_a_name_that_is_none(tmp_path: Path) -> None:
    done = headrace("init", "--recipe", "o-data", str(tmp_path / "api.yml"))
    assert done.returncode == 2
    assert "there is no recipe `o-data`; did you mean `odata`?" in done.stderr
    assert not list(tmp_path.iterdir())


def run(*arguments: str) -> str:
    done = headrace(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def shown(asked: Asked) -> str:
    """A request in a line: what differs in the body of a search, and other bodies whole."""
    line = re.sub(r"job\d+", "job#", f"{asked.method} {asked.target}")
    if not asked.body:
        return line
    body = json.loads(asked.body)
    if "variables" in body:
        return f"{line} {json.dumps(body['variables'])}"
    if "query" in body:
        after = f" after {json.dumps(body['search_after'])}" if "search_after" in body else ""
        return f"{line} {json.dumps(body['query']['range']['at'])}{after}"
    return f"{line} {json.dumps(body)}"


def loaded(folder: Path, truth: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """What the tables hold of the columns that the truth has, with times as they are sent."""
    release_databases()
    (file,) = folder.glob("*.duckdb")
    found: dict[str, list[Mapping[str, Any]]] = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        for table, rows in truth.items():
            names = sorted({name for each in rows for name in each})
            columns = ", ".join(f'"{name}"' for name in names)
            (schema,) = connection.execute(
                "SELECT schema_name FROM duckdb_tables() WHERE table_name = ? "
                "AND NOT ends_with(schema_name, '_staging')",
                [table],
            ).fetchone() or ("",)
            connection.execute("SET TimeZone = 'UTC'")
            kept = connection.execute(f"SELECT {columns} FROM {schema}.{table}")
            found[table] = [
                dict(zip(names, map(_as_sent, values), strict=True)) for values in kept.fetchall()
            ]
    return found


def _as_sent(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def in_order(tables: Mapping[str, Rows]) -> dict[str, list[str]]:
    """The rows of each table as texts, which have an order of their own."""
    return {
        table: sorted(repr(sorted(each.items())) for each in rows) for table, rows in tables.items()
    }
