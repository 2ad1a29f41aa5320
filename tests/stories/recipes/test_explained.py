"""What is explained of each recipe is what its server is asked, and nothing is asked for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headrace import ExplainedRequest, explain
from tests.support.explained import pattern_of, target_of
from tests.support.project import ROOT
from tests.support.servers import Asked, JsonServer

from .style import Style
from .test_recipes import STYLES, shown

_BY_WINDOWS = "windows"


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_the_requests_are_those_that_are_explained(style: type[Style], server: JsonServer) -> None:
    api = style(server)
    recipe = ROOT / "src" / "headrace" / "config" / "recipes" / f"{style.name}.yml"
    told = explain(recipe, [f"client.base_url={server.base_url}{base_path(recipe.read_text())}"])

    assert not server.asked
    first, later = list(api.first), list(api.second)
    for resource in told.resources:
        pages = [each for each in resource.requests if each.when.startswith("page")]
        start = next(n for n, line in enumerate(first) if is_like(pages[0], line))
        if len(told.resources) == 1 and style.name != _BY_WINDOWS:
            # The last page may have no next one.
            assert all(map(is_like, pages, first[start:]))
        following = [each for each in resource.requests if each.when == "next sync"]
        if style.name != _BY_WINDOWS:
            assert any(is_like((following or pages)[0], line) for line in later)


def base_path(config: str) -> str:
    line = next(each for each in config.splitlines() if "base_url:" in each)
    return line.split("#")[0].strip().removeprefix("base_url: https://api.example.com")


def is_like(request: ExplainedRequest, line: str) -> bool:
    """Whether a request that was explained is one in a line as the recipes' tests show it."""
    body = (request.body or "").encode()
    asked = Asked(request.method, "", {}, {}, body, target_of(request))
    return bool(pattern_of(shown(replace(asked))).fullmatch(line))
