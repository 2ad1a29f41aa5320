"""Switches of a file are sent as it writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace.config import ResourceConfig, load_config, parse_config
from headrace.config.files.switches import with_switches_as_written

FILE = """
client: {base_url: https://api.example.com}
resource_defaults: {endpoint: {params: {all: true, tags: [a, false]}}}
resources:
  - name: items
    endpoint: {path: items, params: {full: True, page_size: 5, odd: "True"}, json: {full: true}}
"""


def params_of(loaded: Any) -> dict[str, Any]:
    params: dict[str, Any] = loaded.resources[0].endpoint.params
    return params


def test_a_switch_among_the_parameters_of_a_file_is_written_as_in_json(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(FILE)
    loaded = load_config(path)
    assert params_of(loaded) == {
        "all": "true",
        "tags": ["a", "false"],
        "full": "true",
        "page_size": 5,
        "odd": "True",
    }
    resource = loaded.resources[0]
    assert isinstance(resource, ResourceConfig)
    assert resource.endpoint.json == {"full": True}
    overridden = load_config(path, ["resources[0].endpoint.params.full=false"])
    assert params_of(overridden)["full"] == "false"


def test_a_switch_in_python_is_left_to_python() -> None:
    document = {
        "client": {"base_url": "https://api.example.com"},
        "resources": [{"name": "items", "endpoint": {"params": {"full": True}}}],
    }
    assert params_of(parse_config(document)) == {"full": True}


@pytest.mark.parametrize(
    "document",
    [{}, {"resources": 3}, {"resources": [None, "x", {"endpoint": {"params": True}}]}],
)
def test_a_document_that_is_wrong_stays_as_it_is(document: Any) -> None:
    assert with_switches_as_written(document) == document
