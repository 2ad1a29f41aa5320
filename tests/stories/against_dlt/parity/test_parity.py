"""Each config gives with Headrace what it gives with dlt's own source.

The same tables, for the same requests; or an error, as early.
"""

from __future__ import annotations

import gc
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from tests.stories.against_dlt.parity.api import answer
from tests.stories.against_dlt.parity.case import BY_CASE, Case, bundle, slug
from tests.stories.against_dlt.parity.cases import APART, CASES, TOGETHER
from tests.stories.against_dlt.parity.format import PAGE, untried, with_table
from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.support.servers import Asked, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

_SAME_HEADERS = ("Authorization", "Cookie", "Content-Type")
_WELL, _AT_ONCE, _LATER = "well", "an error when it is made", "an error when it runs"

Requests = dict[str, list[Any]]


@pytest.mark.parametrize("case", APART, ids=lambda case: case.name)
def test_all_is_as_with_dlt(case: Case, server: JsonServer, warehouse: Warehouse) -> None:
    theirs, ours = outcomes(case, server, warehouse)
    assert ours[0] == theirs[0]
    # Of what fails on the way it is the error that counts: pages are fetched ahead.
    if ours[0] != _LATER:
        assert ours[1] == theirs[1]
    if warehouse.file.exists():
        assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


@pytest.mark.parametrize("cases", TOGETHER.values(), ids=TOGETHER.keys())
def test_many_at_once_are_as_with_dlt(
    cases: list[Case], server: JsonServer, warehouse: Warehouse
) -> None:
    theirs, ours = outcomes(bundle(cases), server, warehouse)
    assert (ours[0], theirs[0]) == (_WELL, _WELL)
    tables = {name: contents(warehouse, f"{name}_data") for name in MAKERS}
    for case in cases:
        assert ours[1][slug(case.name)] == theirs[1][slug(case.name)], case.name
        table = slug(case.name)
        assert tables["ours"].get(table) == tables["theirs"].get(table), case.name
    assert tables["ours"] == tables["theirs"]


def outcomes(
    case: Case, server: JsonServer, warehouse: Warehouse
) -> tuple[tuple[str, Requests], tuple[str, Requests]]:
    """How it ends with dlt's own source, and how with ours."""
    server.handler = answer
    theirs, ours = (
        outcome(case, name, make_source, server, warehouse) for name, make_source in MAKERS.items()
    )
    return theirs, ours


def outcome(
    case: Case,
    name: str,
    make_source: Callable[[Any], Any],
    server: JsonServer,
    warehouse: Warehouse,
) -> tuple[str, Requests]:
    """How it ended, and the requests that were made."""
    server.asked.clear()
    for _ in range(case.runs):
        try:
            source = make_source(case.config(server.base_url))
        except Exception:
            return _AT_ONCE, {}
        pipeline = warehouse.pipeline(name)
        try:
            pipeline.run(source)
        except Exception:
            pipeline.drop_pending_packages()
            leave_nothing_open()
            return _LATER, {}
    return _WELL, requests(server.asked, is_concurrent=case.is_concurrent)


def leave_nothing_open() -> None:
    """Closes the connections that a failure of dlt's own source has left to the collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def requests(all_asked: list[Asked], *, is_concurrent: bool) -> Requests:
    """What was asked for, in order; that of several listings apart, as theirs is no order."""
    told: Requests = defaultdict(list)
    for asked in all_asked:
        own = {
            name: value
            for name, value in asked.headers.items()
            if name in _SAME_HEADERS or name.startswith("X-")
        }
        listing = asked.headers.get(BY_CASE) or asked.path.strip("/").split("/")[0]
        query = sorted(asked.query.items())
        told[listing].append((asked.method, asked.path, query, asked.body, sorted(own.items())))
    if is_concurrent:
        told = {listing: sorted(each, key=repr) for listing, each in told.items()}
    return told


def test_there_is_a_config_for_each_key_of_dlts_format() -> None:
    assert untried() == []
    assert len(CASES) >= 80


def test_the_documentation_shows_what_is_tried() -> None:
    assert PAGE.read_text() == with_table(PAGE.read_text()), (
        "run python -m tests.stories.against_dlt.parity.format"
    )
