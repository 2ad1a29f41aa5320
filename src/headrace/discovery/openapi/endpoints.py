"""The endpoint of a listing, as far as a document tells it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.listings import ListingOutline, ToldParameter
from headrace.discovery.openapi.literals import Written, setting, without_placeholders
from headrace.discovery.openapi.names import plain, setting_name
from headrace.discovery.openapi.paths import PARAMETER
from headrace.sansio.discovery.evidence import Verdict

_MOST_OFFERED = 5
_ALL = ("all", "any")
_MOST_CHOICES = 8
_KEYS = {"query": "params", "header": "headers", "body": "json"}
_HOW_SHOWN = frozenset(
    [
        *("sort", "order", "orderby", "sortby", "direction", "fields", "expand", "include", "dir"),
        *("format", "locale", "lang", "language", "pretty", "embed", "view", "accept", "select"),
    ]
)


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a key of an endpoint.

    Args:
        key: The key, below `endpoint`.
        verdict: What is known.
        text: Half a line.
        value: What a commented-out line gets.
    """

    key: str
    verdict: Verdict
    text: str
    value: Any = None


@dataclass(slots=True)
class _Filled:
    """An endpoint that is being written."""

    endpoint: dict[str, Any]
    notes: list[Note] = field(default_factory=list)

    def put(self, place: str, name: str, value: Any) -> None:
        self.endpoint.setdefault(_KEYS[place], {})[without_placeholders(name)] = value


def endpoint_of(outline: ListingOutline) -> tuple[dict[str, Any], Sequence[Note]]:
    """The endpoint of a listing, and what is known of its keys.

    Args:
        outline: The listing.
    """
    filled = _Filled({"path": _path(outline)})
    for each in outline.needs:
        if each.place == "path":
            told = f"no listing has its values: give `{each.name}`{_hint(each)}"
            filled.notes.append(Note("path", "unknown", told))
    if outline.method != "GET":
        filled.endpoint["method"] = outline.method
    for each in outline.parameters:
        if each.place != "path" and each.is_required:
            _require(filled, each)
    for name, value in outline.paging.params.items():
        filled.put("query", name, value)
    for name, value in outline.paging.body.items():
        filled.put("body", name, value)
    if outline.method != "GET":
        filled.endpoint.setdefault("json", {})
    _ask_for_all(filled, outline)
    _offer(filled, outline)
    filled.endpoint["data_selector"] = outline.data_selector
    paging = outline.paging
    filled.endpoint["paginator"] = (
        paging.paginator if isinstance(paging.paginator, str) else dict(paging.paginator)
    )
    filled.notes.append(Note("paginator", "stated" if paging.is_known else "unknown", paging.why))
    return filled.endpoint, filled.notes


def _path(outline: ListingOutline) -> Written:
    """The path, with fields of the parent, or settings, for its parameters."""
    parts = PARAMETER.split(outline.path)
    written: list[str] = []
    for number, part in enumerate(parts):
        if number % 2 == 0:
            # A dollar before a setting would make a plain text of it.
            written.append(without_placeholders(re.sub(r"\$+\Z", _encoded, part)))
        elif part not in outline.from_parent:
            written.append(setting(setting_name(part)))
        else:
            written.append(f"{{resources.{outline.parent}.{outline.from_parent[part]}}}")
    return Written("".join(written))


def _encoded(dollars: re.Match[str]) -> str:
    return "%24" * len(dollars[0])


def _require(filled: _Filled, parameter: ToldParameter) -> None:
    key = f"{_KEYS[parameter.place]}.{parameter.name}"
    value = parameter.only_value
    if value is not None:
        written = without_placeholders(value) if isinstance(value, str) else value
        filled.put(parameter.place, parameter.name, written)
        filled.notes.append(Note(key, "stated", f"required{_hint(parameter)}"))
        return
    filled.put(parameter.place, parameter.name, setting(setting_name(parameter.name)))
    filled.notes.append(Note(key, "unknown", f"required: give its value{_hint(parameter)}"))


def _ask_for_all(filled: _Filled, outline: ListingOutline) -> None:
    """Asks for all rows where a parameter leaves some out by itself, and has a value for all."""
    for each in outline.parameters:
        value = _every(each) if _may_leave_out(each) else None
        if value is not None:
            filled.put("query", each.name, without_placeholders(value))
            told = f"the API takes {each.default!s:.40} by itself, and `{value}` is all"
            filled.notes.append(Note(f"params.{each.name}", "stated", told))


def _offer(filled: _Filled, outline: ListingOutline) -> None:
    """Shows the parameters that may leave rows out unless a request says otherwise."""
    may = [each for each in outline.parameters if _may_leave_out(each) and _every(each) is None]
    offered = may[:_MOST_OFFERED]
    values = {each.name: each.default for each in offered}
    told = {
        each.name: f"may leave rows out; the API takes {each.default!s:.40} by itself{_hint(each)}"
        for each in offered
    }
    if "params" in filled.endpoint:
        for name, text in told.items():
            filled.notes.append(Note(f"params.{name}", "offered", text, values[name]))
    elif offered:
        text = "; ".join(f"`{name}` {each}" for name, each in told.items())
        filled.notes.append(Note("params", "offered", text, values))


def _may_leave_out(parameter: ToldParameter) -> bool:
    if parameter.place != "query" or parameter.is_required or parameter.default in (None, ""):
        return False
    if str(parameter.default).lower() in _ALL:
        return False
    is_choice = "boolean" in parameter.shape.types or bool(parameter.choices)
    return is_choice and plain(parameter.name).replace("_", "") not in _HOW_SHOWN


def _every(parameter: ToldParameter) -> str | None:
    """The value that leaves out nothing; None where none has such a name."""
    texts = (one for one in parameter.choices if isinstance(one, str))
    return next((one for one in texts if one.lower() in _ALL), None)


def _hint(parameter: ToldParameter) -> str:
    """What the document says of the values of a parameter."""
    if parameter.choices:
        shown = ", ".join(map(str, parameter.choices[:_MOST_CHOICES]))
        return f"; one of {shown}" + ", ..." * (len(parameter.choices) > _MOST_CHOICES)
    if parameter.default is not None:
        return f"; {parameter.default} unless said otherwise"
    if parameter.example is not None:
        return f"; for example {parameter.example}"
    return f"; {parameter.description}" if parameter.description else ""
