"""Generated listings, loaded in turn with dlt's own source and with ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

# What one load serves: for each listing its pages of rows.
Load = list[list[list[dict[str, Any]]]]

LISTINGS = 4
_EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "0"))

few_unless_asked = settings(
    max_examples=_EXAMPLES or 4,
    # The same few each time, unless more are asked for.
    derandomize=not _EXAMPLES,
    deadline=None,
    # Making an example smaller takes two loads a step: the tables' difference is told instead.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

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


def config_of(server: JsonServer, **defaults: Any) -> Any:
    """A config that merges each of the listings.

    Args:
        server: What serves them.
        defaults: Further hints for all of them.
    """
    return {
        "client": {"base_url": server.base_url},
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge", **defaults},
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


def loaded_in_turn(
    server: JsonServer,
    config: Any,
    loads: Iterable[Load],
    load_ours: Callable[[Warehouse], object],
) -> Iterator[tuple[Warehouse, Load]]:
    """Loads what is served with both, dlt's own into `theirs_data`, and ends where dlt fails.

    Args:
        server: What serves the listings.
        config: The config of both.
        loads: What is served, one after the other.
        load_ours: Loads it with ours.

    Yields:
        Where both were loaded into, and what was served.
    """
    with TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        for load in loads:
            server.handler = _handler(load)
            try:
                warehouse.pipeline("theirs").run(dlt_rest_api_source(config))
            except PipelineStepFailed:
                # What dlt itself cannot load says nothing of us.
                return
            load_ours(warehouse)
            yield warehouse, load


def _handler(load: Load) -> Any:
    """Serves one listing a resource, its rows numbered."""

    def answer(asked: Asked) -> Answer:
        pages = load[int(asked.path.rsplit("_", 1)[1])]
        number = int(asked.query.get("cursor", 0))
        before = sum(len(page) for page in pages[:number])
        rows = [{"id": before + place, **row} for place, row in enumerate(pages[number])]
        following = str(number + 1) if number + 1 < len(pages) else None
        return Answer({"data": rows, "next": following})

    return answer
