"""Takes the `response_actions` of a config, which say what counts as an answer.

They mean what they mean in dlt, where they are hooks of a `requests` session: functions of the user
get a `requests.Response` and may change it. See `docs/actions-and-steps.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from headrace.config.format.response_actions import ResponseAction
from headrace.core.dlt_door.objects import ignores_response
from headrace.core.exceptions import HeadraceError
from headrace.core.exchange import Headers, Request, Response, ShownRequest
from headrace.http.as_requests import as_requests_response, told_failure
from headrace.http.response_hooks import ResponseIgnored, ResponseRefused
from headrace.http.unpacking import CannotUnpack, unpacked_file

_CONTENT_TYPE = "Content-Type"
_JSON = "application/json"
# So much of a packed file is looked through for the text of an action, in bytes.
_MOST_LOOKED_AT = 16 * 1024 * 1024
# dlt's sessions repeat a request when a function raises one of these, so they mean the same here.
_RETRIED = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


class ResponseActions:
    """The actions of one resource. Each answer goes through all of them, in their order.

    Args:
        resource: The name of the resource.
        actions: The actions, in the order of the config.
    """

    def __init__(self, resource: str, actions: Sequence[ResponseAction]) -> None:
        self._actions = [
            (f"`response_actions[{place}]` of resource `{resource}`", action)
            for place, action in enumerate(actions)
        ]

    def take(self, request: Request, response: Response) -> Response:
        """Takes the actions that are meant for an answer.

        Args:
            request: The request that was made.
            response: The answer to it, with any status.

        Returns:
            The answer as the functions left it.

        Raises:
            ResponseIgnored: An action ignores the answer.
            ResponseRefused: An action says `fail`, `retry` or `halve`, or a function failed.
        """
        answer = _Answer(request, response)
        for name, action in self._actions:
            if not answer.is_met_by(action):
                continue
            for function in action.functions:
                try:
                    _call(function, name, answer)
                except requests.HTTPError as error:
                    # From `raise_for_status()`: the answer goes the usual way of an error status.
                    if answer.status >= 400:
                        return answer.as_it_is_now
                    raise _failed(function, name, error) from None
            match action.verdict:
                case "ignore":
                    raise ResponseIgnored(name, response.request)
                case "skip":
                    # The listing passes it over, once it has become an error with its words.
                    return answer.as_it_is_now
                case "fail" | "retry" | "halve":
                    raise ResponseRefused(
                        f"{name} says `{action.verdict}`.",
                        again=action.verdict == "retry",
                        halves=action.verdict == "halve",
                    )
        return answer.as_it_is_now


class _Answer:
    """An answer that functions may change.

    Most answers are never shown to a function. For them no `requests.Response` is made, and the
    answer stays the same object.

    Args:
        request: The request that was made.
        response: The answer to it.
    """

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    @cached_property
    def shown(self) -> requests.Response:
        """The answer as functions get it and may change it."""
        asked = self._request
        headers = dict(asked.headers)
        return as_requests_response(
            self._response,
            requests.Request(asked.method, headers=headers, json=asked.json, data=asked.data),
        )

    @property
    def request(self) -> ShownRequest:
        """The request, without secrets."""
        return self._response.request

    @property
    def status(self) -> int:
        """The HTTP status, as functions have left it."""
        return self.shown.status_code if self._is_shown else self._response.status

    @property
    def _is_shown(self) -> bool:
        return "shown" in self.__dict__

    def is_met_by(self, action: ResponseAction) -> bool:
        """Whether an action is meant for the answer, by its status and its text.

        Args:
            action: The action.
        """
        if action.status is not None and action.status != self.status:
            return False
        return action.content is None or action.content in self._text

    @property
    def _text(self) -> str:
        with suppress(CannotUnpack):
            file = unpacked_file(self.shown.content, _MOST_LOOKED_AT)
            if file is not self.shown.content:
                return file.decode("utf-8", "replace")
        if self.shown.encoding is None:
            # requests would guess the encoding, which takes long and may be wrong.
            return self.shown.content.decode("utf-8", "replace")
        return self.shown.text

    @property
    def as_it_is_now(self) -> Response:
        """The answer with the changes that functions have made."""
        if not self._is_shown:
            return self._response
        shown, before = self.shown, self._response
        headers = Headers(dict(shown.headers))
        body = shown.content or b""
        if shown.encoding != get_encoding_from_headers(CaseInsensitiveDict(before.headers)):
            # A function has set the encoding, which overrules what the server says of it.
            body = shown.text.encode("utf-8", "replace") if shown.encoding else body
            charset = "; charset=utf-8" if shown.encoding else ""
            headers = Headers({**headers, _CONTENT_TYPE: _JSON + charset})
        return replace(before, status=shown.status_code, headers=headers, body=body)


def _call(function: Callable[..., Any], name: str, answer: _Answer) -> None:
    try:
        function(answer.shown)
    except (HeadraceError, requests.HTTPError):
        raise
    except Exception as error:
        if ignores_response(error):
            raise ResponseIgnored(name, answer.request) from None
        raise _failed(function, name, error) from None
    if not isinstance(answer.shown.content, bytes | None):
        kind = type(answer.shown.content).__name__
        raise ResponseRefused(
            f"{name}: {_name_of(function)} sets `_content` to {kind}; it must be bytes."
        )


def _failed(function: Callable[..., Any], name: str, error: Exception) -> ResponseRefused:
    told = f"{name}: {_name_of(function)} failed with {told_failure(error)}"
    return ResponseRefused(told, again=isinstance(error, _RETRIED))


def _name_of(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", None) or type(function).__name__
    return "the function" if name == "<lambda>" else f"`{name}`"
