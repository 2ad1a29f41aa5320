"""A pipeline whose database has a relative path, in another folder than the one it first ran in."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.command_line import headrace
from tests.support.kept_databases import release_databases
from tests.support.servers import JsonServer


@pytest.fixture
def folders(server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders: the pipeline `shop` has run in the first, and this is the second."""
    items = {"name": "items", "primary_key": "id", "write_disposition": "merge"}
    config: dict[str, Any] = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [items],
        "pipeline": {"name": "shop"},
    }
    (tmp_path / "shop.json").write_text(json.dumps(config))
    server.answers([{"id": 1}, {"id": 2}])
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        if name == "first":
            assert "Note: " not in run()
    return tmp_path


def run(*options: str, code: int = 0) -> str:
    ran = headrace("run", "../shop.json", *options)
    assert ran.returncode == code, ran.stderr
    return ran.stdout + ran.stderr


def ids_in(file: Path) -> list[int]:
    with duckdb.connect(str(file)) as connection:
        found = connection.execute("SELECT id FROM shop_dataset.items ORDER BY id").fetchall()
    return [number for (number,) in found]


def lose_first(folders: Path) -> None:
    release_databases()
    shutil.move(folders / "first" / "shop.duckdb", folders / "moved.duckdb")
    shutil.rmtree(folders / "first")


def test_a_run_says_where_the_rows_go(folders: Path, server: JsonServer) -> None:
    server.answers([{"id": 3}])
    file = folders / "first" / "shop.duckdb"
    told = run()
    assert told.count(f"Note: the rows go to {file}, and not into this folder") == 1
    assert f"first ran in {folders / 'first'}" in told
    assert ids_in(file) == [1, 2, 3]
    assert not list((folders / "second").iterdir())
    # And all other commands look where the rows are.
    assert f"{file}" in headrace("status", "../shop.json").stdout
    assert headrace("verify", "../shop.json").returncode == 0


@pytest.mark.parametrize("written", ["duckdb:///mine.duckdb", "duckdb:///data/mine.duckdb"])
def test_a_relative_path_that_is_given_counts_from_the_first_folder_as_well(
    folders: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    (folders / "first" / "data").mkdir()
    given = ("--set", "pipeline.name=mine", "--destination", written)
    monkeypatch.chdir(folders / "first")
    run(*given)
    monkeypatch.chdir(folders / "second")
    file = folders / "first" / written.removeprefix("duckdb:///")
    assert f"Note: the rows go to {file}" in run(*given)
    assert str(file) in headrace("status", "../shop.json", *given).stdout


def test_a_file_that_is_meant_is_no_surprise(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folders / "first" / "shop.duckdb"
    assert "Note: " not in run("--destination", f"duckdb:///{file}")
    monkeypatch.chdir(folders)
    ran = headrace("run", "shop.json")
    assert (ran.returncode, ran.stdout.count("Note: ")) == (0, 0)


def test_a_folder_that_is_gone_is_named(folders: Path) -> None:
    lose_first(folders)
    told = run(code=1)
    assert f"cannot be opened: the folder {folders / 'first'} is not there any more" in told
    assert str(Path(os.environ["DLT_DATA_DIR"]) / "pipelines" / "shop") in told
    assert "IO Error" not in told


@pytest.mark.parametrize("command", ["status", "verify", "report"])
def test_all_commands_say_the_same_of_a_folder_that_is_gone(folders: Path, command: str) -> None:
    lose_first(folders)
    told = run(code=1)
    said = headrace(command, "../shop.json")
    assert said.returncode == 1
    assert said.stderr == told.partition("Error: ")[1] + told.partition("Error: ")[2]
    assert "Never run" not in said.stdout


def test_status_names_the_moved_file_by_its_whole_path(folders: Path) -> None:
    lose_first(folders)
    moved = f"duckdb:///{folders / 'moved.duckdb'}"
    assert moved in headrace("status", "../shop.json", "--destination", moved).stdout


def test_the_moved_file_by_its_whole_path_keeps_its_rows(folders: Path, server: JsonServer) -> None:
    lose_first(folders)
    server.answers([{"id": 3}])
    run("--destination", f"duckdb:///{folders / 'moved.duckdb'}")
    assert ids_in(folders / "moved.duckdb") == [1, 2, 3]


@pytest.mark.parametrize("way", ["another name", "without what dlt knows"])
def test_a_new_file_in_this_folder(way: str, folders: Path) -> None:
    lose_first(folders)
    if way == "another name":
        run("--set", "pipeline.name=other", "--dataset", "shop_dataset")
        assert ids_in(folders / "second" / "other.duckdb") == [1, 2]
    else:
        shutil.rmtree(Path(os.environ["DLT_DATA_DIR"]) / "pipelines" / "shop")
        assert "Note: " not in run()
        assert ids_in(folders / "second" / "shop.duckdb") == [1, 2]
