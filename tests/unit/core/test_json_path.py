"""JSONPaths mean what dlt takes them to mean; plain ones are known as such."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.common import jsonpath
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.json_path import JsonPath

KEYS = st.sampled_from(["a", "b", "0", "a b", "a.b", "ü", "$"])
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.just("text")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
PATHS = [
    *("$", "a", "$.a", "a.b", "$.a.b", "a.'0'", "'a b'.a", "'a.b'", "'ü'.a", "$.'$'", "$.a.b.'0'"),
    *("*", "$.*", "a[*]", "$.a[*]", "a.*", "$[*]", "a[0]", "a[-1].b", "$..b", "a,b", "a.`parent`"),
    *("a[?(@.b>1)]", "'*'", "a[1:]", "a[*].b", "a[*][*]", "`this`.a"),
]


@given(DOCUMENTS, st.sampled_from(PATHS))
def test_a_path_finds_what_dlt_finds(document: Any, path: str) -> None:
    is_name = isinstance(document, dict) and path in document and path != "$"
    expected = [document[path]] if is_name else jsonpath.find_values(path, document)
    assert JsonPath(path).find(document) == expected


@given(DOCUMENTS, st.sampled_from(PATHS))
def test_a_path_that_dlt_has_compiled_is_taken_as_it_is(document: Any, path: str) -> None:
    compiled = jsonpath.compile_path(path)
    assert JsonPath(compiled).find(document) == jsonpath.find_values(compiled, document)


@pytest.mark.parametrize(
    ("path", "steps", "spread"),
    [
        ("$", (), False),
        ("data", ("data",), False),
        ("$.result.items", ("result", "items"), False),
        ("'a b'.'c.d'", ("a b", "c.d"), False),
        ("data[*]", ("data",), True),
        ("$.data[*]", ("data",), True),
        ("$[*]", (), True),
        ("data[0]", None, False),
        ("$..items", None, False),
        ("data[*].x", None, False),
        ("a,b", None, False),
    ],
)
def test_plain_paths_are_taken_apart_into_keys(
    path: str, steps: tuple[str, ...] | None, spread: bool
) -> None:
    compiled = JsonPath(path)
    assert (compiled.steps, compiled.spread) == (steps, spread)


@pytest.mark.parametrize("path", ["", " ", "a[", "a..", "]", "a b[", "a = b", "$$", "$.[?(@.x]"])
def test_what_is_no_path_is_a_value_error_with_the_text(path: str) -> None:
    with pytest.raises(ValueError, match="is not a JSONPath") as caught:
        JsonPath(path)
    assert f"`{path}`" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("@odata.nextLink", {"@odata": {"nextLink": 0}, "@odata.nextLink": 1}),
        ("next.cursor", {"next.cursor": 1, "next": None}),
        ("meta.next.cursor", {"meta": {"next.cursor": 1}}),
        ("meta.next.cursor", {"meta.next": {"cursor": 1}, "meta": {"next": 0}}),
        ("a.b.c.d", {"a.b": {"c": 0}, "a": {"b.c": {"d": 1}}}),
        ("page[0]", {"page": [0], "page[0]": 1}),
        ("a|b", {"a": 0, "a|b": 1}),
        ("$count", {"$count": 1}),
        ("dc:total", {"dc:total": 1}),
        ("d.$count", {"d": {"$count": 1}}),
        ("total count", {"total count": 1}),
        ("where.next", {"where": {"next": 1}}),
        ("where[-1].$id", {"where": [{"$id": 0}, {"$id": 1}]}),
        ("meta.next", {"meta": {"next": 1}, "meta.prev": 0}),
    ],
)
def test_a_text_that_is_the_name_of_a_key_means_that_key(path: str, document: Any) -> None:
    assert JsonPath(path).find(document) == [1]


@pytest.mark.parametrize("path", ["$.a.b", "'a'.'b'", "a['b']"])
def test_where_the_path_is_spelt_out_no_key_with_dots_is_meant(path: str) -> None:
    assert JsonPath(path).find({"a.b": 0}) == []
    assert JsonPath(path).find({"a.b": 0, "a": {"b": 1}}) == [1]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.data())
def test_the_dots_of_a_path_may_stand_in_any_of_its_keys(steps: list[str], data: Any) -> None:
    cuts = [data.draw(st.booleans()) for _ in steps[1:]]
    keys = [steps[0]]
    for step, is_cut in zip(steps[1:], cuts, strict=True):
        keys[len(keys) - (not is_cut) :] = [step] if is_cut else [f"{keys[-1]}.{step}"]
    document: Any = 1
    for key in reversed(keys):
        document = {key: document}
    path = JsonPath(".".join(steps))
    assert path.find(document) == [1]
    assert path.steps_in(document) == tuple(keys)
    assert path.find({"x": document}) == []


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("a.b", ("a", "b")),
        ("filters[0].value", ("filters", 0, "value")),
        ("$[2]['a b'][-1]", (2, "a b", -1)),
        ("where[0].above", ("where", 0, "above")),
        ("a[*]", None),
        ("a[1:]", None),
        ("a,b", None),
        ("$..a", None),
    ],
)
def test_a_path_to_one_place_is_known_as_such(
    path: str, place: tuple[str | int, ...] | None
) -> None:
    assert JsonPath(path).place == place


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("a.b", "a.b"),
        ("@timestamp", "@timestamp"),
        ("$.'a b'[*]", "$.'a b'[*]"),
        ("dc:date", "'dc:date'"),
        ("meta.$count", "'meta'.'$count'"),
        ("where[0].at", "'where'[0].'at'"),
    ],
)
def test_dlt_can_read_each_path(path: str, quoted: str) -> None:
    assert JsonPath(path).quoted == quoted
    document = {"dc:date": 1, "meta": {"$count": 1}, "where": [{"at": 1}], "a": {"b": 1}}
    assert jsonpath.find_values(quoted, document) == JsonPath(path).find(document)


def test_the_first_value_is_none_where_there_is_none() -> None:
    assert JsonPath("a[*]").first({"a": [1, 2]}) == 1
    assert JsonPath("a[*]").first({"a": []}) is None
    assert JsonPath("a.b").first({"a": [1]}) is None


def test_a_deep_document_is_searched_to_its_end() -> None:
    document: Any = {"x": 1}
    for _ in range(5_000):
        document = {"a": document}
    assert JsonPath("$..x").find(document) == [1]


def test_a_path_shows_as_it_was_written() -> None:
    assert str(JsonPath("$.data[*]")) == "$.data[*]"
