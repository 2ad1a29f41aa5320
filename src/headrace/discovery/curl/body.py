"""What a curl command sends in a body or a query: JSON, a form, or text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus

from headrace.core.exceptions import ConfigError
from headrace.discovery.calls import fields_of
from headrace.discovery.curl.options import Options
from headrace.discovery.curl.words import refuse

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
# One document in each line.
_JSON_LINES = "ndjson"
_BODIES = ("data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json")


@dataclass(frozen=True)
class Body:
    """The body of a call.

    Args:
        is_given: Whether the command has one, be it empty.
        json: A JSON object; None where it is none.
        data: The fields of a form, or text; None where there is none.
    """

    is_given: bool = False
    json: Any = field(default=None, repr=False)
    data: Any = field(default=None, repr=False)


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Names and values of a query or a form.

    Args:
        query: Its text, encoded as in a URL.
    """
    return parse_qsl(query, keep_blank_values=True)


def url_encoded_pairs(values: Iterable[str], option: str) -> list[tuple[str, str]]:
    """Names and values that curl itself would encode, as `--data-urlencode` has them.

    Args:
        values: The values of the option.
        option: The name of the option.

    Raises:
        ConfigError: One of them names a file.
    """
    found: list[tuple[str, str]] = []
    for value in values:
        if option == "--url-query" and value.startswith("+"):
            found += query_pairs(value[1:])
            continue
        name, equals, content = value.partition("=")
        if not equals and "@" in value:
            raise of_file(option)
        # What stands alone is a name without a value.
        found.append((unquote_plus(name), content) if equals and name else (content or name, ""))
    return found


def body_of(options: Options, headers: dict[str, str]) -> tuple[Body, dict[str, str]]:
    """The body of a call, and the headers that go with it.

    Args:
        options: The options of the command.
        headers: The headers that are sent.

    Raises:
        ConfigError: The body is in a file, or is no JSON although it should be.
    """
    text = _text_of(options)
    if text is None:
        return Body(), headers
    others = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    kind = next((headers[name] for name in headers if name not in others), None)
    if not text:
        return Body(is_given=True), headers
    essence = (kind or "").partition(";")[0].strip().lower()
    is_json = essence.endswith("json") and not essence.endswith(_JSON_LINES)
    looks_json = kind is None and text.lstrip().startswith(("{", "["))
    if options.has("json") or is_json or looks_json:
        return _json_body(text, kind, others)
    if kind is None or essence == _FORM:
        pairs = query_pairs(text)
        if pairs and "=" in text:
            return Body(is_given=True, data=fields_of(pairs)), others
    return Body(is_given=True, data=text), {**others, "Content-Type": kind or _FORM}


def _json_body(text: str, kind: str | None, others: dict[str, str]) -> tuple[Body, dict[str, str]]:
    try:
        document = json.loads(text, parse_constant=_no_number)
    except ValueError as error:
        at = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise refuse(
            f"has a body that is no JSON{at}: paste the whole command, and put the body into "
            "single quotes"
        ) from None
    except RecursionError:
        raise refuse("has a JSON body that is nested too deeply") from None
    essence = (kind or _JSON).partition(";")[0].strip().lower()
    if not isinstance(document, dict):
        return Body(is_given=True, data=text), {**others, "Content-Type": kind or _JSON}
    if essence != _JSON and kind is not None:
        others = {**others, "Content-Type": kind}
    return Body(is_given=True, json=document), others


def _no_number(text: str) -> float:
    """Refuses `NaN` and the like, which Python reads, and JSON does not have."""
    raise ValueError(text)


def _text_of(options: Options) -> str | None:
    """The body as curl puts it together; None where there is none."""
    text: str | None = None
    for name, value in options.given:
        if name not in _BODIES:
            continue
        if name == "data-urlencode":
            piece = _url_encoded(value)
        elif value.startswith("@") and name != "data-raw":
            raise of_file(f"--{name}")
        else:
            piece = value
        joint = "" if name == "json" else "&"
        text = piece if text is None else f"{text}{joint}{piece}"
    return text


def _url_encoded(value: str) -> str:
    name, equals, content = value.partition("=")
    if not equals and "@" in value:
        raise of_file("--data-urlencode")
    return (
        quote(content or name, safe="")
        if not (equals and name)
        else f"{name}={quote(content, safe='')}"
    )


def of_file(option: str) -> ConfigError:
    """The error of a command whose values are in a file.

    Args:
        option: The option that names it.
    """
    return refuse(f"has the file of `{option}`: write its content in place of `@` and its name")
