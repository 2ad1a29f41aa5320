"""Servers of one small listing, each with a way of its own to say how it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.servers import Answer, Asked, Handler

ROWS = [{"id": number, "name": f"n{number}"} for number in range(1, 8)]
SIZE = 3
PAGES = [ROWS[:3], ROWS[3:6], ROWS[6:]]

Rest = Callable[[int], dict[str, Any]]
"""What stands in a page beside its rows, by the page's place from 0."""


def nothing(place: int) -> dict[str, Any]:
    return {}


def by_cursor(rest: Rest, where: str = "cursor") -> Handler:
    """The place of the page is the cursor: in the query, or at a dotted path in the body."""

    def answer(asked: Asked) -> Answer:
        place = int(sent(asked, where) or 0)
        return Answer({"data": PAGES[place], **rest(place)})

    return answer


def by_offset(rest: Rest, offset: str = "offset", limit: str = "limit") -> Handler:
    def answer(asked: Asked) -> Answer:
        first, count = int(sent(asked, offset) or 0), int(sent(asked, limit) or SIZE)
        return Answer({"data": ROWS[first : first + count], **rest(first)})

    return answer


def by_page(rest: Rest, page: str = "page", base: int = 0) -> Handler:
    def answer(asked: Asked) -> Answer:
        number = sent(asked, page)
        place = 0 if number is None else int(number) - base
        rows = PAGES[place] if 0 <= place < len(PAGES) else []
        return Answer({"data": rows, **rest(place)})

    return answer


def sent(asked: Asked, where: str) -> Any:
    """What a request says: in its query, or in its JSON body."""
    if where in asked.query:
        return asked.query[where]
    value = json.loads(asked.body) if asked.body else {}
    for key in where.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def following(place: int) -> int | None:
    return place + 1 if place + 1 < len(PAGES) else None


def in_json(key: str = "next") -> Rest:
    return lambda place: {key: following(place)}


def linked(form: str, *, in_header: bool = False, rel: str = "next") -> Handler:
    """Links of a form to the next place, in the page or its header."""

    def answer(asked: Asked) -> Answer:
        place = int(asked.query.get("place", 0))
        after = following(place)
        host = asked.headers["Host"]
        link = None if after is None else form.format(base=f"http://{host}", place=after)
        if not in_header:
            return Answer({"data": PAGES[place], "paging": {"next": link}, "next": link})
        links = f'<http://{host}/first>; rel="first"'
        links += f', <{link}>; rel="{rel}"' if link else ""
        return Answer({"data": PAGES[place]}, headers={"Link": links})

    return answer


def header_cursor(asked: Asked) -> Answer:
    place = int(sent(asked, "cursor") or sent(asked, "after") or 0)
    after = following(place)
    headers = {} if after is None else {"next": str(after), "X-Next-Token": str(after)}
    return Answer({"data": PAGES[place]}, headers=headers)
