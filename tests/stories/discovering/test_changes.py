"""What has changed, and what belongs to a row, is asked for as the API's answers allow."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

import headrace
from headrace.config import load_config
from tests.stories.discovering.issues import IssuesApi, at
from tests.support.command_line import headrace as command
from tests.support.servers import JsonServer


def test_a_filter_by_the_time_of_change_is_found_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with JsonServer() as server:
        api = IssuesApi(server.base_url)
        server.handler = api.answer
        made = command("init", f"{server.base_url}/issues")
        first = command("run", "headrace.yml")
        api.issues[4]["title"] = "another title"
        api.issues[4]["updated_at"] = at(900)
        before = len(server.asked)
        second = command("run", "headrace.yml")

    assert (made.returncode, first.returncode, second.returncode) == (0, 0, 0), made.stdout
    endpoint = yaml.safe_load((tmp_path / "headrace.yml").read_text())["resources"][0]["endpoint"]
    assert endpoint["incremental"] == {"cursor_path": "updated_at", "start_param": "since"}
    assert [asked.query.get("since") for asked in server.asked[before:]] == [at(590)]
    with duckdb.connect("issues.duckdb", read_only=True) as connection:
        found = connection.execute("select number, title from issues_dataset.issues").fetchall()
    assert sorted(found) == sorted((each["number"], each["title"]) for each in api.issues)


def test_the_listings_of_each_row_are_offered() -> None:
    with JsonServer() as server:
        api = IssuesApi(server.base_url)
        server.handler = api.answer
        found = headrace.discover(f"{server.base_url}/issues")

    (offered,) = [each for each in found.evidence if each.path == "resources.comments"]
    assert offered.verdict == "offered"
    assert "# - name: comments" in found.text
    # As it is when the marks of the comment are taken away.
    lines = found.text.splitlines()
    at_line = lines.index("  # - name: comments")
    rest = [line.replace("# ", "", 1) for line in lines[at_line:] if line.startswith("  #")]
    taken = yaml.safe_load("\n".join([*lines[: at_line - 2], *rest]))
    assert taken["resources"][1]["endpoint"]["path"] == "issues/{resources.issues.number}/comments"
    taken["resources"][1]["endpoint"]["paginator"] = "single_page"
    load_config(taken)
