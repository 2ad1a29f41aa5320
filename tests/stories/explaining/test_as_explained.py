"""A server sees what was explained before: configs of all kinds, and the connector."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from headrace import explain, rest_api_source
from headrace.simulator import Pace, Simulator, World
from tests.stories.against_dlt.parity.api import answer
from tests.stories.against_dlt.parity.case import BY_CASE, bundle, slug
from tests.stories.against_dlt.parity.cases import TOGETHER
from tests.support.command_line import headrace
from tests.support.explained import is_as_explained, pattern_of
from tests.support.project import ROOT
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

_MOST_UNSAID = 0.2


def test_listings_of_all_kinds(server: JsonServer, warehouse: Warehouse) -> None:
    server.handler = answer
    cases = [case for group in TOGETHER.values() for case in group if case.runs == 1]
    document = bundle(cases).config(server.base_url)
    told = explain(document)
    assert not server.asked

    warehouse.pipeline().extract(rest_api_source(document))
    seen = by_case(server.asked)

    unsaid = 0
    for resource in told.resources:
        asked_for = seen[resource.name]
        pages = [each for each in resource.requests if each.when.startswith("page")]
        unsaid += len(pages) < 2 <= len(asked_for)
        for page, asked in zip(pages, asked_for, strict=False):
            assert is_as_explained(page, asked), (resource.name, page.url, asked.target, asked.body)
    assert len(told.resources) == len({slug(case.name) for case in cases}) > 50
    # How a listing goes on that is guessed is not known before.
    assert unsaid < _MOST_UNSAID * len(told.resources)


def test_the_next_sync(server: JsonServer, warehouse: Warehouse) -> None:
    server.handler = answer
    cases = [case for group in TOGETHER.values() for case in group if case.runs > 1]
    document = bundle(cases).config(server.base_url)
    told = explain(document)
    assert len(told.resources) >= 5

    for run in range(2):
        server.asked.clear()
        warehouse.pipeline().run(rest_api_source(document))
        seen = by_case(server.asked)
        for resource in told.resources:
            expected = [each for each in resource.requests if each.when == "page 1"]
            later = [each for each in resource.requests if each.when == "next sync"]
            (wanted, *_) = (later or expected) if run else expected
            first = seen[resource.name][0]
            assert is_as_explained(wanted, first), (resource.name, wanted.url, first.target)


def by_case(asked: Iterable[Asked]) -> dict[str, list[Asked]]:
    """The requests by the name of the case that they are of."""
    seen: dict[str, list[Asked]] = defaultdict(list)
    for each in asked:
        seen[each.headers.get(BY_CASE, "")].append(each)
    return seen


def test_pages_at_once(server: JsonServer, warehouse: Warehouse) -> None:
    rows = [{"id": number} for number in range(95)]

    def page(asked: Asked) -> Answer:
        first, size = int(asked.query["offset"]), int(asked.query["limit"])
        return Answer({"data": rows[first : first + size], "total": len(rows)})

    server.handler = page
    document = {
        "client": {"base_url": server.base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "endpoint": {
                    "paginator": {"type": "offset", "limit": 10},
                    "lanes": {"by": "pages"},
                },
            }
        ],
    }
    (told,) = explain(document).resources
    warehouse.pipeline().extract(rest_api_source(document))
    for each in told.requests:
        assert any(is_as_explained(each, asked) for asked in server.asked), each.url


def test_the_page_shows_what_is_said(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "first-config.md").read_text()
    (tmp_path / "shop.yml").write_text(page.split("```yaml\n")[1].split("```")[0])
    shown = page.split("## What a config will do")[1].split("```")[1].strip()

    done = headrace("explain", str(tmp_path / "shop.yml"))
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert all(line == line.rstrip() for line in done.stdout.splitlines())
    assert headrace("explain", str(tmp_path / "none.yml")).returncode == 2


@pytest.mark.parametrize("resource", ["executions", "workflows"])
def test_the_connector(
    resource: str, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("API_KEY", raising=False)
    with Simulator(world=World(rows=600, pace=Pace.still(), like="2.41"), api_key="any") as api:
        root = api.base_url
        base_url = f"client.base_url={api.base_url}"
        command = ("explain", "executions", "--resource", resource, "--set", base_url, "--json")
        done = headrace(*command)
        assert done.returncode == 0, done.stderr
        assert not api.requests
        told = json.loads(done.stdout)["resources"][0]["requests"]

        lines = [f"{each['method']} {each['url'].removeprefix(root)}" for each in told]
        assert len(lines) >= 3

        monkeypatch.setenv("API_KEY", "any")
        # Later syncs begin alike: the hidden rows, then the top of the listing.
        for count in (len(lines), 2 if resource == "executions" else 1):
            api.requests.clear()
            done = headrace(
                *("run", "executions", "--resource", resource, "--set", base_url),
                *("--destination", warehouse.url),
            )
            assert done.returncode == 0, done.stderr
            seen = [
                f"GET {each.path}?{'&'.join(f'{k}={v}' for k, v in each.query.items())}"
                for each in api.requests
            ]
            for line, asked in zip(lines[:count], seen, strict=False):
                assert pattern_of(line).fullmatch(asked), (line, asked)
