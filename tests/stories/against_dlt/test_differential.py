"""Generated answers: every table comes out as from dlt's own source, column by column.

Each example loads a few listings at once, in two loads one after the other. More of them:

    HEADRACE_EXAMPLES=200 scripts/test tests/stories/against_dlt/test_differential.py
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headrace import rest_api_source
from tests.stories.against_dlt.test_same_as_dlt import contents
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "0"))
LISTINGS = 4

KEYS = st.sampled_from(
    ["a", "b", "A", "fooBar", "foo_bar", "two words", "x-y.z", "a__b", "4you", "ünï", "value", "_p"]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
TIMES = st.sampled_from(
    [
        "2026-11-23T06:34:39.718Z",
        "2026-11-23T06:34:39+02:00",
        "2026-11-23T06:34:39",
        "2026-11-23 06:34:39.123456Z",
        "2026-11-23",
        "06:34:39",
        "20261123T063439Z",
        "2026-W48-1",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(-(2**63), 2**63 - 1)
    # dlt fails, or stores 0, where a larger one comes after an integer.
    | st.floats(-9e18, 9e18)
    | TEXTS
    | TIMES
    | st.integers(-999, 999).map(str)
    | st.sampled_from([1795415679, 1.5, "true", "no", "1.5", "1e3", " 7 ", "0x1f", "null"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(KEYS, VALUES, max_size=5), max_size=6)
# Few names, so that values of several kinds meet in one column.
MIXED = st.lists(st.dictionaries(st.sampled_from(["a", "b", "fooBar"]), SCALARS), max_size=8)
# The first rows have nothing of what types a column: nulls, and fields that are not there.
NOTHING_YET = st.lists(st.dictionaries(KEYS, st.none(), max_size=4), max_size=2)


def begun_with(nothing: list[Any], pages: list[list[Any]], *, on_a_page: bool) -> list[list[Any]]:
    """Pages with rows in front of the first, or on a page of their own."""
    return [nothing, *pages] if on_a_page else [nothing + pages[0], *pages[1:]]


LOAD = st.builds(
    begun_with,
    NOTHING_YET,
    st.lists(ROWS | MIXED, min_size=1, max_size=3),
    on_a_page=st.booleans(),
)


@settings(
    max_examples=EXAMPLES or 4,
    # The same few each time, unless more are asked for.
    derandomize=not EXAMPLES,
    deadline=None,
    # Making an example smaller takes two loads a step: the tables' difference is told instead.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(LOAD, min_size=LISTINGS, max_size=LISTINGS), min_size=1, max_size=2))
def test_generated_listings_come_out_as_from_dlt(
    server: JsonServer, loads: list[list[list[list[dict[str, Any]]]]]
) -> None:
    config = {
        "client": {"base_url": server.base_url},
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [
            {
                "name": f"items_{number}",
                "endpoint": {
                    "data_selector": "data",
                    "paginator": {"type": "cursor", "cursor_path": "next"},
                },
            }
            for number in range(LISTINGS)
        ],
    }
    with TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        for load in loads:
            server.handler = handler(load)
            try:
                warehouse.pipeline("theirs").run(dlt_rest_api_source(config))  # type: ignore[arg-type]
            except PipelineStepFailed:
                # What dlt itself cannot load says nothing of us.
                return
            warehouse.pipeline("ours").run(rest_api_source(config))
            theirs, ours = contents(warehouse, "theirs_data"), contents(warehouse, "ours_data")
            assert "_headrace_quarantine" not in ours, (ours["_headrace_quarantine"], load)
            for table in sorted({*theirs, *ours}):
                root = table.split("__")[0]
                served = load[int(root.rsplit("_", 1)[1])]
                assert ours.get(table) == theirs.get(table), f"{table} of {served}"


def handler(load: list[list[list[dict[str, Any]]]]) -> Any:
    """Serves one listing a resource, its rows numbered."""

    def answer(asked: Asked) -> Answer:
        pages = load[int(asked.path.rsplit("_", 1)[1])]
        number = int(asked.query.get("cursor", 0))
        before = sum(len(page) for page in pages[:number])
        rows = [{"id": before + place, **row} for place, row in enumerate(pages[number])]
        following = str(number + 1) if number + 1 < len(pages) else None
        return Answer({"data": rows, "next": following})

    return answer
