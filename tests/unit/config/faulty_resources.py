"""Configs with one fault each, where it is, and what is to be said of it: what resources say."""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.paginators import SinglePagePaginator

from .documents import small, with_client, with_paginator
from .faulty import ACTION, ENDPOINT, ITEM, OAUTH2, PAGINATOR, Unknown, actions, child, two

SINCE = {"cursor_path": "updated_at", "initial_value": "2026-01-01"}


def searched(body: object, **paginator: object) -> dict[str, Any]:
    return small({"method": "POST", "json": body, "paginator": paginator})


def batched(batch: object, **endpoint: object) -> dict[str, Any]:
    return child({"params": {"ids": "{resources.parents.id}"}, "batch": batch, **endpoint})


BATCH = "resources[1].endpoint.batch"
BATCHED = {"name": "a", "endpoint": {"params": {"p": "{resources.parents.id}"}, "batch": 10}}


def gone(action: object = "delete", **keys: object) -> dict[str, Any]:
    """A resource whose missing rows are to go, and other keys."""
    merged = {"primary_key": "id", "write_disposition": "merge", "missing_rows": action}
    endpoint = {"path": "items", "paginator": "single_page"}
    document = small(endpoint)
    document["resources"] = [{"name": "items", "endpoint": endpoint, **merged, **keys}]
    return document


GONE = "resources[0].missing_rows"
SKIPS: dict[str, Any] = {"response_actions": [{"status_code": 404, "action": "skip"}]}

RESOURCES: list[tuple[dict[str, Any], str, list[str]]] = [
    # rows that are gone
    (gone("remove"), GONE, ["`keep`", "`mark`", "`delete`"]),
    (gone({"action": "delete", "most": 20}), f"{GONE}.most", ["a share", "0.2"]),
    (gone({"most": 0.5}), f"{GONE}.action", ["is missing"]),
    (gone(primary_key=None), GONE, ["needs the `primary_key`"]),
    (gone(write_disposition="append"), GONE, ["needs `write_disposition: merge`"]),
    (gone(write_disposition="replace"), GONE, ["`replace` needs no `missing_rows`"]),
    (
        gone(write_disposition={"disposition": "merge", "strategy": "scd2"}),
        GONE,
        ["the strategy `scd2`"],
    ),
    (
        gone(endpoint={"path": "items", "paginator": "single_page", "incremental": SINCE}),
        GONE,
        ["`incremental` lists a part of them", "`hard_delete`"],
    ),
    (
        gone()
        | {"client": {"base_url": "https://api.example.com", "paginator": "auto"}}
        | {"resources": [{**gone()["resources"][0], "endpoint": "items"}]},
        GONE,
        ["name a paginator of the format"],
    ),
    (gone(endpoint={"paginator": "auto"}), GONE, ["what is guessed"]),
    (gone(endpoint={"paginator": SinglePagePaginator()}), GONE, ["where one of your own ends"]),
    (
        gone(endpoint={"paginator": {"type": "offset", "limit": 5, "offset": 5}}),
        GONE,
        ["`paginator.offset` leaves the first ones out"],
    ),
    (
        gone(endpoint={"paginator": {"type": "page_number", "page": 1}}),
        GONE,
        ["`paginator.page` leaves the first ones out"],
    ),
    (gone(processing_steps=[{"map": str}]), GONE, ["a `map` among the `processing_steps`"]),
    (gone(table_name=lambda row: "items"), GONE, ["needs one table"]),
    (
        gone(nested_hints={"tags": {"primary_key": "name"}}),
        GONE,
        ["`nested_hints.tags` has a key of its own"],
    ),
    (gone() | {"pipeline": {"row_ids": False}}, GONE, ["`pipeline.row_ids: false` leaves out"]),
    # paginators
    (small({"paginator": Unknown()}), PAGINATOR, ["is no paginator", "`BasePaginator`"]),
    (small({"paginator": SinglePagePaginator}), PAGINATOR, ["`SinglePagePaginator()`"]),
    (small({"paginator": "offset"}), PAGINATOR, ["needs a `limit`", "{type: offset, limit: 100}"]),
    (with_paginator(type="offset"), f"{PAGINATOR}.limit", ["is missing"]),
    (
        with_paginator(type="offset", limit=1, offset_param="a", offset_body_path="b"),
        f"{PAGINATOR}.offset_body_path",
        ["either `offset_param` or `offset_body_path`"],
    ),
    (
        with_paginator(type="offset", limit=1, limit_param="a", limit_body_path="b"),
        f"{PAGINATOR}.limit_body_path",
        ["either `limit_param` or `limit_body_path`"],
    ),
    (
        with_paginator(type="page_number", page_param="a", page_body_path="b"),
        f"{PAGINATOR}.page_body_path",
        ["either `page_param` or `page_body_path`"],
    ),
    (
        with_paginator(type="cursor", cursor_body_path="filters[*].value"),
        f"{PAGINATOR}.cursor_body_path",
        ["`filters[*].value`", "leads to no single place", "`filters[0].value`"],
    ),
    (
        with_paginator(type="page_number", page_body_path="page["),
        f"{PAGINATOR}.page_body_path",
        ["`page[`", "leads to no single place"],
    ),
    (
        searched({"limit": 10}, type="cursor", cursor_body_path="limit.after"),
        f"{PAGINATOR}.cursor_body_path",
        ["`limit.after`", "at `limit`", "a number, which has no key `after`", "`endpoint.json`"],
    ),
    (
        searched({"sorts": ["id"]}, type="offset", limit=1, offset_body_path="sorts[2].from"),
        f"{PAGINATOR}.offset_body_path",
        ["at `sorts`", "a list of 1, which has no place `[2]`"],
    ),
    (
        searched({"page": "first"}, type="page_number", page_body_path="page.number"),
        f"{PAGINATOR}.page_body_path",
        ["at `page`", "a text, which has no key `number`"],
    ),
    (
        with_paginator(type="page_number", total_path=None, stop_after_empty_page=False),
        f"{PAGINATOR}.stop_after_empty_page",
        ["the listing has no end", "`maximum_page`"],
    ),
    (
        with_client(
            paginator={
                **{"type": "offset", "limit": 1, "total_path": None},
                "stop_after_empty_page": "false",
            }
        ),
        "client.paginator.stop_after_empty_page",
        ["the listing has no end", "`maximum_offset`"],
    ),
    (with_paginator(type="page_number", page_param=""), f"{PAGINATOR}.page_param", ["not be"]),
    (with_paginator(type="header_cursor", cursor_key="a b"), f"{PAGINATOR}.cursor_key", ["header"]),
    # names
    (two("a", {"name": "a"}), "resources[1].name", ["resources[0] has this name already"]),
    (two({"name": "a"}, "a"), "resources[1]", ["resources[0] has this name already"]),
    *(
        (two({"name": name}, "b"), "resources[0].name", [f"`{name}`", "another `table_name`"])
        for name in ("_headrace_runs", "_dlt_loads", "_Headrace_Quarantine", "-dlt-version")
    ),
    (two("_dlt_loads", "b"), "resources[0]", ["`_dlt_loads`", "another `table_name`"]),
    (
        two({"name": "a", "table_name": "_headrace_gone"}, "b"),
        "resources[0].table_name",
        ["`_headrace_gone`", "another `table_name`"],
    ),
    (
        with_client(auth={**OAUTH2, "access_token_url": "login.example.com/token"}),
        "client.auth.access_token_url",
        ["must be a whole URL", "https://"],
    ),
    (
        with_client(auth={**OAUTH2, "client_secret": None}),
        "client.auth.client_secret",
        ["is missing: the client's secret"],
    ),
    (with_client(auth={**OAUTH2, "scope": "read"}), "client.auth.scope", ["is not a key here"]),
    (
        with_client(auth={**OAUTH2, "default_token_expiration": 0}),
        "client.auth.default_token_expiration",
        ["at least 1"],
    ),
    (
        with_client(auth={**OAUTH2, "session": Unknown()}),
        "client.auth.session",
        ["expected a requests.Session"],
    ),
    (with_client(auth=Unknown()), "client.auth", ["AuthConfigBase", "AuthBase", "(Unknown)"]),
    (small({"auth": Unknown()}), f"{ENDPOINT}.auth", ["AuthConfigBase", "(Unknown)"]),
    (with_client(session=Unknown()), "client.session", ["expected a requests.Session"]),
    # dependent resources
    (
        child({"params": {"p": {"type": "resolve", "resource": "parents", "field": "b"}}}),
        "resources[1].endpoint.params.p",
        ["is not named in the path", "`{p}`", "`{resources.parents.b}`"],
    ),
    (
        child({"path": "a/{p}", "params": {"p": {"type": "resolve", "field": "b"}}}),
        "resources[1].endpoint.params.p",
        ["needs `resource`"],
    ),
    (
        child(
            {
                "path": "a/{p}",
                "params": {
                    "p": {"type": "resolve", "resource": "parents", "field": "b", "fields": 1}
                },
            }
        ),
        "resources[1].endpoint.params.p.fields",
        ["keys: `type`, `resource`, `field`"],
    ),
    (
        two("parents", {"name": "a", "endpoint": "a/{resources.parent.id}"}),
        "resources[1]",
        ["depends on `parent`, which is no resource", "did you mean `parents`?"],
    ),
    (
        two("b", {"name": "a", "endpoint": "{resources.zzz.id}"}),
        "resources[1]",
        ["depends on `zzz`", "there are: `b`, `a`"],
    ),
    (
        two(
            {"name": "b", "endpoint": "{resources.a.x}"},
            {"name": "a", "endpoint": "{resources.b.x}"},
        ),
        "resources[0]",
        ["waits for itself", "`b`, `a`"],
    ),
    (small({"path": "a/{resources.items.id}"}), ITEM, ["waits for itself"]),
    (
        {
            **small(),
            "resources": ["a", "b", {"name": "c", "endpoint": "{resources.a.x}/{resources.b.x}"}],
        },
        "resources[2]",
        ["depends on `a`, `b`", "one parent only"],
    ),
    (small({"path": "a/{resources.b}"}), f"{ENDPOINT}.path", ["names no field of a parent"]),
    (small({"path": "a/{resources.b.$$}"}), f"{ENDPOINT}.path", ["`$$` is no JSONPath"]),
    (small({"path": "a/{incremental.start_value}"}), f"{ENDPOINT}.path", ["needs `endpoint.incr"]),
    (small({"params": {"p": "{x}"}}), f"{ENDPOINT}.params.p", ["no placeholder", "write `{{` or"]),
    (small({"json": {"p": ["{x}"]}}), f"{ENDPOINT}.json.p[0]", ["no placeholder"]),
    (small({"json": {"{x}": 1}}), f"{ENDPOINT}.json", ["no placeholder"]),
    (small({"params": {'{"x": 1}': ""}}), f"{ENDPOINT}.params", ["no placeholder"]),
    (small({"data": "{x}"}), f"{ENDPOINT}.data", ["no placeholder"]),
    (small({"headers": {"p": "{x}"}}), f"{ENDPOINT}.headers.p", ["no placeholder"]),
    (small({"headers": {"p": "{"}}), f"{ENDPOINT}.headers.p", ["without its partner"]),
    (small(None, include_from_parent=["id"]), f"{ITEM}.include_from_parent", ["needs a parent"]),
    (
        small({"decoder": "csv", "incremental": {"token_path": "next"}}),
        f"{ENDPOINT}.incremental.token_path",
        ["answers of CSV have nothing beside their rows", "`next`"],
    ),
    # batches of a parent's values
    (small({"batch": 10}), f"{ENDPOINT}.batch", ["depends on none", "`{resources.NAME.FIELD}`"]),
    (batched(0), BATCH, ["must be at least 1"]),
    (batched({"separator": ","}), f"{BATCH}.size", ["is missing"]),
    (batched({"size": 2, "key": "id"}), f"{BATCH}.key", ["is not a key here"]),
    (
        batched(2, path="a/{resources.parents.team}"),
        BATCH,
        ["requests hold `team`, `id`", "`batch.field`"],
    ),
    (
        batched({"size": 2, "field": "ids"}),
        f"{BATCH}.field",
        ["hold no field `ids`", "did you mean `id`?"],
    ),
    (
        batched(2, incremental={"cursor_path": "n", "per_parent": True}),
        BATCH,
        ["incremental.per_parent"],
    ),
    (
        two("parents", {**BATCHED, "include_from_parent": ["id"]}),
        BATCH,
        ["`include_from_parent`", "`batch: {size: 100, parent_key: user_id}`"],
    ),
    (
        two(
            {
                "name": "runs",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"incremental": {"cursor_path": "id", "row_order": "desc"}},
            },
            {
                "name": "steps",
                "write_disposition": "replace",
                "endpoint": "runs/{resources.runs.id}/steps",
            },
        ),
        "resources[1].write_disposition",
        ["the latest rows of `runs`", "use `merge` or `append`"],
    ),
    (
        two(
            "b",
            {
                "name": "a",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "path": "{resources.b.id}/a",
                    "incremental": {"cursor_path": "id", "row_order": "desc"},
                },
            },
        ),
        "resources[1].endpoint.incremental",
        ["listed anew for each row of its parent"],
    ),
    # fields that are left out
    (
        small({"rows": {"without": ["a"], "each": {"path": "lines"}}}),
        f"{ENDPOINT}.rows",
        ["either `each`", "or `without`"],
    ),
    (small({"rows": {"without": []}}), f"{ENDPOINT}.rows.without", ["is empty"]),
    (
        gone("keep", endpoint={"path": "items", "rows": {"without": ["a", "id"]}}),
        f"{ENDPOINT}.rows.without",
        ["leaves out `id`", "`primary_key`"],
    ),
    (
        small({"incremental": SINCE, "rows": {"without": ["updated_at"]}}),
        f"{ENDPOINT}.rows.without",
        ["leaves out `updated_at`"],
    ),
    # response actions
    (
        actions({"status_code": 404, "action": "ingore"}),
        f"{ACTION}.action",
        ["`ingore` is not known", "did you mean `ignore`?"],
    ),
    (actions({"content": "x", "action": "skip"}), ACTION, ["`skip` needs the error status"]),
    (actions({"status_code": 200, "action": "skip"}), ACTION, ["`skip` needs the error status"]),
    (actions({"status_code": 401, "action": "skip"}), ACTION, ["the credentials are wrong"]),
    (
        gone("keep", write_disposition="replace", endpoint={"path": "items", **SKIPS}),
        f"{ACTION}.action",
        ["`skip` leaves what was loaded", "`write_disposition: replace`"],
    ),
    (
        gone(
            "keep",
            endpoint={
                **{"path": "items", "data_selector": "data"},
                "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "after"},
                "incremental": {
                    **{"cursor_path": "id", "row_order": "desc", "settled_when": "done"},
                    "refresh_path": "/items/{id}",
                },
                **SKIPS,
            },
        ),
        f"{ACTION}.action",
        ["`skip` does not go with a listing that is kept up with"],
    ),
    (
        small(
            {
                "path": "items?from={incremental.start_value}&to={incremental.end_value}",
                "incremental": {**SINCE, "step": "1d", "range_end": "open"},
                **SKIPS,
            }
        ),
        f"{ACTION}.action",
        ["`skip` does not go with windows (`step`)"],
    ),
    (
        child({"path": "a/{resources.parents.id}/b", "incremental": SINCE, **SKIPS}),
        "resources[1].endpoint.response_actions[0].action",
        ["`skip` does not go with one `incremental` for all rows", "`per_parent: true`"],
    ),
    (actions({"action": "ignore"}), ACTION, ["says not when", "`status_code` or `content`"]),
    (actions({"status_code": 404}), f"{ACTION}.action", ["is missing", "`fail` or `retry`"]),
    (
        actions({"status_code": "4xx", "action": "ignore"}),
        f"{ACTION}.status_code",
        ["number of an HTTP status, for example 404"],
    ),
    (actions({"status_code": 1, "action": "fail"}), f"{ACTION}.status_code", ["HTTP status"]),
    (actions({"content": 4, "action": "fail"}), f"{ACTION}.content", ["expected text"]),
    (actions({"action": []}), f"{ACTION}.action", ["list at least one function"]),
    (actions({"action": ["ignore"]}), f"{ACTION}.action[0]", ["expected a Python function"]),
    (actions({"action": 3}), f"{ACTION}.action", ["expected text or a list; got `3`"]),
    (actions(object()), ACTION, ["expected a Python function"]),
    (actions("ignore"), ACTION, ["expected a mapping; got `ignore`"]),
    # hints
    (
        small(None, processing_steps=[{"map": "len"}]),
        f"{ITEM}.processing_steps[0].map",
        ["expected a Python function"],
    ),
    (
        small(None, processing_steps=[{"fliter": len}]),
        f"{ITEM}.processing_steps[0].fliter",
        ["did you mean `filter`?"],
    ),
    (small(None, parent_table_name="t"), f"{ITEM}.parent_table_name", ["under `nested_hints`"]),
    (
        small(None, primary_key=lambda row: "id"),
        f"{ITEM}.primary_key",
        ["is a function", "`table_name`"],
    ),
    (small(None, name=lambda row: "a"), f"{ITEM}.name", ["expected text; got a Python object"]),
]
