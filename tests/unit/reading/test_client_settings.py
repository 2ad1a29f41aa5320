"""The settings of the client: those of the config, and dlt's where the config has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from headrace.config import parse_config
from headrace.core.exceptions import ConfigError
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from headrace.http.throttle import RateLimit
from headrace.reading.client_settings import client_settings


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME__REQUEST_MAX_ATTEMPTS")


def settings(**client: Any) -> ClientSettings:
    paginator = {"type": "single_page"}
    document = {
        "client": {"base_url": "https://api.example.com", "paginator": paginator, **client},
        "resources": ["items"],
    }
    return client_settings(parse_config(document))


def test_the_defaults() -> None:
    usual = settings()
    assert usual.retry == RetrySettings()
    assert (usual.timeout, usual.concurrency, usual.rate_limit) == (60, 8, None)
    assert usual.allowed_hosts == ()
    assert usual.max_response_bytes == 256 * 1024 * 1024


def test_each_key_counts() -> None:
    given = settings(
        timeout=5,
        concurrency=2,
        max_response_bytes=1_000,
        rate_limit={"requests": 10, "seconds": 2},
        allowed_hosts=["files.example.com", "h:8443"],
        retry={
            "status_codes": [500],
            "max_attempts": 2,
            "backoff_factor": 0.5,
            "max_delay": 3,
            "respect_retry_after": False,
            "deadline": 7,
        },
    )
    assert (given.timeout, given.concurrency, given.max_response_bytes) == (5, 2, 1_000)
    assert given.rate_limit == RateLimit(10, 2)
    assert given.allowed_hosts == ("files.example.com", "h:8443")
    assert given.retry == RetrySettings(frozenset({500}), 2, 0.5, 3, False, 7, False)


@pytest.fixture
def dlts_settings(tmp_path: Path) -> Iterator[None]:
    """A project with settings of its own, which dlt has read."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        "[runtime]\nrequest_timeout = 12\nrequest_max_attempts = 9\n"
        "request_backoff_factor = 0.25\nrequest_max_retry_delay = 33\n"
    )
    context = Container()[PluggableRunContext]
    context.reload(str(tmp_path))
    yield
    (tmp_path / ".dlt" / "config.toml").unlink()
    context.reload(".")


@pytest.mark.usefixtures("dlts_settings")
def test_dlts_settings_are_the_defaults() -> None:
    usual = settings()
    assert usual.timeout == 12
    assert usual.retry == RetrySettings(max_attempts=9, backoff_factor=0.25, max_delay=33)
    given = settings(timeout=60, retry={"max_attempts": 5, "max_delay": 300})
    assert given.timeout == 60
    assert given.retry == RetrySettings(max_attempts=5, backoff_factor=0.25, max_delay=300)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("request_max_attempts", "0", "a whole number, at least 1"),
        ("request_max_attempts", "many", "a whole number, at least 1"),
        ("request_timeout", "-1", "seconds, at least 0.001"),
        ("request_backoff_factor", "inf", "seconds, at least 0"),
        ("request_max_retry_delay", "nan", "seconds, at least 0"),
    ],
)
def test_a_setting_of_dlt_that_makes_no_sense_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(f"RUNTIME__{name.upper()}", value)
    with pytest.raises(ConfigError, match=f"runtime.{name}: must be {expected}"):
        settings()
