"""Text that looks like a number ends as it was written, from a file and from `--set`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.config import ApiKeyAuthConfig, ResourceConfig, load_config, read_document
from headrace.core.exceptions import ConfigError

CONFIG = """\
client:
  base_url: https://api.example.com
  paginator: single_page
  auth: {{type: api_key, name: X-API-KEY, api_key: {0}}}
pipeline: {{name: {0}}}
resources:
  - name: {0}
    table_name: {0}
    endpoint: {{path: {0}, headers: {{X: {0}}}, params: {{p: {0}}}}}
  - {0}1
"""
LOOK_LIKE_NUMBERS = [
    *("0123", "1_000", "12:30", "0x1F", "0o17", "1e3", "123", "123.50", "1.5", "+5", "-7"),
    *("yes", "no", "on", "off", "true", "false", "y", "1.2.3", "2024-01-01", "=", "007.5"),
    *("123456789012345678901234567890", "12e999"),
]


def texts_of(path: Path, *overrides: str) -> list[Any]:
    config = load_config(path, overrides)
    resource, second = config.resources
    assert isinstance(config.client.auth, ApiKeyAuthConfig)
    assert isinstance(resource, ResourceConfig)
    assert config.pipeline is not None
    return [
        config.client.auth.api_key.get_secret_value(),
        config.pipeline.name,
        resource.name,
        resource.hints["table_name"],
        resource.endpoint.path,
        resource.endpoint.headers["X"],
        second.name[:-1],
    ]


@pytest.mark.parametrize("text", LOOK_LIKE_NUMBERS)
def test_where_text_is_wanted_a_file_gives_it_as_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(CONFIG.format(text))

    assert texts_of(tmp_path / "a.yml") == [text] * 7


@pytest.mark.parametrize("text", [*LOOK_LIKE_NUMBERS, "&abc", "# x", "a: b", "*a", "x #y", "@"])
def test_where_text_is_wanted_set_gives_it_as_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(CONFIG.format("x"))
    keys = ["client.auth.api_key", "pipeline.name", "resources.0.table_name"]
    keys += ["resources.0.endpoint.path", "resources.0.endpoint.headers.X"]

    found = texts_of(tmp_path / "a.yml", *(f"{key}={text}" for key in keys))
    assert [found[place] for place in (0, 1, 3, 4, 5)] == [text] * 5


@pytest.mark.parametrize("text", ["0123", "1_000", "12:30", "123.50", "1e3", "5", "yes"])
def test_a_param_goes_out_as_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(CONFIG.format(text))
    resource = load_config(tmp_path / "a.yml").resources[0]
    assert isinstance(resource, ResourceConfig)

    assert str(resource.endpoint.params["p"]) == text


def test_numbers_stay_numbers_where_they_are_wanted(tmp_path: Path) -> None:
    document = "a: [1, -2, 0, 1.5, 1.50, 1e3, true, False, null, ~, '1', .inf]\n"
    (tmp_path / "a.yml").write_text(document)
    read = read_document(tmp_path / "a.yml")["a"]

    assert read == [1, -2, 0, 1.5, 1.5, 1000.0, True, False, None, None, "1", float("inf")]
    assert json.dumps(read[:6]) == "[1, -2, 0, 1.5, 1.5, 1000.0]"
    (tmp_path / "b.yml").write_text(CONFIG.format("x"))
    config = load_config(tmp_path / "b.yml", ["client.timeout=2.50", "client.concurrency=007"])
    assert (config.client.timeout, config.client.concurrency) == (2.5, 7)


def test_json_keeps_a_number_as_written_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 123.50}')

    assert str(read_document(tmp_path / "a.json")["a"]) == "123.50"


def test_null_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(CONFIG.format("x"))

    with pytest.raises(ConfigError, match=r"client\.auth\.api_key: is missing"):
        load_config(tmp_path / "a.yml", ["client.auth.api_key=null"])
    assert texts_of(tmp_path / "a.yml", 'client.auth.api_key="null"')[0] == "null"
