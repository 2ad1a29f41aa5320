"""Generated answers: every table comes out as from dlt's own source, column by column.

Each example loads a few listings at once, in two loads one after the other. More of them:

    HEADRACE_EXAMPLES=200 scripts/test tests/stories/against_dlt/test_differential.py
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import rest_api_source
from tests.stories.against_dlt.generated_listings import (
    KEYS,
    LISTINGS,
    SCALARS,
    Load,
    config_of,
    few_unless_asked,
    loaded_in_turn,
)
from tests.stories.against_dlt.test_same_as_dlt import contents
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

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


LISTING = st.builds(
    begun_with,
    NOTHING_YET,
    st.lists(ROWS | MIXED, min_size=1, max_size=3),
    on_a_page=st.booleans(),
)


@few_unless_asked
@given(st.lists(st.lists(LISTING, min_size=LISTINGS, max_size=LISTINGS), min_size=1, max_size=2))
def test_generated_listings_come_out_as_from_dlt(server: JsonServer, loads: list[Load]) -> None:
    config = config_of(server)

    def load_ours(warehouse: Warehouse) -> None:
        warehouse.pipeline("ours").run(rest_api_source(config))

    for warehouse, load in loaded_in_turn(server, config, loads, load_ours):
        theirs, ours = contents(warehouse, "theirs_data"), contents(warehouse, "ours_data")
        assert "_headrace_quarantine" not in ours, (ours["_headrace_quarantine"], load)
        for table in sorted({*theirs, *ours}):
            root = table.split("__")[0]
            served = load[int(root.rsplit("_", 1)[1])]
            assert ours.get(table) == theirs.get(table), f"{table} of {served}"
