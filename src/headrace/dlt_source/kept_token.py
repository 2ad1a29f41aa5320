"""The token that a resource goes on from, kept in its state together with what it was given for."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from headrace.core.exceptions import PageError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.request_mark import request_mark
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.token_listing import Token, TokenPlace

TOKEN = "token"
"""The key of a resource's state under which its token stands."""
_VALUE, _OF = "value", "of"
_OTHER = (
    "`{name}`: its token was given for another request (`base_url`, `path`, `params`, `json` or "
    "`incremental` have changed), so all is listed anew"
)
_NOT_KEPT = (
    "`{name}`: no token is kept of this sync, since {why}; the next one begins where this one did"
)
_APPENDED_AGAIN = (
    "`{name}`: its rows are appended, so those that were loaded before are in the table once more. "
    "`write_disposition: merge` with a `primary_key` keeps each row once"
)
_NONE_AT_ALL = (
    "resource `{name}`: the last page has nothing at `incremental.token_path` (`{path}`), so the "
    "next sync could not go on from there. Check the path; it starts at the whole answer."
)
_NONE_TO_APPEND = (
    "resource `{name}`: the last page has nothing at `incremental.token_path` (`{path}`). The next "
    "sync would get the same rows again, and append them once more. With a `primary_key` and "
    "`write_disposition: merge` each row is there once."
)


@dataclass(slots=True)
class KeptToken:
    """What the state of a resource has of its token.

    Args:
        state: The state of the resource, which is changed in place.
        place: Where the token stands, and how it is sent.
        base_url: The base URL of the API.
        appends: Whether rows are added to the table, whichever are there.
        name: The name of the resource.
        figures: Where to note what becomes of the token.

    Attributes:
        began_with: The token that the listing began with; None where all is listed.
    """

    state: MutableMapping[str, Any]
    place: TokenPlace
    base_url: str
    appends: bool
    name: str
    figures: ResourceFigures
    began_with: Token | None = None

    def begin(self) -> Token | None:
        """The token to go on from; None where all is to be listed."""
        kept = self.state.get(TOKEN) or {}
        self.began_with = kept.get(_VALUE)
        if self.began_with is not None and kept.get(_OF) != self._request:
            self.figures.note(_OTHER.format(name=self.name))
            self.begin_anew()
        return self.began_with

    def begin_anew(self) -> None:
        """Notes that all is listed once more."""
        self.began_with = None
        if self.appends:
            self.figures.note(_APPENDED_AGAIN.format(name=self.name))

    def learn(self, last: FetchedPage | None) -> None:
        """Keeps the token of the last page.

        Args:
            last: The page that the listing came to its end with; None where there was none.

        Raises:
            PageError: There is no token, and none to keep.
        """
        if last is None or last.end is None:
            return
        why = last.end.why_partial
        if why is not None:
            self.figures.note(_NOT_KEPT.format(name=self.name, why=why))
            return
        if last.token is not None:
            self.state[TOKEN] = {_VALUE: last.token, _OF: self._request}
            return
        if self.began_with is None:
            raise self._error(_NONE_AT_ALL)
        # Some name none where nothing has changed: the former one still tells from where.
        if self.appends and self.figures.rows:
            raise self._error(_NONE_TO_APPEND)

    def _error(self, message: str) -> PageError:
        return PageError(message.format(name=self.name, path=self.place.path), resource=self.name)

    @property
    def _request(self) -> str:
        """What the token is good for: a change of the request makes another one."""
        place = self.place
        others = (str(place.path), place.start_param, place.is_link)
        return request_mark(self.base_url, place.template, *others)
