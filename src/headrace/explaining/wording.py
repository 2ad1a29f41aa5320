"""Says requests and values in words, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from headrace.config import ResourceConfig, SourceConfig
from headrace.core.exchange import Request
from headrace.core.json_text import JsonText
from headrace.core.secrets.names import is_sensitive
from headrace.core.secrets.redaction import MASK, Redactor
from headrace.explaining.explanation import ExplainedRequest
from headrace.explaining.marks import is_marked, mark, shown
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.url import join_url, pairs, with_missing_query, with_query, without_login


class Wording:
    """Says the requests of a resource in words.

    Args:
        config: The config.
        resource: The resource.
        credentials: The credentials that its requests are sent with.
    """

    def __init__(
        self, config: SourceConfig, resource: ResourceConfig, credentials: AnyAuthentication
    ) -> None:
        self._base_url = config.client.base_url
        self._redactor = Redactor([*credentials.secrets, *config.secrets])
        self._credential_params = (
            dict(credentials.params) if isinstance(credentials, Credentials) else {}
        )

    def request(self, when: str, request: Request, before: Request | None) -> ExplainedRequest:
        """A request in words.

        Args:
            when: Which one it is.
            request: The request.
            before: The one before it, from which it differs in little; None where there is none.
        """
        url, body = self.url(request), self._body(request)
        text = f"{request.method} {url}" + (f" with {body}" if body else "")
        if before is not None:
            text = self._changes(before, request) or "the same"
        return ExplainedRequest(when, request.method, url, body, text)

    def url(self, request: Request) -> str:
        """The URL of a request with its parameters, as it is shown.

        Args:
            request: The request.
        """
        place, mark_of_query, query = join_url(self._base_url, request.path).partition("?")
        shown_query = "&".join(map(self._masked_part, query.split("&"))) if query else ""
        url = f"{without_login(place)}{mark_of_query}{shown_query}"
        url = with_query(url, self._masked(request.params))
        return self.plain(with_missing_query(url, self._masked(self._credential_params)))

    def plain(self, text: str) -> str:
        """The text with marks in words, and without secrets.

        Args:
            text: A text of the config, or a part of a request.
        """
        in_words = shown(text)
        # The name of an address stands for all of it.
        return self._redactor.clean(in_words.replace("https://${", "${").replace("https://<", "<"))

    def value(self, name: str, value: Any) -> str:
        """The value of a parameter or a field as it is shown.

        Args:
            name: Its name.
            value: The value.
        """
        if self._is_hidden(name, value):
            return MASK
        return self.plain(value if isinstance(value, str) else _json(value))

    def _is_hidden(self, name: str, value: Any) -> bool:
        is_secret = is_sensitive(name) or name in self._credential_params
        return is_secret and value is not None and not is_marked(value)

    def _masked(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: mark(MASK) if self._is_hidden(name, value) else value
            for name, value in params.items()
        }

    def _masked_part(self, part: str) -> str:
        name, equals, value = part.partition("=")
        is_hidden = equals and self._is_hidden(unquote_plus(name), unquote_plus(value))
        return f"{name}={MASK}" if is_hidden else part

    def _body(self, request: Request) -> str | None:
        if request.json is not None:
            return self.plain(_json(_hidden_in(request.json, self._is_hidden)))
        if isinstance(request.data, Mapping):
            return self.plain(with_query("", self._masked(request.data))[1:])
        return None if request.data is None else self.plain(_text(request.data))

    def _changes(self, before: Request, after: Request) -> str:
        if before.path != after.path or before.method != after.method:
            return f"{after.method} {self.url(after)}"
        told = []
        params, former = dict(pairs(after.params)), dict(pairs(before.params))
        changed = [
            f"{name}={self.value(name, value)}"
            for name, value in params.items()
            if former.get(name) != value
        ]
        if changed:
            told.append(f"the same with {', '.join(changed)}")
        if gone := [name for name in former if name not in params]:
            told.append(f"without {', '.join(gone)}")
        fields, former_fields = _fields(after.json), _fields(before.json)
        told += [
            f"the same with {self.value(path, value)} at {path} of its body"
            for path, value in fields.items()
            if former_fields.get(path) != value
        ]
        return ", ".join(told)


def _text(data: Any) -> str:
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data)


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _fields(body: Any, path: str = "") -> dict[str, Any]:
    """The fields of a JSON body, by the paths that lead to them."""
    if not isinstance(body, Mapping):
        return {} if not path else {path: body}
    found: dict[str, Any] = {}
    for name, value in body.items():
        found |= _fields(value, f"{path}.{name}" if path else str(name))
    return found


def _hidden_in(body: Any, is_hidden: Any, name: str = "") -> Any:
    if isinstance(body, Mapping):
        return {key: _hidden_in(value, is_hidden, str(key)) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [_hidden_in(each, is_hidden, name) for each in body]
    if isinstance(body, JsonText):
        return str(body)
    return MASK if is_hidden(name, body) else body
