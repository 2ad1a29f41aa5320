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
    assert JsonPath(path).find(document) == jsonpath.find_values(path, document)


@given(DOCUMENTS, st.sampled_from(PATHS))
def test_a_path_that_dlt_has_compiled_is_taken_as_it_is(document: Any, path: str) -> None:
    compiled = jsonpath.compile_path(path)
    assert JsonPath(compiled).find(document) == JsonPath(path).find(document)


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


@pytest.mark.parametrize("path", ["", "a[", "a..", "]", "a b", "$.[?(@.x]"])
def test_what_is_no_path_is_a_value_error_with_the_text(path: str) -> None:
    with pytest.raises(ValueError, match="is not a JSONPath") as caught:
        JsonPath(path)
    assert f"`{path}`" in str(caught.value)


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
