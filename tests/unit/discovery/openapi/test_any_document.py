"""Whatever a document holds, its listings make a config that the checks accept."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.discovery.openapi.drafts import draft_of_document
from tests.unit.discovery.openapi.test_drafts import read, refused

_NAMES = st.sampled_from(
    [
        *("id", "order_id", "orderId", "name", "limit", "offset", "page", "cursor", "next", "data"),
        *("items", "has_more", "next_page_token", "page_token", "starting_after", "total", "links"),
        *("${HOME}", "{x}", "a.b", "@odata.nextLink", "$filter", "filter[a]", "Ünïcode", "_dlt_id"),
        *("per page", "'", '"', "type", "2x", "limit_2", "x-y"),
    ]
)
_FORMATS = st.sampled_from(["date-time", "date", "int64", "double", "decimal", "uri", "x", "uuid"])
_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [0, 1, 50, 2.5, True, "x", "${A}", "{a}", '{"a": 1}', "", None, [1], {}]
)
_SCALARS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            ["string", "integer", "number", "boolean", "null", ["string", "null"], "odd", 3]
        ),
        "format": _FORMATS,
        "default": _VALUES,
        "maximum": _VALUES,
        "minimum": _VALUES,
        "enum": st.lists(_VALUES, max_size=3),
        "nullable": st.booleans(),
        "description": st.sampled_from(["zero-based page", "the first page is 1", "a\nb # c", 7]),
    },
)
_REFERENCES = st.sampled_from(["Thing", "List", "Nowhere"]).map(
    lambda name: {"$ref": f"#/components/schemas/{name}"}
)
_SCHEMAS = st.recursive(
    _SCALARS | _REFERENCES,
    lambda inner: (
        st.fixed_dictionaries(
            {"properties": st.dictionaries(_NAMES, inner, max_size=5)},
            optional={"type": st.just("object"), "required": st.lists(_NAMES, max_size=3)},
        )
        | st.fixed_dictionaries({"type": st.just("array"), "items": inner})
        | st.fixed_dictionaries({"allOf": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"oneOf": st.lists(inner, max_size=3)})
    ),
    max_leaves=8,
)
_PARAMETERS = st.lists(
    st.fixed_dictionaries(
        {"name": _NAMES, "in": st.sampled_from(["query", "query", "path", "header", "body"])},
        optional={
            "required": st.booleans(),
            "schema": _SCALARS,
            "type": st.sampled_from(["string", "integer"]),
            "example": _VALUES,
            "description": st.just("of the document"),
        },
    ),
    max_size=5,
)
_OPERATIONS = st.builds(
    lambda parameters, schema, headers, is_old, more: {
        "parameters": parameters,
        "responses": {
            "200": {"schema": schema, "headers": headers}
            if is_old
            else {"content": {"application/json": {"schema": schema}}, "headers": headers}
        },
        **more,
    },
    _PARAMETERS,
    _SCHEMAS,
    st.dictionaries(st.sampled_from(["Link", "X-Next-Page", "Next-Url"]), st.just({}), max_size=1),
    st.booleans(),
    st.fixed_dictionaries(
        {},
        optional={
            "operationId": _NAMES,
            "summary": st.just("Lists  \n things"),
            "security": st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.just(["s"]))),
            "requestBody": _SCHEMAS.map(lambda each: {"content": {"text/json": {"schema": each}}}),
        },
    ),
)
_PATHS = st.lists(
    st.sampled_from(
        [
            *(
                "orders",
                "{order_id}",
                "{id}",
                "items",
                "search",
                "v2",
                "{x}",
                "${HOME}",
                "a b",
                "{",
            ),
            *("order-lines", "users:list", "{a}.{b}", "ünï", "things({thing_id})"),
        ]
    ),
    min_size=1,
    max_size=5,
).map(lambda parts: "/" + "/".join(parts))
_SCHEMES = st.fixed_dictionaries(
    {"type": st.sampled_from(["apiKey", "http", "oauth2", "basic", "odd"])},
    optional={
        "in": st.sampled_from(["header", "query", "cookie"]),
        "name": _NAMES,
        "scheme": st.sampled_from(["basic", "bearer", "digest", "own"]),
        "flow": st.just("application"),
        "tokenUrl": st.sampled_from(["/token", "https://login.example/${X}"]),
    },
)
_DOCUMENTS = st.fixed_dictionaries(
    {
        "openapi": st.just("3.1.0"),
        "info": st.fixed_dictionaries({"title": _NAMES}),
        "servers": st.just([{"url": "/api"}]),
        "paths": st.dictionaries(
            _PATHS, st.dictionaries(st.sampled_from(["get", "post"]), _OPERATIONS), max_size=6
        ),
        "components": st.fixed_dictionaries(
            {
                "schemas": st.dictionaries(st.sampled_from(["Thing", "List"]), _SCHEMAS),
                "securitySchemes": st.dictionaries(st.sampled_from(["a", "b"]), _SCHEMES),
            }
        ),
    },
)


@given(_DOCUMENTS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_each_draft_is_accepted(document: dict[str, Any]) -> None:
    found = read(document)
    names = [each.name for each in found.listings]
    assert len(set(names)) == len(names)
    if not names:
        return
    draft = draft_of_document(found, names)
    assert refused(draft.config) == []
    resources = draft.config["resources"]
    assert {each["name"] for each in resources if each.get("selected", True)} == set(names)
