"""`headrace cat`: the rows of a resource on stdout or in a file, in each format."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import headrace
from tests.stories.reading.test_reading import REST, Items
from tests.support.canaries import canary
from tests.support.command_line import headrace as command
from tests.support.servers import Answer, JsonServer

CAT = [sys.executable, "-m", "headrace", "cat"]


@pytest.fixture
def items(server: JsonServer) -> Items:
    items = Items(server)
    Path("items.json").write_text(json.dumps(items.config))
    return items


def written(*arguments: str) -> bytes:
    """What the command writes to stdout."""
    return subprocess.run([*CAT, *arguments], check=True, capture_output=True).stdout


def read(config: Any) -> pa.Table:
    """The same rows from the library."""
    return headrace.read(config).to_reader().read_all()


def test_each_row_is_a_line_of_json(items: Items) -> None:
    lines = [json.loads(line) for line in written("items.json").splitlines()]

    for line, row in zip(lines, items.rows, strict=True):
        at, width = line.pop("at"), line.pop("size__width")
        assert datetime.fromisoformat(at) == datetime.fromisoformat(row["at"])
        assert line == {name: row[name] for name in row if name not in ("at", "size")}
        assert width == row["size"]["width"]


def test_an_arrow_stream_has_what_the_library_reads(items: Items) -> None:
    found = pa.ipc.open_stream(written("items.json", "items", "--format", "arrow")).read_all()

    assert found.equals(read(items.config))


@pytest.mark.parametrize("to_file", [True, False])
def test_a_parquet_file_has_what_the_library_reads(items: Items, to_file: bool) -> None:
    if to_file:
        assert command("cat", "items.json", "--output", "items.parquet").returncode == 0
        found = pa.parquet.read_table("items.parquet")
    else:
        found = pa.parquet.read_table(io.BytesIO(written("items.json", "--format", "parquet")))

    assert found.equals(read(items.config))


def test_a_csv_file_has_what_the_library_reads(items: Items) -> None:
    assert command("cat", "items.json", "-q", "--output", "items.csv").returncode == 0
    schema = read(items.config).schema
    is_list = {each.name: pa.types.is_list(each.type) for each in schema}
    types = {each.name: pa.string() if is_list[each.name] else each.type for each in schema}
    options = pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    found = pa.csv.read_csv("items.csv", convert_options=options).to_pylist()

    for row, expected in zip(found, read(items.config).to_pylist(), strict=True):
        lists = {name: json.loads(row[name]) for name in row if is_list[name]}
        assert {**row, **lists} == expected


def test_exact_numbers_stay_exact(server: JsonServer) -> None:
    server.answers([{"id": 2**53 + 1, "price": 0.1, "odd": {"a": 1}}])
    columns = {
        "price": {"data_type": "decimal", "precision": 20, "scale": 10},
        "odd": {"data_type": "json"},
    }
    client = {"base_url": server.base_url, "paginator": "single_page"}
    document = {"client": client, "resources": [{"name": "items", "columns": columns}]}
    Path("items.json").write_text(json.dumps(document))

    assert (
        written("items.json")
        == b'{"price":0.1000000000,"odd":"{\\"a\\":1}","id":9007199254740993}\n'
    )


def test_a_dash_is_stdout(items: Items) -> None:
    assert written("items.json", "--output", "-") == written("items.json")
    assert not Path("-").exists()


def test_a_limit_and_another_resource(items: Items) -> None:
    ran = command(
        "cat", "items.json", "items", "--limit", "3", "--set", "resources.items.name=rows"
    )

    assert ran.returncode == 2
    assert "there is no resource `items`" in ran.stderr
    assert len(written("items.json", "items", "--limit", "3").splitlines()) == 3


def test_who_takes_no_more_ends_it_quietly(server: JsonServer) -> None:
    items = Items(server, pages=400)
    Path("items.json").write_text(json.dumps(items.config))
    for file_format in ("jsonl", "csv", "arrow"):
        ran = subprocess.Popen(
            [*CAT, "items.json", "--format", file_format],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert ran.stdout is not None
        assert ran.stderr is not None
        ran.stdout.read(10)
        ran.stdout.close()
        told = ran.stderr.read().decode()
        ran.stderr.close()
        assert ran.wait(60) == 0, told
        assert "Error" not in told


def test_no_part_of_a_file_is_left(items: Items) -> None:
    items.broken_page = 2
    Path("items.parquet").write_text("before")
    ran = command("cat", "items.json", "--output", "items.parquet")

    assert ran.returncode == 1
    assert "quota exceeded" in ran.stderr
    assert Path("items.parquet").read_text() == "before"
    assert [each.name for each in Path().iterdir() if "part" in each.suffix] == []


def test_a_place_that_cannot_be_written_is_named(items: Items) -> None:
    ran = command("cat", "items.json", "--output", "nowhere/items.csv")

    assert ran.returncode == 2
    assert "nowhere/items.csv cannot be written" in ran.stderr


def test_rows_set_aside_are_told(server: JsonServer) -> None:
    server.answers([{"id": 1}, 5])
    client = {"base_url": server.base_url, "paginator": "single_page"}
    Path("items.json").write_text(json.dumps({"client": client, "resources": ["items"]}))
    ran = command("cat", "items.json")

    assert ran.stdout == '{"id":1}\n'
    assert "items: not written, as it could not be read: 1 row" in ran.stderr
    assert "no object" in ran.stderr


def test_a_key_is_in_no_error(server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = canary("header")
    monkeypatch.setenv("SHOP_KEY", secret)
    server.handler = lambda asked: Answer({"message": f"no such key {secret}"}, 401)
    auth = {"type": "api_key", "name": "X-Shop", "api_key": "${SHOP_KEY}"}
    config = {"client": {"base_url": server.base_url, "auth": auth}, "resources": ["items"]}
    Path("items.json").write_text(json.dumps(config))
    ran = command("cat", "items.json")

    assert ran.returncode == 1
    assert "401" in ran.stderr
    assert secret not in ran.stdout + ran.stderr


def test_a_screen_gets_no_binary(items: Items) -> None:
    controller, terminal = pty.openpty()
    ran = subprocess.run(
        [*CAT, "items.json", "--format", "parquet"], stdout=terminal, stderr=subprocess.PIPE
    )
    os.close(terminal)
    os.close(controller)

    assert ran.returncode == 2
    assert b"add --output FILE" in ran.stderr


def test_a_screen_is_not_steered_by_a_row(server: JsonServer) -> None:
    server.answers([{"id": 1, "name": "a\u009b2Jb"}])
    client = {"base_url": server.base_url, "paginator": "single_page"}
    Path("items.json").write_text(json.dumps({"client": client, "resources": ["items"]}))
    controller, terminal = pty.openpty()
    subprocess.run([*CAT, "items.json"], stdout=terminal, check=True)
    shown = os.read(controller, 4096).decode()
    os.close(terminal)
    os.close(controller)

    assert "\u009b" not in shown
    assert '"id":1' in shown
    assert REST not in shown


def test_the_help_says_how() -> None:
    told = command("cat", "--help").stdout
    for word in ("--format", "--output", "--limit", "jsonl", "parquet", "stdout", "_headrace_rest"):
        assert word in told
