"""Whatever the rows look like, the tables come out as from dlt's own source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest
from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source

from headrace import rest_api_source
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

Row = dict[str, Any]

LISTINGS: dict[str, list[list[Row]]] = {
    "scalars of each kind": [
        [
            {"id": 1, "text": "a", "whole": 7, "fraction": 0.5, "flag": True, "none": None},
            {"id": 2, "text": "", "whole": -7, "fraction": 1e300, "flag": False, "none": None},
        ]
    ],
    "a field that comes late": [[{"id": 1}, {"id": 2, "late": "x"}], [{"id": 3, "later": 4}]],
    "null first, then a value": [[{"id": 1, "a": None}], [{"id": 2, "a": 1.5}, {"id": 3}]],
    "whole numbers, then a fraction": [[{"id": 1, "n": 1}, {"id": 2, "n": 2.5}, {"id": 3, "n": 3}]],
    "a fraction, then whole numbers": [[{"id": 1, "n": 2.5}, {"id": 2, "n": 3}]],
    "whole numbers written with a point": [[{"id": 1, "n": 1}, {"id": 2, "n": 2.0}]],
    "a number, then text": [[{"id": 1, "n": 1}, {"id": 2, "n": "two"}], [{"id": 3, "n": "3"}]],
    "text, then other kinds": [
        [{"id": 1, "t": "a"}, {"id": 2, "t": 12}, {"id": 3, "t": 1.5}, {"id": 4, "t": True}]
    ],
    "text keys that are numbers": [[{"id": "12", "v": 1}, {"id": "11", "v": 2}]],
    "a switch, then other kinds": [
        [{"id": 1, "b": True}, {"id": 2, "b": "false"}, {"id": 3, "b": 0}, {"id": 4, "b": "x"}]
    ],
    "times in many forms": [
        [
            {"id": 1, "at": "2026-11-23T06:34:39.718Z"},
            {"id": 2, "at": "2026-11-23T06:34:39+02:00"},
            {"id": 3, "at": "2026-11-23T06:34:39"},
            {"id": 4, "at": "2026-11-23 06:34:39.123456Z"},
            {"id": 5, "at": "2026-11-23"},
            {"id": 6, "at": 1795415679},
            {"id": 7, "at": "soon"},
            {"id": 8, "at": "2026-11-23T06:34:39.123456789Z"},
        ]
    ],
    "dates stay text": [[{"id": 1, "day": "2026-11-23"}, {"id": 2, "day": "2026-11-24"}]],
    "numbers of 64 bits and a fraction beyond": [
        [{"id": 1, "n": 9223372036854775807}, {"id": 2, "n": -9223372036854775808}]
    ],
    "objects inside": [
        [
            {"id": 1, "who": {"name": "a", "home": {"city": "x", "zip": 1}}},
            {"id": 2, "who": None},
            {"id": 3, "who": {"name": "b", "age": 3}},
        ]
    ],
    "lists inside": [
        [
            {"id": 1, "tags": ["a", "b"], "steps": [{"n": 1}, {"n": 2, "sub": [{"m": 1}]}]},
            {"id": 2, "tags": [], "steps": None},
            {"id": 3, "plain": True},
        ]
    ],
    "names that are rewritten": [
        [{"id": 1, "someThing": 1, "Other Thing": 2, "x-y.z": 3, "naïve": 4, "4you": 5}]
    ],
    "names that meet": [[{"id": 1, "fooBar": "a"}, {"id": 2, "foo_bar": "b"}]],
    "names that meet in one row": [
        [
            {"id": 1, "p": {"foo_bar": "1e3", "fooBar": -7}, "q__r": "x", "q": {"r": 1}},
            {"id": 2, "p": {"fooBar": 3, "foo_bar": None}, "q": {"r": 2}, "q__r": 5},
        ],
        [{"id": 3, "p": {"fooBar": 4}}],
    ],
    "two fields of one column, typed by the first": [
        [{"id": 0, "fooBar": None}],
        [
            {"id": 1, "xyz": ["x"]},
            {"id": 2, "foo_bar": True},
            {"id": 3, "a__b": {"v": "v", "a": 1}, "fooBar": "-254", "b": [3], "foo_bar": []},
            {"id": 4, "a__b": "true"},
        ],
        [
            {"id": 5, "fooBar": "x", "b": ""},
            {"id": 6, "a": -2, "fooBar": "y"},
            {"id": 7, "b": False},
            {"id": 8, "a": True, "b": "z", "fooBar": None},
        ],
    ],
    "a variant, typed by the first": [
        [
            {"id": 1, "a": 1.5, "b": "x", "c": "2026-11-23T06:34:39Z"},
            {"id": 2, "a": "06:34:39", "c": "2026-11-23T06:34:39+02:00", "l": [1]},
            {"id": 3, "a": "2026-11-23T06:34:39", "b": {"y": 1}},
            {"id": 4, "a": "06:34:39", "b": 5, "c": "soon"},
            {"id": 5, "a": "2026-11-23T06:34:39", "b": "x"},
        ]
    ],
    "nothing, then a number, then text": [
        [{"id": 1, "n": None}, {"id": 2}, {"id": 3, "n": 377, "f": 1.5}, {"id": 4, "n": "x"}],
        [{"id": 5, "n": "5", "f": "x"}, {"id": 6, "n": 1.5, "f": 2}],
    ],
    "nothing, then text, then a number": [
        [{"id": 1, "n": None, "b": None}, {"id": 2, "n": "x", "b": True}, {"id": 3, "n": 5, "b": 5}]
    ],
    "typed by rows before several that do not fit": [
        [
            {"id": 1, "n": 1},
            {"id": 2, "z": 1.5, "l": [1.5]},
            {"id": 3, "w": "x"},
            {"id": 4, "n": "a"},
            {"id": 5, "n": "b", "w": "y"},
            {"id": 6, "n": "c", "z": "2026-11-23T06:34:39Z", "l": ["2026-11-23T06:34:39Z"]},
        ]
    ],
    "nothing on a page, many kinds on the next": [
        [{"id": 0, "n": None}],
        [{"id": key, "n": key if key % 3 else "x"} for key in range(1, 300)],
        [{"id": key, "n": key % 2 == 0 or 0.5} for key in range(300, 310)],
    ],
    "nothing first, beside a list": [
        [
            {"id": 1, "n": None, "l": []},
            {"id": 2, "n": 377, "l": [1]},
            {"id": 3, "n": "x"},
            {"id": 4, "n": 2.5, "l": ["y"]},
        ]
    ],
    "nothing first in a list": [
        [
            {"id": 1, "l": [{"n": None}, {}, {"n": 377}, {"n": "x"}]},
            {"id": 2, "l": [{"n": "5"}, {"n": True}], "m": [None, 5, "x"]},
        ],
        [{"id": 3, "l": [{"n": 1.5}], "m": ["y", 1.5]}],
    ],
    "all the world's letters": [[{"id": 1, "t": 'žluťoučký 馬 😀 \u2028 " \\ \n'}]],
    "the same key twice in a listing": [[{"id": 1, "v": "x"}], [{"id": 1, "v": "x"}]],
    "an empty page on the way": [[{"id": 1}], [], [{"id": 2}]],
    "no rows at all": [[]],
}


MAKERS: dict[str, Callable[[Any], Any]] = {"theirs": dlt_rest_api_source, "ours": rest_api_source}


def test_tables_are_those_of_dlt(server: JsonServer, warehouse: Warehouse) -> None:
    serve_many(server, LISTINGS)
    for name, make_source in MAKERS.items():
        warehouse.pipeline(name).run(make_source(many_items(server, LISTINGS)))

    ours, theirs = contents(warehouse, "ours_data"), contents(warehouse, "theirs_data")
    assert ours.keys() == theirs.keys()
    for table in theirs:
        assert ours[table] == theirs[table], table


def test_two_loads_in_a_row_are_those_of_dlt(server: JsonServer, warehouse: Warehouse) -> None:
    config = items_config(server)
    loads: list[list[list[Row]]] = [
        [[{"id": 1, "n": 1, "at": "2026-01-01T00:00:00Z"}, {"id": 2, "n": 2}]],
        [[{"id": 2, "n": "12"}, {"id": 3, "n": 2.5, "at": "never", "new": True, "l": [1]}]],
        [[{"id": 3, "n": "x", "new": "yes"}, {"id": 4, "at": "2026-02-01", "l": [2, 3]}]],
    ]
    for pages in loads:
        serve(server, pages)
        warehouse.pipeline("theirs").run(dlt_rest_api_source(config))
        warehouse.pipeline("ours").run(rest_api_source(config))

        assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


def test_one_source_object_runs_twice(server: JsonServer, warehouse: Warehouse) -> None:
    sources = {name: make_source(items_config(server)) for name, make_source in MAKERS.items()}
    for pages in (
        [[{"id": 1, "n": 1}]],
        [[{"id": 2, "n": 1.5, "new": "x"}], [{"id": 3, "n": "y"}]],
    ):
        serve(server, pages)
        for name, source in sources.items():
            warehouse.pipeline(name).run(source)

        assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


def test_each_takes_over_the_tables_of_the_other(server: JsonServer, warehouse: Warehouse) -> None:
    config = items_config(server)
    for number, make_source in enumerate(
        (dlt_rest_api_source, rest_api_source, dlt_rest_api_source, rest_api_source)
    ):
        serve(server, [[{"id": number, "n": number, "l": [number]}, {"id": 9, "n": number}]])
        warehouse.pipeline("shared").run(make_source(config))

    assert warehouse.query("SELECT id, n FROM shared_data.items ORDER BY id") == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
        (9, 3),
    ]
    assert warehouse.query(
        "SELECT i.id, l.value FROM shared_data.items i JOIN shared_data.items__l l "
        "ON l._dlt_parent_id = i._dlt_id ORDER BY 1"
    ) == [(0, 0), (1, 1), (2, 2), (3, 3)]


def serve(server: JsonServer, pages: Sequence[Sequence[Row]]) -> None:
    """Serves the pages one after the other, the cursor being the number of the next."""
    serve_many(server, {"items": pages})


def serve_many(server: JsonServer, listings: Mapping[str, Sequence[Sequence[Row]]]) -> None:
    """Serves several listings, each below a path that is made of its name."""

    def answer(asked: Asked) -> Answer:
        pages = next(pages for name, pages in listings.items() if asked.path == f"/{_slug(name)}")
        number = int(asked.query.get("cursor", 0))
        following = str(number + 1) if number + 1 < len(pages) else None
        return Answer({"data": list(pages[number]), "next": following})

    server.handler = answer


def items_config(server: JsonServer) -> Any:
    return {"client": {"base_url": server.base_url}, "resources": [_resource("items")]}


def many_items(server: JsonServer, names: Iterable[str], contract: Any = None) -> Any:
    """A resource for each of the listings that `serve_many` serves."""
    given = {"schema_contract": contract} if contract else {}
    return {
        "client": {"base_url": server.base_url},
        "resources": [_resource(_slug(name)) | given for name in names],
    }


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def _resource(name: str) -> dict[str, Any]:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
    return {
        "name": name,
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": {"path": name, "data_selector": "data", "paginator": paginator},
    }


def contents(warehouse: Warehouse, dataset: str) -> dict[str, Any]:
    """All tables: columns with types and nullability, and the rows in an order of their own."""
    found = {}
    for table in sorted(warehouse.tables(dataset)):
        columns = warehouse.columns(f"{dataset}.{table}")
        own = sorted(name for name in columns if not name.startswith("_dlt"))
        quoted = ", ".join(f'"{name}"' for name in own) or "1"
        rows = warehouse.query(f"SELECT {quoted} FROM {dataset}.{table}")
        found[table] = (columns, sorted(rows, key=repr))
    return found
