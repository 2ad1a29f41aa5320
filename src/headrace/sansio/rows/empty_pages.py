"""Tells an answer that has no rows from one that is no page of the listing.

JSON of protocol buffers leaves empty lists out, and some servers answer `{}` where there is nothing
more. An error in the guise of a success lacks the list too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from headrace.core.json_path import JsonPath
from headrace.sansio.paging.envelope import Keys, all_fields, plain_name
from headrace.sansio.paging.totals import find_total

_ERRORS = frozenset(
    [
        *("error", "errors", "errorcode", "errormessage", "errormsg", "fault", "faults"),
        *("exception", "problem", "problems"),
    ]
)
_WORDS = frozenset(["message", "msg", "detail", "reason"])
_STATUS = frozenset(["status", "statuscode", "code", "resultcode", "httpstatus"])
_FINE = frozenset(["", "0", "ok", "success", "successful", "succeeded", "complete", "completed"])
_SUCCESS = frozenset(["ok", "success", "succeeded", "successful", "issuccess"])
_FAILURES = ("err", "fail", "denied", "unauthorized", "forbidden", "invalid")
_LEAST_ERROR_STATUS = 400
_NO_ERRORS = _FINE | {"none", "null", "false", "no", "no error", "no errors", "n/a"}
_NOTHING_FOUND = re.compile(
    r"\bno(?:t| \w+(?: \w+)?)? (?:found|match\w*|exist\w*)|\bnothing\b|\bempty\b|\bbeyond\b"
    r"|\bno (?:more |further |other |such |matching )?"
    r"(?:results?|rows?|records?|data|items?|entr(?:y|ies)|pages?|documents?|objects?|content)\b"
    r"|\bout of (?:range|bounds)|\bend of\b|\b(?:204|404|416)\b",
    re.IGNORECASE,
)
# What stands beside an error, and says nothing by itself.
_OF_ERRORS = frozenset(["requestid", "traceid", "timestamp", "path", "title", "type", "help"])
# What stands around a list, and says nothing by itself.
_AROUND = frozenset(
    [
        *("kind", "etag", "object", "type", "apiversion", "version", "selflink", "self", "links"),
        *("meta", "metadata", "page", "pageinfo", "paging", "pagination", "odatacontext", "took"),
        *("limit", "offset", "size", "perpage", "pagesize", "hasmore", "islast", "islastpage"),
        *("requestid", "timestamp"),
    ]
)
_AROUND_BEGINNINGS = ("next", "prev", "total", "count", "first", "last", "result", "cursor")


def is_error(document: Any) -> bool:
    """Whether an answer speaks of an error, by the names of its outer keys.

    Args:
        document: The answer's JSON, without rows.
    """
    if not isinstance(document, Mapping):
        return False
    return any(_is_error(plain_name(key), value) for key, value in document.items())


def failure_beside_nothing(document: Any, rows_at: Keys = ()) -> str | None:
    """The key under which an answer without rows says that it has failed.

    Some servers say in the same place that nothing was found, which is no failure.

    Args:
        document: The answer's JSON, without rows.
        rows_at: The keys that lead to the rows: it may stand beside each of them.

    Returns:
        The key; None where nothing has failed.
    """
    for step in (*rows_at, None):
        if not isinstance(document, Mapping):
            return None
        for key, value in document.items():
            if key != step and plain_name(key) in _ERRORS and _tells_of_failure(value):
                return str(key)
        document = document.get(step)
    return None


def _tells_of_failure(value: Any) -> bool:
    said = [text for text in map(str, _leaves(value)) if text.strip().lower() not in _NO_ERRORS]
    return bool(said) and not any(map(_NOTHING_FOUND.search, said))


def is_name_of_error(name: str) -> bool:
    """Whether a key, or an element, is called as what an error stands in.

    Args:
        name: The name as it stands in an answer.
    """
    return plain_name(name) in _ERRORS


def is_nothing_but_error(document: Any) -> bool:
    """Whether an object that could be a row has no fields but those of an error.

    Args:
        document: Any JSON.
    """
    if not isinstance(document, Mapping) or not document:
        return False
    names = {plain_name(key) for key in document}
    if not names <= _ERRORS | _WORDS | _STATUS | _SUCCESS | _OF_ERRORS:
        return False
    # Rows of a log have words too; an answer of one word only is none of it.
    signs = {key: value for key, value in document.items() if plain_name(key) not in _WORDS}
    return is_error(signs) or (len(document) == 1 and is_error(document))


def is_page_without_rows(
    document: Any,
    rows_at: Keys,
    *,
    known: Collection[str] | None,
    references: tuple[JsonPath, ...],
) -> bool:
    """Whether an answer without the list of rows is a page that has none.

    Args:
        document: The answer's JSON.
        rows_at: The keys that should lead to the rows.
        known: The outermost keys of an earlier page that had the list; None where none had it.
        references: Where a paginator looks for what follows, or for how much there is.
    """
    if document in ({}, []):
        return True
    if not isinstance(document, Mapping) or is_error(document):
        return False
    if not _ends_in_nothing(document, rows_at):
        return False
    if known is not None:
        # A list under a new name may be the rows.
        return all(key in known for key, value in document.items() if isinstance(value, list))
    total = find_total(document, {}, rows_at)
    told = total.read(document, {}) if total else _deep_total(document)
    if told is not None:
        return told == 0
    if any(isinstance(value, list) and value for _, value in all_fields(document)):
        return False
    if any(path.first(document) not in (None, "", False) for path in references if path.steps):
        return True
    return all(key == rows_at[0] or _says_nothing(key, document[key]) for key in document)


def _leaves(value: Any) -> Iterator[Any]:
    """The values within a value that are neither null nor false nor zero."""
    waiting = [value]
    for each in waiting:
        if isinstance(each, Mapping):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif each:
            yield each


def _ends_in_nothing(document: Any, rows_at: Keys) -> bool:
    """Whether the way to the rows goes through objects until a key is missing or null."""
    for key in rows_at:
        if not isinstance(document, Mapping):
            return document is None
        document = document.get(key)
    return document is None


def _says_nothing(key: str, value: Any) -> bool:
    name = plain_name(key)
    if name in _WORDS | _STATUS | _SUCCESS:
        is_success = value is None or value is True or value in range(_LEAST_ERROR_STATUS)
        return is_success or (isinstance(value, str) and value.lower() in _FINE)
    return name in _AROUND or name.startswith(_AROUND_BEGINNINGS)


def _deep_total(document: Any) -> int | None:
    """A total in an object of any name."""
    for _, value in all_fields(document):
        if isinstance(value, Mapping):
            total = find_total(value, {})
            if total is not None:
                return total.read(value, {})
    return None


def _is_error(name: str, value: Any) -> bool:
    if name in _ERRORS:
        return bool(value)
    if name in _WORDS:
        return bool(value) and str(value).lower() not in _FINE
    if name in _SUCCESS:
        return value is False or (isinstance(value, str) and value.lower() == "false")
    if name in _STATUS:
        if isinstance(value, str):
            return value.lower().startswith(_FAILURES)
        return isinstance(value, int) and value >= _LEAST_ERROR_STATUS
    return False
