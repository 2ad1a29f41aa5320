"""An API that lists rows in one style, and counts what it is asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.support.api_styles.bodies import body_of, put
from tests.support.api_styles.rows import HIDDEN, Row, rows_of, shuffled
from tests.support.api_styles.style import Style
from tests.support.servers import Answer, Asked, JsonServer

PATH = "/v1/items"
SECRET = "canary-7f3d9a1c5e"
USER = "reader"
_FILTER = {"state": "open"}
_EACH_THROTTLED = 5


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 - no error of the server
    """An answer that is no page."""

    status: int
    message: str


@dataclass(frozen=True)
class Cut:
    """The part of a listing that a request asks for.

    Args:
        rows: Its rows, without those that are hidden.
        start: Where it begins.
        size: How many rows were asked for.
        following: Where the next page begins; None behind the last one.
        last: The last row, hidden or not.
    """

    rows: list[Row]
    start: int
    size: int
    following: int | None
    last: Row | None


class StyledApi:
    """A listing in one style.

    Args:
        style: The style.
        server: What serves it.
        elsewhere: The base URL of a server that nothing may be asked of.
    """

    def __init__(self, style: Style, server: JsonServer, elsewhere: str = "") -> None:
        self.style = style
        self.server = server
        self._elsewhere = elsewhere
        self._rows = rows_of(style)
        server.asked.clear()
        server.handler = self._answer

    @property
    def url(self) -> str:
        """The URL that a discovery begins with."""
        return self.server.base_url + PATH

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the first request."""
        return dict(_FILTER) if self.style.filtered and not self.style.paging.in_body else {}

    @property
    def body(self) -> dict[str, Any] | None:
        """The JSON body of the first request."""
        if not self.style.paging.in_body:
            return None
        body = {"sort": [{"id": "asc"}]} if self.style.rows_at == "hits" else {"query": "*"}
        return {**body, **_FILTER} if self.style.filtered else body

    @property
    def auth(self) -> dict[str, str] | None:
        """What `client.auth` says."""
        return {
            "": None,
            "bearer": {"type": "bearer", "token": SECRET},
            "header": {"type": "api_key", "name": "X-Key", "api_key": SECRET, "location": "header"},
            "query": {"type": "api_key", "name": "token", "api_key": SECRET, "location": "query"},
            "basic": {"type": "http_basic", "username": USER, "password": SECRET},
        }[self.style.auth]

    def truth(self) -> list[Row]:
        """All rows that the listing has for the first request."""
        rows = [row for row in self._rows if not row.get(HIDDEN)]
        return [row for row in rows if not self.style.filtered or _passes(row, _FILTER)]

    def _answer(self, asked: Asked) -> Answer:
        try:
            return self._page(asked)
        except Refusal as refusal:
            headers = {"Retry-After": "0"} if refusal.status == 429 else {}
            return Answer({"message": refusal.message}, refusal.status, headers)

    def _page(self, asked: Asked) -> Answer:
        style, paging = self.style, self.style.paging
        if style.throttled and len(self.server.asked) % _EACH_THROTTLED == 2:
            raise Refusal(429, "slow down")
        self._refuse_strangers(asked)
        if asked.path != PATH or asked.method != style.method:
            return self._single(asked)
        values = _flat(json.loads(asked.body or b"{}")) if paging.in_body else dict(asked.query)
        listed = self._listed(values)
        cut = self._cut(listed, values)
        return self._shown(asked, cut, listed, values)

    def _refuse_strangers(self, asked: Asked) -> None:
        basic = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
        proves = {
            "": True,
            "bearer": asked.headers.get("Authorization") == f"Bearer {SECRET}",
            "header": asked.headers.get("X-Key") == SECRET,
            "query": asked.query.get("token") == SECRET,
            "basic": asked.headers.get("Authorization") == f"Basic {basic}",
        }
        if not proves[self.style.auth]:
            raise Refusal(401, "who asks?")

    def _single(self, asked: Asked) -> Answer:
        above, _, name = asked.path.rpartition("/")
        if self.style.single and above == PATH and asked.method == "GET":
            for row in self._rows:
                if str(row.get("id")) == name:
                    return Answer(_served(row, self.style, len(self.server.asked)))
        raise Refusal(404, "not found")

    def _listed(self, values: Mapping[str, Any]) -> list[Row]:
        """The rows that a request may see, in the order in which it sees them."""
        style, paging = self.style, self.style.paging
        known = {paging.param, paging.size, "token", "state", "sort[0].id", "query"}
        others = {name: value for name, value in values.items() if name not in known}
        if others and style.unknown == "refused":
            raise Refusal(400, f"unknown parameter: {sorted(others)[0]}")
        wanted = {name: value for name, value in values.items() if name == "state"}
        if style.unknown == "filters":
            wanted |= others
        rows = [row for row in self._rows if _passes(row, wanted)]
        if style.order == "changing":
            return shuffled(rows, len(self.server.asked))
        return rows

    def _size(self, values: Mapping[str, Any]) -> int:
        style = self.style
        name = style.paging.size
        if style.paging.kind == "all":
            return max(1, len(self._rows))
        if name is None or name not in values:
            return style.default_size
        size = _whole(name, values[name])
        if size < 1:
            raise Refusal(400, f"`{name}` must be from 1 on")
        if style.cap is not None and size > style.cap:
            if style.over_cap == "refused":
                raise Refusal(400, f"`{name}` must be at most {style.cap}")
            return style.cap
        return size

    def _cut(self, listed: list[Row], values: Mapping[str, Any]) -> Cut:
        style = self.style
        size = self._size(values)
        start = self._start(listed, values, size)
        if style.window is not None and start + size > style.window and start > 0:
            raise Refusal(400, "the result window is too large")
        if start > 0 and start >= len(listed) and style.paging.kind in ("offset", "page"):
            if style.behind in ("404", "400"):
                raise Refusal(int(style.behind), "there is no such page")
            if style.behind == "the last page":
                start = max(0, (len(listed) - 1) // size * size)
        rows = listed[start : start + size]
        end = start + len(rows)
        following = end if end < len(listed) else None
        if following is not None and style.paging.includes_last and len(rows) > 1:
            following = end - 1
        last = rows[-1] if rows else None
        return Cut([row for row in rows if not row.get(HIDDEN)], start, size, following, last)

    def _start(self, listed: list[Row], values: Mapping[str, Any], size: int) -> int:
        paging = self.style.paging
        value = values.get(paging.param) if paging.param else None
        if value is None or value == "" or paging.kind in ("all", "hidden"):
            return 0
        if "offset" in (paging.kind, paging.token):
            return max(0, _whole(paging.param, value) - paging.base)
        if "page" in (paging.kind, paging.token):
            return max(0, _whole(paging.param, value) - paging.base) * size
        if paging.kind == "after" or paging.token in ("last id", "sort values"):
            return self._behind(listed, value)
        return _decoded(paging.param, value)

    def _behind(self, listed: list[Row], value: Any) -> int:
        for place, row in enumerate(listed):
            if str(row.get("id")) == str(value):
                return place if self.style.paging.includes_last else place + 1
        raise Refusal(400, f"no row {value}")

    def _shown(
        self, asked: Asked, cut: Cut, listed: list[Row], values: Mapping[str, Any]
    ) -> Answer:
        style = self.style
        served = [_served(row, style, len(self.server.asked)) for row in cut.rows]
        body, headers = body_of(style, served), dict[str, str]()
        following = self._following(cut)
        if style.paging.shown:
            shown = None
            if following is not None:
                shown = (
                    self._link(asked, following, cut)
                    if style.paging.kind == "link"
                    else self._token(following, cut)
                )
            put(body, headers, style.paging.shown, shown)
        if style.total_at:
            put(body, headers, style.total_at, self._total(cut, listed))
        if style.more_at:
            put(body, headers, style.more_at, self._more(cut))
        if style.echo:
            at = "data/" if style.rows_at == "nested" else ""
            number, size = "page", style.paging.size or "size"
            if style.echo_in:
                at = style.echo_in
                number, size = _keys(style.paging.param), _keys(size)
            put(body, headers, at + number, cut.start // cut.size + 1)
            asked_for = style.default_size if style.paging.kind == "all" else cut.size
            put(body, headers, at + size, asked_for)
        return Answer(body, headers=headers)

    def _following(self, cut: Cut) -> int | None:
        """Where the token or link of a page leads, which may be wrong on the last one."""
        if cut.following is not None:
            return cut.following
        match self.style.last_token:
            case "to an empty page":
                return cut.start + len(cut.rows) if cut.rows else None
            case "itself":
                return cut.start
            case "the first page":
                return 0
        return None

    def _token(self, following: int, cut: Cut) -> Any:
        paging = self.style.paging
        match paging.token:
            case "page":
                return following // cut.size + paging.base
            case "offset":
                return following + paging.base
            case "last id":
                return cut.last["id"] if cut.last else None
            case "sort values":
                return None
        return base64.urlsafe_b64encode(f"at:{following}".encode()).decode()

    def _link(self, asked: Asked, following: int, cut: Cut) -> str:
        style = self.style
        kept = dict(asked.query) if style.link_keeps else {}
        if style.paging.size and style.paging.size in asked.query:
            kept[style.paging.size] = asked.query[style.paging.size]
        query = urlencode({**kept, style.paging.param: self._token(following, cut)})
        if style.paging.link == "query":
            return f"?{query}"
        if style.paging.link == "path":
            return f"{PATH}?{query}"
        base = self.server.base_url
        if style.link_host == "other":
            base = self._elsewhere
        elif style.link_host == "https":
            base = f"https://{urlsplit(base).netloc}"
        return f"{base}{PATH}?{query}"

    def _total(self, cut: Cut, listed: list[Row]) -> int:
        count = sum(not row.get(HIDDEN) for row in listed)
        match self.style.total:
            case "too high":
                return count + 17
            case "too low":
                return max(0, count - 17)
            case "of the page":
                return len(cut.rows)
        return count

    def _more(self, cut: Cut) -> bool:
        match self.style.more:
            case "always true":
                return True
            case "always false":
                return False
            case "false on page 2":
                return cut.following is not None and cut.start != cut.size
        return cut.following is not None


def _served(row: Row, style: Style, request: int) -> Row:
    served = {name: value for name, value in row.items() if name != HIDDEN}
    if style.served_at:
        served |= {"served_at": f"2026-11-30T10:00:{request % 60:02}Z", "rank": request * 31 % 997}
    return served


def _passes(row: Row, wanted: Mapping[str, Any]) -> bool:
    return all(str(row.get(name)) == str(value) for name, value in wanted.items())


def _flat(document: Any, above: str = "") -> dict[str, Any]:
    """The values of a JSON document by their paths."""
    if isinstance(document, dict):
        inner = {f"{above}.{key}" if above else key: each for key, each in document.items()}
    elif isinstance(document, list):
        inner = {f"{above}[{place}]": each for place, each in enumerate(document)}
    else:
        return {above: document}
    return {name: value for key, each in inner.items() for name, value in _flat(each, key).items()}


def _whole(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refusal(400, f"`{name}` is no whole number") from None


def _decoded(name: str, value: Any) -> int:
    try:
        word, _, place = base64.urlsafe_b64decode(str(value)).decode().partition(":")
        if word != "at":
            raise ValueError
        return int(place)
    except ValueError:
        raise Refusal(400, f"`{name}` is no cursor of ours") from None


def _keys(param: str) -> str:
    """Where an answer has what a parameter asks for: `page[size]` within `page`."""
    return param.replace("[", "/").replace("]", "").replace(".", "/")
