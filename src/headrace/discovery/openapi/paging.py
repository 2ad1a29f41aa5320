"""How the pages of a listing go on, as a document tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.operations import Operation
from headrace.discovery.openapi.rows import RowsInAnswer, fields_told, own_name, quoted_path
from headrace.discovery.openapi.scalars import text_of
from headrace.discovery.openapi.schemas import Schemas, Shape
from headrace.sansio.discovery.parameters import (
    BEHIND_LAST_ROW,
    BODY_OFFSETS,
    BODY_SIZES,
    OFFSETS,
    PAGES,
    SIZES,
    params_of_token,
)
from headrace.sansio.paging.envelope import Keys, plain_name

UNKNOWN = "unknown"
"""What a config says of a paginator that is not known: it is refused until that is."""

_USUAL_SIZE = 100
_MOST_ROWS = 1_000
_FORMATS_OF_LINKS = ("uri", "url", "uri-reference", "iri", "iri-reference")
_LINKS = ("url", "link", "href", "uri")
_LINK_LISTS = ("links", "paging", "pagination", "meta", "page", "pages", "view")
_TOKENS = frozenset(
    [
        *("cursor", "endcursor", "after", "continuation", "continuationtoken", "continue"),
        *("pagetoken", "marker", "bookmark", "scrollid", "skiptoken", "lastid", "lastkey"),
    ]
)
# `pagination[pageSize]`: the field of an object that is about pages alone.
_OF_PAGING = re.compile(r"(?:page|pagination|paging|pager)\[([^\[\]]+)\]\Z", re.IGNORECASE)
_MORE = frozenset(["hasmore", "hasnext", "hasnextpage", "more", "morepages", "istruncated"])
_FROM_ZERO = re.compile(
    r"\b(?:zero|0)[- ](?:based|indexed)|\b(?:start|begin)\w*\s+(?:at|from|with)\s+(?:0|zero)\b"
    r"|\bdefaults?(?: (?:is|to|value))*\s*[:=]?\s*`?0\b|\bfirst page is `?0\b",
    re.IGNORECASE,
)
_FROM_ONE = re.compile(
    r"\b(?:one|1)[- ](?:based|indexed)|\b(?:start|begin)\w*\s+(?:at|from|with)\s+(?:1|one)\b"
    r"|\bdefaults?(?: (?:is|to|value))*\s*[:=]?\s*`?1\b|\bfirst page is `?1\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ToldPaging:
    """How pages go on, as a document tells it; nobody has tried it.

    Args:
        paginator: What `endpoint.paginator` says.
        why: What in the document speaks for it, or what to find out, as half a line.
        params: The query parameters that belong to it.
        body: What of the JSON body belongs to it.
        names: The parameters, of query or body, that it fills in.
        size: The query parameter for the size of a page, and the size to ask for; None where there
            is none, or it is among `params` or the keys of the paginator.
        others: What the words of the document may mean else, to be tried where the API answers.
    """

    paginator: Mapping[str, Any] | str
    why: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    size: tuple[str, int] | None = None
    others: tuple[ToldPaging, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether the document tells it."""
        return self.paginator != UNKNOWN


def paging_of(operation: Operation, rows: RowsInAnswer, schemas: Schemas) -> ToldPaging:
    """How the pages of a listing go on.

    Only what cannot pass over rows in silence is taken for told: an answer that names what
    follows, or pages that are asked for until one is empty.

    Args:
        operation: The operation that lists.
        rows: Where the rows are.
        schemas: Puts schemas together.
    """
    told = _Told(operation, rows, schemas)
    for way in (_by_link, _by_token, _by_header, _by_last_row, _by_offset, _by_number):
        found = way(told)
        if found is not None:
            return found
    size = (told.size, told.most_rows) if told.size is not None else None
    others = (
        () if told.page is None else (_numbered(told, told.page, 1), _numbered(told, told.page, 0))
    )
    names = frozenset(told.size_names)
    return ToldPaging(UNKNOWN, told.nothing, names=names, size=size, others=others)


class _Told:
    """What an operation says of pages."""

    def __init__(self, operation: Operation, rows: RowsInAnswer, schemas: Schemas) -> None:
        self.headers = operation.answer_headers
        self.rows = rows
        self.around = list(fields_told(rows.around, schemas, rows.keys))
        self.query = {each.name: each for each in operation.of_place("query")}
        self.shapes = {name: schemas.shape(each.schema) for name, each in self.query.items()}
        body = schemas.shape(operation.body)
        self.body = {name: schemas.field_of(body, name) for name in body.fields}
        numbers = [name for name, shape in self.shapes.items() if _may_be_number(shape)]
        self.size = _first(SIZES, numbers)
        in_body = [name for name, shape in self.body.items() if _may_be_number(shape)]
        self.body_size = _first(BODY_SIZES, in_body)
        # A `from` or `start` may be a time.
        self.offset = _first(OFFSETS, numbers)
        self.page = _first(PAGES, numbers)
        self.body_offset = _first(BODY_OFFSETS, in_body)

    @property
    def size_names(self) -> list[str]:
        """The parameter for the size of a page, if there is one."""
        return [name for name in (self.size, self.body_size) if name is not None]

    @property
    def nothing(self) -> str:
        """What is not known."""
        if self.page is not None:
            return (
                f"the document names the parameter `{self.page}`, and not the number of the first "
                "page: see what 0 and 1 bring"
            )
        if self.size is not None:
            return (
                f"the document names `{self.size}` for the size of a page, and not how the next "
                "one is asked for"
            )
        return "the document names nothing of pages: single_page, if one answer has all rows"

    @property
    def most_rows(self) -> int:
        """The size of a page to ask for."""
        shape = self.shapes[self.size] if self.size is not None else None
        if shape is None and self.body_size is not None:
            shape = self.body[self.body_size]
        if shape is None:
            return _USUAL_SIZE
        most = _count(shape.facts.get("maximum"))
        usual = _count(shape.facts.get("default")) or _USUAL_SIZE
        return min(most or max(usual, _USUAL_SIZE), _MOST_ROWS)

    def sized(self) -> dict[str, Any]:
        """The query parameter for the size of a page."""
        return {self.size: self.most_rows} if self.size is not None else {}

    def sized_body(self) -> dict[str, Any]:
        """The same in a JSON body."""
        return {self.body_size: self.most_rows} if self.body_size is not None else {}

    def found(self, paginator: Mapping[str, Any], why: str, *names: str) -> ToldPaging:
        """A way that is told, with the size of a page beside it."""
        used = frozenset([*names, *self.size_names])
        return ToldPaging(paginator, why, self.sized(), self.sized_body(), used)


def _by_link(told: _Told) -> ToldPaging | None:
    for keys, shape in told.around:
        if _is_link(keys, shape, told):
            path = quoted_path(keys)
            return told.found(
                {"type": "json_link", "next_url_path": path},
                f"the answer has a link at `{path}`",
            )
    return None


def _is_link(keys: Keys, shape: Shape, told: _Told) -> bool:
    last = own_name(keys[-1])
    above = own_name(keys[-2]) if len(keys) > 1 else ""
    if shape.types and "string" not in shape.types:
        return False
    if "next" in above and last in _LINKS:
        return True
    if "next" not in last or last.startswith(("prev", "first")):
        return False
    if shape.format in _FORMATS_OF_LINKS or last.endswith(_LINKS):
        return True
    # A token goes back as a parameter; what is called `next` and goes back as none is a link.
    is_token = any(name in told.query for name in _token_params(keys, told.query))
    return last == "next" and not is_token and (above in _LINK_LISTS or "count" in _names(told))


def _names(told: _Told) -> set[str]:
    return {plain_name(keys[0]) for keys, _ in told.around if len(keys) == 1}


def _by_token(told: _Told) -> ToldPaging | None:
    for keys, shape in sorted(told.around, key=lambda each: "next" not in plain_name(each[0][-1])):
        if not _is_token(keys, shape):
            continue
        path = quoted_path(keys)
        fixed: dict[str, Any] = {"type": "cursor", "cursor_path": path}
        for name in _token_params(keys, told.query):
            if name in told.query:
                why = f"the answer has a token at `{path}`, and `{name}` takes it"
                return told.found({**fixed, "cursor_param": name}, why, name)
        for name in _token_params(keys, told.body):
            if name in told.body:
                why = f"the answer has a token at `{path}`, and `{name}` of the body takes it"
                return told.found({**fixed, "cursor_body_path": name}, why, name)
    return None


def _is_token(keys: Keys, shape: Shape) -> bool:
    last = plain_name(keys[-1])
    if shape.is_object or shape.is_list or "boolean" in shape.types:
        return False
    if last.startswith(("prev", "first")) or "sync" in last or "delta" in last:
        return False
    is_below_next = any(plain_name(key).startswith("next") for key in keys[:-1])
    return "next" in last or is_below_next or last in _TOKENS


def _token_params(keys: Keys, known: Iterable[str]) -> list[str]:
    """The parameters that may take a token, as the document spells them."""
    by_plain = {plain_name(name): name for name in known}
    places = {plain_name(name) for name in (*OFFSETS, *PAGES)}
    is_next = any("next" in plain_name(key) for key in keys)
    wanted = [plain_name(name) for name in params_of_token(keys)]
    own = plain_name(keys[-1])
    return [
        by_plain[name]
        for name in wanted
        # An `offset` in an answer is mostly the one that was asked for. And one that follows goes
        # back as what it is called, not as any place.
        if name in by_plain and (name not in places or (is_next and own.endswith(name)))
    ]


def _by_header(told: _Told) -> ToldPaging | None:
    for header in told.headers:
        plain = plain_name(header)
        if plain == "link":
            return told.found({"type": "header_link"}, "the answer has a header `Link`")
        if "next" in plain and plain.endswith(("page", "url", "link")):
            taken = [name for name in _token_params((header,), told.query) if name in told.query]
            if taken and not plain.endswith(("url", "link")):
                paginator = {
                    "type": "header_cursor",
                    "cursor_key": header,
                    "cursor_param": taken[0],
                }
                why = f"the answer has a header `{header}`, and `{taken[0]}` takes it"
                return told.found(paginator, why, taken[0])
            return told.found(
                {"type": "header_link", "link_header": header},
                f"the answer has a header `{header}`",
            )
    return None


def _by_last_row(told: _Told) -> ToldPaging | None:
    more = next((keys for keys, _ in told.around if plain_name(keys[-1]) in _MORE), None)
    param = _first(BEHIND_LAST_ROW, told.query)
    if more is None or param is None or "id" not in told.rows.row.fields:
        return None
    if plain_name(param) in ("since", "sinceid", "cursor", "marker"):
        return None
    rows = quoted_path(told.rows.keys) if told.rows.keys else "$"
    path = quoted_path(more)
    paginator = {
        "type": "cursor",
        "cursor_path": f"{rows}[-1].id",
        "cursor_param": param,
        "has_more_path": path,
    }
    why = f"the answer says at `{path}` whether there are more, and `{param}` takes the last id"
    return told.found(paginator, why, param)


def _by_offset(told: _Told) -> ToldPaging | None:
    in_body = told.offset is None
    offset = told.body_offset if in_body else told.offset
    size = told.body_size if in_body else told.size
    if offset is None:
        return None
    # Until a page is empty, whatever total the answer tells.
    paginator: dict[str, Any] = {"type": "offset", "limit": told.most_rows, "total_path": None}
    place = "body_path" if in_body else "param"
    if in_body or offset != "offset":
        paginator[f"offset_{place}"] = offset
    if size is not None and (in_body or size != "limit"):
        paginator[f"limit_{place}"] = size
    shape = told.body[offset] if in_body else told.shapes[offset]
    words = "" if in_body else told.query[offset].description
    first = _count(shape.facts.get("default")) or _first_number(words, shape)
    if first:
        # What counts rows from 1, as SCIM does.
        paginator["offset"] = first
    names = f"`{offset}`" + (f" and `{size}`" if size is not None else "")
    why = f"the parameters {names}" + " of the body" * in_body
    # Some count pages by it.
    others = () if in_body else (_numbered(told, offset, 0),)
    return ToldPaging(paginator, why, names=frozenset([offset, *told.size_names]), others=others)


def _by_number(told: _Told) -> ToldPaging | None:
    if told.page is None:
        return None
    first = _first_number(told.query[told.page].description, told.shapes[told.page])
    if first is None:
        return None
    return _numbered(told, told.page, first)


def _numbered(told: _Told, param: str, first: int) -> ToldPaging:
    """Pages that are asked for by their numbers."""
    paginator: dict[str, Any] = {"type": "page_number", "base_page": first, "total_path": None}
    if param != "page":
        paginator["page_param"] = param
    return told.found(paginator, f"the parameter `{param}`, from {first} on", param)


def _first_number(description: str, shape: Shape) -> int | None:
    """The number of the first page or row; None where the document does not say."""
    for key in ("default", "minimum"):
        value = shape.facts.get(key)
        if value in (0, 1) and not isinstance(value, bool):
            return int(value)
    text = f"{description} {text_of(shape.facts.get('description'))}"
    zero, one = _FROM_ZERO.search(text), _FROM_ONE.search(text)
    if (zero is None) == (one is None):
        return None
    return 0 if zero is not None else 1


def _may_be_number(shape: Shape) -> bool:
    return not shape.types or bool(shape.types & {"integer", "number"})


def _first(names: Sequence[str], known: Iterable[str]) -> str | None:
    """The first of some names that is known, as it is spelled there."""
    listed = list(known)
    for name in _spellings(names, listed):
        return name
    return None


def _spellings(names: Sequence[str], listed: Sequence[str]) -> Iterator[str]:
    yield from (name for name in names if name in listed)
    by_plain = {plain_name(name): name for name in listed}
    yield from (by_plain[plain_name(name)] for name in names if plain_name(name) in by_plain)
    inner = {plain_name(match[1]): name for name in listed if (match := _OF_PAGING.match(name))}
    yield from (inner[plain_name(name)] for name in names if plain_name(name) in inner)


def _count(value: Any) -> int | None:
    is_whole = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_whole and value >= 1 and value == int(value) else None
