"""Rows that are new by what their values say are loaded, however the values are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace.core.exceptions import PageError
from tests.stories.against_dlt.test_same_as_dlt import MAKERS
from tests.stories.incremental.changing_items import cursors_of
from tests.support.command_line import headrace
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

Rows = list[dict[str, Any]]
DAY = "2026-08-10T"


def values(*written: Any, first: int = 0) -> Rows:
    return [{"id": first + at, "at": value} for at, value in enumerate(written)]


class Growing:
    """An API whose rows become more, by path; it gives all of them, whatever is asked."""

    def __init__(self, server: JsonServer) -> None:
        self.rows: Rows = []
        self.others: dict[str, Rows] = {}
        self._server = server
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        return Answer(self.others.get(asked.path.strip("/"), self.rows))

    def config(self, *, disposition: str = "append", **incremental: Any) -> Any:
        return self.configs({"items": incremental}, disposition)

    def configs(self, incrementals: Mapping[str, Any], disposition: str = "append") -> Any:
        """A config with a resource for each incremental."""
        resources = [
            {
                "name": name,
                "primary_key": "id",
                "write_disposition": disposition,
                "endpoint": {
                    "path": name,
                    "incremental": {"cursor_path": "at", "start_param": "since", **incremental},
                },
            }
            for name, incremental in incrementals.items()
        ]
        client = {"base_url": self._server.base_url, "paginator": "single_page"}
        return {"client": client, "resources": resources}

    @property
    def since(self) -> list[str | None]:
        return [asked.query.get("since") for asked in self._server.asked]

    def since_of(self, name: str) -> list[str | None]:
        paths = [asked.path.strip("/") for asked in self._server.asked]
        return [since for path, since in zip(paths, self.since, strict=True) if path == name]


@pytest.fixture
def api(server: JsonServer) -> Growing:
    return Growing(server)


def load(
    pipeline: dlt.Pipeline, config: Any, way: str = "to tables", maker: str = "ours"
) -> dlt.Pipeline:
    source = MAKERS[maker](config)
    if way == "to dicts":
        for resource in source.resources.values():
            resource.add_map(lambda row: row)
    pipeline.run(source)
    return pipeline


def ids(warehouse: Warehouse, table: str = "items") -> list[int]:
    return [found for (found,) in warehouse.query(f"SELECT id FROM test_data.{table} ORDER BY id")]


def refused(pipeline: dlt.Pipeline, config: Any, way: str = "to tables") -> str:
    """What is said of rows that cannot be compared."""
    with pytest.raises(PipelineStepFailed) as caught:
        load(pipeline, config, way)
    causes: list[BaseException | None] = [caught.value]
    while causes[-1] is not None:
        causes.append(causes[-1].__cause__)
    (error,) = (each for each in causes if isinstance(each, PageError))
    assert error.resource == "items"
    assert "`incremental.cursor_path` (`" in str(error)
    return str(error)


# The rows of two loads: what is said to be sent with the second, and what is behind it.
GROWTHS: dict[str, tuple[list[Any], Any, list[Any]]] = {
    "a_fraction": (
        [f"{DAY}10:00:00.250Z", f"{DAY}10:00:00Z"],
        f"{DAY}10:00:00.250Z",
        [f"{DAY}10:00:00.5Z", f"{DAY}10:00:01Z"],
    ),
    "nanoseconds": (
        [f"{DAY}10:00:00.000000001Z"],
        f"{DAY}10:00:00.000000001Z",
        [f"{DAY}10:00:00.000000002Z", f"{DAY}10:00:00.00000001Z"],
    ),
    "offsets": (
        [f"{DAY}23:30:00+09:00", f"{DAY}15:00:00+00:00", f"{DAY}09:00:00-05:00"],
        f"{DAY}15:00:00+00:00",
        [f"{DAY}10:30:00-05:00", "2026-08-11T00:00:01+08:30"],
    ),
    "a_space_or_a_t": (
        [f"{DAY}10:00:00", "2026-08-10 11:00:00+02:00"],
        f"{DAY}10:00:00",
        ["2026-08-10 10:00:01", "2026-08-10 12:00:02+02:00"],
    ),
    "dates_of_mails": (
        ["Mon, 31 Aug 2026 10:00:00 GMT", "Fri, 28 Aug 2026 10:00:00 GMT"],
        "Mon, 31 Aug 2026 10:00:00 GMT",
        ["Tue, 01 Sep 2026 10:00:00 GMT"],
    ),
    "numbers_as_texts": (["9", "8"], "9", ["10", "100"]),
    "fractions_as_texts": (["9.75", "-10.5"], "9.75", ["10", "10.5"]),
    "numbers_and_texts": ([9, "8"], "9", ["10", 11]),
    "ids": (["01ARZ3", "01ARYZ"], "01ARZ3", ["01ARZ4", "01BX5Z"]),
}


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_what_is_newer_comes_and_the_greatest_value_is_sent_as_the_api_wrote_it(
    way: str, api: Growing, warehouse: Warehouse
) -> None:
    config = api.configs({name: {} for name in GROWTHS})
    for name, (before, _, _) in GROWTHS.items():
        api.others[name] = values(*before)
    pipeline = load(warehouse.pipeline(), config, way)
    for name, (before, _, later) in GROWTHS.items():
        api.others[name] += values(*later, first=len(before))
    load(pipeline, config, way)
    load(pipeline, config, way)  # and nothing comes twice
    for name, (before, sent, later) in GROWTHS.items():
        assert ids(warehouse, name) == list(range(len(before) + len(later))), name
        assert api.since_of(name)[:2] == [None, sent]


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_an_oldest_value_is_the_least_by_what_it_says(
    way: str, api: Growing, warehouse: Warehouse
) -> None:
    api.rows = values("100", "9")
    pipeline = load(warehouse.pipeline(), api.config(last_value_func="min"), way)
    api.rows = values("100", "9", "8", "10")
    load(pipeline, api.config(last_value_func="min"), way)
    assert ids(warehouse) == [0, 1, 2]
    assert api.since == [None, "9"]


RANGES: dict[str, tuple[dict[str, Any], list[int]]] = {
    "closed": ({"initial_value": f"{DAY}10:00:00Z", "end_value": f"{DAY}10:00:00.500Z"}, [1, 2]),
    "opened": (
        {"initial_value": f"{DAY}10:00:00.1Z", "end_value": f"{DAY}10:00:00.5Z"}
        | {"range_start": "open", "range_end": "closed"},
        [2, 3],
    ),
    "from_a_day": (
        {"initial_value": "2026-08-10", "end_value": f"{DAY}12:00:00.3+02:00"},
        [0, 1],
    ),
    "from_an_object": (
        {"initial_value": datetime.fromisoformat(f"{DAY}10:00:00.100+00:00")},
        [1, 2, 3],
    ),
}


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_both_ends_of_a_range_have_the_same_order(
    way: str, api: Growing, warehouse: Warehouse
) -> None:
    parts = (f"{DAY}09:59:59.9Z", f"{DAY}10:00:00.100Z", f"{DAY}10:00:00.3Z", f"{DAY}10:00:00.50Z")
    api.rows = values(*parts)
    load(warehouse.pipeline(), api.configs({name: ends for name, (ends, _) in RANGES.items()}), way)
    for name, (_, inside) in RANGES.items():
        assert ids(warehouse, name) == inside


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_a_lag_does_not_move_the_last_value_back(
    way: str, api: Growing, warehouse: Warehouse
) -> None:
    api.rows = values(f"{DAY}10:00:00.5Z")
    config = api.config(lag=2, disposition="merge")
    pipeline = load(warehouse.pipeline(), config, way)
    api.rows = values(f"{DAY}12:00:00+02:00")
    load(pipeline, config, way)
    known = cursors_of(pipeline)["items"]["at"]["last_value"]
    assert known == f"{DAY}10:00:00.5Z"


def test_a_listing_in_order_is_left_by_what_the_values_say(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows = values(*map(str, range(95, 106)))

    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("page", 0))
        newest_first = rows[::-1]
        return Answer({"data": newest_first[at * 2 : at * 2 + 2], "pages": 6})

    server.handler = answer
    config = Growing(server).config(row_order="desc", initial_value="98")
    server.handler = answer
    config["client"]["paginator"] = {"type": "page_number", "total_path": "pages"}
    load(warehouse.pipeline(), config)
    assert ids(warehouse) == list(range(3, 11))
    assert len(server.asked) == 5


def test_a_state_of_dlts_own_source_is_gone_on_from(api: Growing, warehouse: Warehouse) -> None:
    api.rows = values(f"{DAY}10:30:00+02:00", f"{DAY}09:15:00Z")
    pipeline = load(warehouse.pipeline(), api.config(), maker="theirs")
    api.rows += values(f"{DAY}09:20:00Z", first=2)
    load(pipeline, api.config())
    assert set(ids(warehouse)) == {0, 1, 2}
    load(pipeline, api.config())
    assert api.since == [None, f"{DAY}10:30:00+02:00", f"{DAY}09:20:00Z"]


PLACES: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "dots": ("fields.updated", lambda value: {"fields.updated": value}),
    "no_jsonpath": ("dc:date", lambda value: {"dc:date": value}),
    "below": ("meta.@at", lambda value: {"meta": {"@at": value}}),
    "dots_below": ("a.b.at", lambda value: {"a": {"b.at": value}}),
    "of_a_list": ("marks[*]", lambda value: {"marks": [None, value]}),
    "in_a_list": (
        "steps[*].at",
        lambda value: {"steps": [{"at": "1"}, {"at": value}, {"at": None}]},
    ),
    "anywhere": ("$..at", lambda value: {"deep": {"at": value}, "at": "2"}),
}


@pytest.mark.parametrize(("way", "written"), [("to tables", str), ("to dicts", int)])
def test_the_value_may_stand_in_any_place(
    written: Callable[[int], Any], way: str, api: Growing, warehouse: Warehouse
) -> None:
    config = api.configs({name: {"cursor_path": path} for name, (path, _) in PLACES.items()})
    for name, (_, row) in PLACES.items():
        api.others[name] = [{"id": 0, **row(written(9))}]
    pipeline = load(warehouse.pipeline(), config, way)
    for name, (_, row) in PLACES.items():
        api.others[name].append({"id": 1, **row(written(10))})
    load(pipeline, config, way)
    for name in PLACES:
        assert ids(warehouse, name) == [0, 1], name
        assert api.since_of(name) == [None, "9"]


def test_of_several_values_one_inside_of_the_range_is_enough(
    api: Growing, warehouse: Warehouse
) -> None:
    days = [("01", "02"), ("02", "05"), ("04", "09"), ("08", "09")]
    api.rows = [{"id": at, "days": [{"at": day} for day in each]} for at, each in enumerate(days)]
    load(
        warehouse.pipeline(),
        api.config(cursor_path="days[*].at", initial_value="03", end_value="07"),
    )
    assert ids(warehouse) == [1, 2]


MIXED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "a text among times": ([f"{DAY}10:00:00Z", "n/a"], {}, "`n/a` is a text and"),
    "a time among numbers": ([5, f"{DAY}10:00:00Z"], {}, "`5` is a number"),
    "seconds since 1970": ([1786356000], {"initial_value": "2026-01-01"}, "`2026-01-01` is a time"),
    "no date of MySQL's": ([f"{DAY}10:00:00", "0000-00-00 00:00:00"], {}, "is a text and"),
    "a day or a month first": (["31/08/2026"], {}, "`31/08/2026` (str) has no place"),
    "a list": ([["2026-08-10"]], {"initial_value": "2026"}, "(list) has no place"),
}


@pytest.mark.parametrize("mixed", MIXED)
def test_values_that_cannot_be_compared_are_told(
    mixed: str, api: Growing, warehouse: Warehouse
) -> None:
    written, incremental, told = MIXED[mixed]
    api.rows = values(*written)
    said = refused(warehouse.pipeline(), api.config(**incremental))
    assert "do not grow as they can be compared" in said
    assert told in said
    assert "`last_value_func`" in said


@pytest.mark.parametrize(
    ("before", "later", "way"),
    [
        ("INV-9", "INV-10", "to tables"),
        ("1.9.0", "1.10.0", "to dicts"),
        ("9", "10a", "to tables"),
    ],
)
def test_no_row_is_left_out_by_the_order_of_texts_that_count_otherwise(
    before: str, later: str, way: str, api: Growing, warehouse: Warehouse
) -> None:
    api.rows = values(before)
    pipeline = load(warehouse.pipeline(), api.config(), way)
    api.rows = values(before, later)
    said = refused(pipeline, api.config(), way)
    assert f"as texts, `{later}` comes before `{before}`" in said
    assert ids(warehouse) == [0]


def by_number(found: Any) -> str:
    return str(max(found, key=lambda text: int(str(text).removeprefix("INV-"))))


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_a_function_of_the_users_own_has_the_last_word(
    way: str, api: Growing, warehouse: Warehouse
) -> None:
    api.rows = values("INV-9")
    pipeline = load(warehouse.pipeline(), api.config(last_value_func=by_number), way)
    api.rows = values("INV-9", "INV-10", "INV-8")
    load(pipeline, api.config(last_value_func=by_number), way)
    assert ids(warehouse) == [0, 1]
    assert api.since == [None, "INV-9"]


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
@pytest.mark.parametrize(("missing", "found"), [("include", [0, 1]), ("exclude", [0])])
def test_an_empty_text_is_no_value(
    missing: str, found: list[int], way: str, api: Growing, warehouse: Warehouse
) -> None:
    api.rows = values(f"{DAY}10:00:00Z", "")
    start = {"initial_value": "2026-01-01"}
    said = refused(warehouse.pipeline("first"), api.config(**start), way)
    assert "an empty text at `incremental.cursor_path` (`at`)" in said
    assert "`on_cursor_value_missing: include`" in said
    load(warehouse.pipeline(), api.config(on_cursor_value_missing=missing, **start), way)
    assert ids(warehouse) == found


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_what_belongs_to_a_parent_has_the_same_order(
    way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    comments = {"1": values("9"), "2": values("8", first=5)}

    def answer(asked: Asked) -> Answer:
        kept = comments.get(asked.path.split("/")[-1])
        return Answer([{"n": 1}, {"n": 2}] if kept is None else kept)

    server.handler = answer
    document = Growing(server).config()
    server.handler = answer
    document["resources"][0]["endpoint"]["path"] = "items/{resources.parents.n}"
    document["resources"].append({"name": "parents", "endpoint": {"path": "parents"}})
    pipeline = load(warehouse.pipeline(), document, way)
    comments["1"] += values("10", first=1)
    comments["2"] += values("100", first=6)
    load(pipeline, document, way)
    assert ids(warehouse) == [0, 1, 5, 6]
    assert cursors_of(pipeline)["items"]["at"]["last_value"] == "100"


@pytest.mark.parametrize(
    ("written", "incremental", "told"),
    [
        ([f"{DAY}10:00:00Z", "n/a"], {}, "do not grow as they can be compared"),
        ([1786356000], {"initial_value": "2026-01-01"}, "`2026-01-01` is a time"),
        ([f"{DAY}10:00:00Z", None], {}, "`on_cursor_value_missing='include'`"),
        (["9"], {"cursor_path": "updated"}, "`updated` was not found"),
    ],
)
def test_check_says_so_before_the_first_sync(
    written: list[Any], incremental: dict[str, Any], told: str, api: Growing, tmp_path: Path
) -> None:
    api.rows = values(*written)
    file = tmp_path / "items.json"
    file.write_text(json.dumps(api.config(**incremental)))
    ran = headrace("check", str(file))
    assert ran.returncode == 1
    assert "resource `items`" in ran.stderr
    assert told in " ".join(ran.stderr.split())
    assert headrace("preview", str(file), "items").returncode == 0, "it shows what is there"


def test_check_has_nothing_against_values_that_grow(api: Growing, tmp_path: Path) -> None:
    api.rows = values("9", "10", "9.5")
    file = tmp_path / "items.json"
    file.write_text(json.dumps(api.config(initial_value="9")))
    ran = headrace("check", str(file))
    assert ran.returncode == 0
    assert "answers with 3 rows" in ran.stdout
