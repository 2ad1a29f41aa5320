"""`${NAME}` and where its value comes from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from headrace.config import (
    ApiKeyAuthConfig,
    ResourceConfig,
    load_config,
    substitute_secrets,
)
from headrace.core.exceptions import ConfigError

from .documents import CANARY, GUIDE_YAML, small

SECRETS = """\
api_key = "from secrets"
Mixed_Case = "mixed"
[sources.shop]
port = 5
on = true
"""
SETTINGS = 'api_key = "from settings"\nplain = "from settings"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own, of which dlt reads the settings afresh."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "home"))
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text(SECRETS)
    (tmp_path / ".dlt" / "config.toml").write_text(SETTINGS)
    context = Container()[PluggableRunContext]
    context.reload(str(tmp_path))
    yield tmp_path
    monkeypatch.undo()
    context.reload(".")


def test_texts_are_replaced_wherever_they_stand() -> None:
    document = {
        "whole": "${A}",
        "part": ["x ${A}/${B} y", {"deep": "${B}"}],
        "literal": "$${A} $ {A} $A",
        "number": 3,
    }
    changed, values, faults = substitute_secrets(document, {"A": "1", "B": "${A}"}.get)
    assert faults == []
    assert changed == {
        "whole": "1",
        "part": ["x 1/${A} y", {"deep": "${A}"}],
        "literal": "${A} $ {A} $A",
        "number": 3,
    }
    assert document["whole"] == "${A}"
    assert values.values == {"1", "${A}"}
    assert "1" not in repr(values)


@pytest.mark.usefixtures("project")
def test_the_places_are_those_of_dlt_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def value_of(name: str) -> object:
        return substitute_secrets({"x": f"${{{name}}}"})[0]["x"]

    assert value_of("API_KEY") == value_of("api_key") == dlt.secrets["api_key"] == "from secrets"
    assert value_of("PLAIN") == "from settings"
    assert value_of("Mixed_Case") == "mixed"
    assert value_of("SOURCES__SHOP__PORT") == value_of("sources.shop.port") == "5"
    assert value_of("sources.shop.on") == "true"
    monkeypatch.setenv("API_KEY", "from the environment")
    monkeypatch.setenv("SOURCES__SHOP__PORT", "6")
    assert value_of("API_KEY") == value_of("api_key") == dlt.secrets["api_key"]
    assert value_of("api_key") == "from the environment"
    assert value_of("sources.shop.port") == "6"


def test_all_that_is_missing_is_told_with_the_places(project: Path) -> None:
    document = {"a": ["${NO_A}", {"b": "${NO_B} ${API_KEY} ${NO_A}"}], "c": "${no good}"}
    changed, values, faults = substitute_secrets(document)
    assert changed == {**document, "a": ["${NO_A}", {"b": "${NO_B} from secrets ${NO_A}"}]}
    assert [fault.path for fault in faults] == ["a[0]", "a[1].b", "a[1].b", "c"]
    message = faults[0].message
    places = ["${NO_A}", "`NO_A`", "`no_a` in ", "secrets.toml", "config.toml"]
    assert [place in message for place in places] == [True] * 5
    assert message.index("environment") < message.index("secrets.toml")
    assert message.index("secrets.toml") < message.index("config.toml")
    assert str(project) in message or "./.dlt" in message
    assert "must hold a name" in faults[3].message
    assert values.appear_in("from secrets")
    assert not any("from secrets" in fault.message for fault in faults)


def test_missing_secrets_are_told_together_with_all_else() -> None:
    document = {
        **small({"methud": "GET", "paginator": "single_page"}),
        "client": {"base_url": "${NO_URL}", "timeout": "${NO_TIME}", "concurrency": "many"},
    }
    with pytest.raises(ConfigError) as caught:
        load_config(document, lookup=lambda name: None)
    assert [fault.path for fault in caught.value.faults] == [
        "client.base_url",
        "client.timeout",
        "client.concurrency",
        "resources[0].endpoint.methud",
    ]


def test_settings_that_are_not_toml(tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text(f'api_key = "{CANARY}')
    # A process of its own: dlt reads the file when it is first asked.
    code = "import headrace.config as c; c.substitute_secrets({'a': '${NO_A}'})"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "ConfigError" in ran.stderr
    assert "dlt cannot read secrets.toml" in ran.stderr
    assert CANARY not in ran.stderr


def test_from_a_file_to_a_config(tmp_path: Path) -> None:
    (tmp_path / "guide.yml").write_text(GUIDE_YAML)
    config = load_config(
        tmp_path / "guide.yml",
        ["client.base_url=http://localhost:${PORT}", "client.concurrency=${PORT}"],
        {"API_KEY": CANARY, "PORT": "80"}.get,
    )
    assert config.client.base_url == "http://localhost:80"
    assert config.client.concurrency == 80
    (executions,) = config.resources
    assert isinstance(executions, ResourceConfig)
    assert isinstance(executions.endpoint.auth, ApiKeyAuthConfig)
    assert executions.endpoint.auth.api_key.get_secret_value() == CANARY
