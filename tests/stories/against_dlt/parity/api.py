"""One API with a bit of everything that the format can describe."""

from __future__ import annotations

import json
from typing import Any

from tests.support.servers import Answer, Asked, Handler

TOKEN = "a-t0ken-that-is-given-out"
_SIZE = 3
ROWS = [
    {
        "id": number,
        "name": f"row {number}",
        "group": {"id": number % 2, "label": "even" if number % 2 == 0 else "odd"},
        "updated_at": f"2026-01-0{number}T00:00:00Z",
        "tags": ["a", "b"][: number % 3],
    }
    for number in range(1, 8)
]
_USERS = [{"id": n, "name": f"user {n}", "team": {"key": f"t{n}"}} for n in range(1, 4)]


def answer(asked: Asked) -> Answer:
    """What the API says; the same to the same request, always."""
    first, *rest = asked.path.strip("/").split("/")
    if first == "users":
        return _users(asked, rest)
    if first in _LISTINGS:
        return _LISTINGS[first](asked)
    return Answer({"message": "not found"}, 404)


def _sent(asked: Asked, name: str, default: Any = None) -> Any:
    """A value of the query, or of the JSON body."""
    if name in asked.query:
        return asked.query[name]
    try:
        body = json.loads(asked.body) if asked.body else {}
    except ValueError:
        return default
    for key in name.split("."):
        body = body.get(key) if isinstance(body, dict) else None
    return default if body is None else body


def _page(first: int) -> tuple[list[dict[str, Any]], int | None]:
    following = first + _SIZE
    return ROWS[first:following], following if following < len(ROWS) else None


def _cursor(asked: Asked) -> Answer:
    rows, following = _page(int(_sent(asked, "cursor", _sent(asked, "paging.after", 0))))
    meta = {"more": following is not None, "count": len(ROWS)}
    return Answer({"data": rows, "next": following, "cursors": {"next": following}, "meta": meta})


def _links(asked: Asked) -> Answer:
    rows, following = _page(int(asked.query.get("at", 0)))
    link = None if following is None else f"{asked.path}?at={following}"
    headers = {"Link": f'<{link}>; rel="next"'} if link else {}
    return Answer({"data": rows, "next": link, "paging": {"link": link}}, headers=headers)


def _tokens(asked: Asked) -> Answer:
    rows, following = _page(int(asked.query.get("cursor", asked.query.get("after", 0))))
    headers = {} if following is None else {"next": str(following), "X-After": str(following)}
    return Answer({"data": rows}, headers=headers)


def _offsets(asked: Asked) -> Answer:
    first = int(_sent(asked, "offset", _sent(asked, "skip", 0)))
    limit = int(_sent(asked, "limit", _sent(asked, "take", _SIZE)))
    rows = ROWS[first : first + limit]
    more = first + limit < len(ROWS)
    return Answer({"data": rows, "total": len(ROWS), "meta": {"more": more, "all": len(ROWS)}})


def _numbers(asked: Asked) -> Answer:
    number = int(_sent(asked, "page", _sent(asked, "number", 0)))
    first = (number - 1 if "from_one" in asked.query else number) * _SIZE
    rows = ROWS[first : first + _SIZE]
    more = first + _SIZE < len(ROWS)
    return Answer({"data": rows, "total": 3, "meta": {"more": more, "pages": 3}})


def _since(asked: Asked) -> Answer:
    since, until = asked.query.get("since", ""), asked.query.get("until", "9")
    rows = [row for row in ROWS if since <= str(row["updated_at"]) <= until]
    if asked.query.get("order") == "desc":
        rows = rows[::-1]
    return Answer({"data": rows})


def _holes(asked: Asked) -> Answer:
    rows: list[dict[str, Any]] = [{"id": 1, "at": 5}, {"id": 2}, {"id": 3, "at": None}]
    return Answer({"data": [*rows, {"id": 4, "at": 7}]})


def _secure(asked: Asked) -> Answer:
    given = [asked.headers.get(name) for name in ("Authorization", "X-Key", "Cookie")]
    if not any(given) and "key" not in asked.query:
        return Answer({"message": "who are you?"}, 401)
    return Answer(ROWS[:2])


def _token(asked: Asked) -> Answer:
    return Answer({"access_token": TOKEN, "expires_in": 3600})


def _echo(asked: Asked) -> Answer:
    told = {"id": 1, "method": asked.method, "query": sorted(asked.query.items())}
    return Answer([{**told, "query": json.dumps(told["query"]), "body": asked.body.decode()}])


def _users(asked: Asked, rest: list[str]) -> Answer:
    if not rest:
        return Answer(_USERS)
    if len(rest) == 1:
        return Answer(next(user for user in _USERS if str(user["id"]) == rest[0]))
    if rest[1] == "posts":
        return Answer([{"post": int(rest[0]) * 10 + n, "words": n} for n in range(int(rest[0]))])
    if rest[1] == "photos" and rest[0] == "2":
        return Answer({"message": "no photos"}, 404)
    return Answer([{"of": rest[0], "query": json.dumps(sorted(asked.query.items()))}])


_LISTINGS: dict[str, Handler] = {
    "items": _cursor,
    "plain": lambda asked: Answer(ROWS),
    "deep": lambda asked: Answer({"result": {"items": ROWS[:4]}, "meta": {"tags": ["x"]}}),
    "links": _links,
    "tokens": _tokens,
    "offsets": _offsets,
    "numbers": _numbers,
    "since": _since,
    "holes": _holes,
    "secure": _secure,
    "token": _token,
    "echo": _echo,
    "empty": lambda asked: Answer({"data": [], "next": None}),
    "broken": lambda asked: Answer({"message": "broken"}, 500),
    "quota": lambda asked: Answer({"message": "quota exceeded"}),
}
