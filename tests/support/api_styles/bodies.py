"""What an answer looks like: where its rows are, and what stands beside them."""

from __future__ import annotations

from typing import Any

from tests.support.api_styles.rows import Row
from tests.support.api_styles.style import Style

_LOOKUPS = [{"code": code, "label": code.title()} for code in ("open", "closed", "lost")]


def body_of(style: Style, rows: list[Row]) -> Any:
    """The JSON of a page, with its rows alone.

    Args:
        style: The listing.
        rows: The rows of the page, as they are served.
    """
    match style.rows_at:
        case "bare":
            return rows
        case "data":
            return {"status": "ok", "items" if style.paging.in_body else "data": rows}
        case "nested":
            return {"meta": {"took": 3}, "data": {"entries": rows}}
        case "beside lookups":
            return {"items": rows, "states": _LOOKUPS}
        case "behind lookups":
            return {"states": _LOOKUPS, "items": rows}
        case "beside included":
            included = [{"type": "person", "key": f"p{place}"} for place, _ in enumerate(rows)]
            return {"included": included, "data": rows}
        case "keyed":
            return {"items": _by_key(rows)}
        case "bare keyed":
            return _by_key(rows)
        case "columns":
            names = list(rows[0]) if rows else []
            return {"columns": names, "rows": [list(row.values()) for row in rows]}
        case "hits":
            hits = [{**row, "sort": [row["id"]]} for row in rows]
            return {"took": 2, "timed_out": False, "hits": {"hits": hits}}


def put(body: Any, headers: dict[str, str], place: str, value: Any) -> None:
    """Puts a value into an answer.

    Args:
        body: The JSON of the answer.
        headers: Its headers.
        place: Keys with `/` between, `header Name`, `Link`, or `links`.
        value: The value; a header is left out where it is None.
    """
    if place == "Link":
        if value is not None:
            headers["Link"] = f'<{value}>; rel="next"'
        return
    if place.startswith("header "):
        if value is not None:
            headers[place.removeprefix("header ")] = str(value)
        return
    if place == "links":
        links = [{"rel": "self", "href": "/v1/items"}]
        body["links"] = links if value is None else [*links, {"rel": "next", "href": value}]
        return
    *above, last = place.split("/")
    for key in above:
        body = body.setdefault(key, {})
    body[last] = value


def _by_key(rows: list[Row]) -> dict[str, Row]:
    return {
        str(row["id"]): {name: value for name, value in row.items() if name != "id"} for row in rows
    }
