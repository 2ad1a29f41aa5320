"""A stop condition cannot see the rows, and would be true on the first page."""

from __future__ import annotations

import pytest

from headrace.config import parse_config
from headrace.core.exceptions import ConfigError

from .documents import small


@pytest.mark.parametrize(
    ("selector", "condition"),
    [
        ("data", "not response.get('data')"),
        ("$.data[*]", "len(response.get('data', [])) < 250"),
        ("data", "page > 3 or response['data'][0]['id'] == 1"),
        ("data", "'data' not in response"),
        ("result.items", "not response['result'].get('items')"),
        ("$", "len(response) == 0"),
    ],
)
def test_stop_conditions_that_look_for_the_rows(selector: str, condition: str) -> None:
    paginator = {"type": "cursor", "stop_condition": condition}
    with pytest.raises(ConfigError) as caught:
        parse_config(small({"data_selector": selector, "paginator": paginator}))
    (fault,) = caught.value.faults
    assert fault.path == "resources[0].endpoint.paginator.stop_condition"
    assert "the rows are not part of `response`; use `rows`, their number" in fault.message


def test_the_fault_is_told_where_the_condition_is_written() -> None:
    paginator = {"type": "cursor", "stop_condition": "not response['data']"}
    selector = {"data_selector": "data"}
    in_defaults = {**small(selector), "resource_defaults": {"endpoint": {"paginator": paginator}}}
    in_client = small(selector)
    in_client["client"]["paginator"] = paginator
    for document, place in ((in_defaults, "resource_defaults.endpoint"), (in_client, "client")):
        with pytest.raises(ConfigError) as caught:
            parse_config(document)
        assert [fault.path for fault in caught.value.faults] == [
            f"{place}.paginator.stop_condition"
        ]


@pytest.mark.parametrize(
    ("selector", "condition"),
    [
        ("result.items", "not response['result'].get('next')"),
        ("data", "not response.get('nextCursor', {}) or headers.get('data') == 'x'"),
        ("data", "rows == 0 or response.get(response.get('key')) is None"),
        (None, "not response.get('data')"),
        ("items[?(@.id > 1)]", "not response.get('items')"),
    ],
)
def test_stop_conditions_that_look_beside_the_rows(selector: str | None, condition: str) -> None:
    paginator = {"type": "cursor", "stop_condition": condition}
    parse_config(small({"data_selector": selector, "paginator": paginator}))
