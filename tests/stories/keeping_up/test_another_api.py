"""A table mirrors one API: another one is not mixed into it, and one that has moved goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headrace import ConfigError, SyncReport, rest_api_source, sync
from headrace.dlt_source.mirrored_api import api_of
from tests.stories.keeping_up.kept_listing import KeptListing
from tests.support.tables import Warehouse

TEST, PRODUCTION = "http://test.example.com/v1", "http://api.example.com/v1"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptListing]:
    """An API that answers for every host, as a proxy does."""
    with KeptListing() as running:
        running.put(*({"id": number} for number in range(1, 11)))
        monkeypatch.setenv("http_proxy", running.base_url)
        running.also_answer("/v1/executions", {"data": [{"id": 2}, {"id": 1}], "next": None})
        yield running


def loaded(api: KeptListing, warehouse: Warehouse, base_url: str, **settings: Any) -> SyncReport:
    config = api.config()
    config["client"] = {"base_url": base_url, **settings.pop("client", {})}
    config["resources"][0] |= settings.pop("resource", {})
    return sync(warehouse.pipeline(), rest_api_source(config), **settings)


def test_another_api_is_refused_before_it_is_asked(api: KeptListing, warehouse: Warehouse) -> None:
    loaded(api, warehouse, TEST)
    api.forget_requests()

    with pytest.raises(ConfigError) as caught:
        loaded(api, warehouse, PRODUCTION)

    assert not api.asked
    told = str(caught.value)
    for each in ("test.example.com", "api.example.com", "pipeline.name", "client.moved_from"):
        assert each in told
    assert loaded(api, warehouse, TEST).is_complete


def test_plain_runs_of_dlt_do_not_mix_them_either(api: KeptListing, warehouse: Warehouse) -> None:
    config = api.config()
    config["client"] = {"base_url": TEST}
    warehouse.pipeline().run(rest_api_source(config))
    config["client"] = {"base_url": PRODUCTION}

    with pytest.raises(Exception, match=r"two APIs would be mixed"):
        warehouse.pipeline().run(rest_api_source(config))


def test_an_api_that_has_moved(api: KeptListing, warehouse: Warehouse) -> None:
    loaded(api, warehouse, TEST)

    loaded(api, warehouse, PRODUCTION, client={"moved_from": ["test.example.com"]})

    assert loaded(api, warehouse, PRODUCTION).is_complete


def test_a_full_refresh_takes_the_other_api(api: KeptListing, warehouse: Warehouse) -> None:
    loaded(api, warehouse, TEST)

    assert loaded(api, warehouse, PRODUCTION, full_refresh=True).is_complete


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://h.example.com/v1", "https://H.example.com./v2", True),
        ("https://user:secret@h.example.com", "https://h.example.com:443", True),
        ("http://127.0.0.1:8080", "http://localhost:5678", True),
        ("http://[::1]:8080", "http://127.0.0.2", True),
        ("https://h.example.com", "https://h.example.com:8443", False),
        ("http://127.0.0.1:8080", "https://h.example.com", False),
    ],
)
def test_which_addresses_are_one_api(one: str, other: str, same: bool) -> None:
    assert (api_of(one) == api_of(other)) is same
    assert "secret" not in api_of(one)
