"""One HTTP exchange as values: what is asked, what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here

# Lists that may come in several lines (RFC 9110, 5.3), of which more than the last counts here.
_LISTS = ("link", "content-encoding", "www-authenticate", "set-cookie")


class Headers(Mapping[str, str]):
    """Response headers, looked up without regard to case (RFC 9110, 5.1).

    Args:
        items: Names and values, or pairs of them. Of a name that is there twice the last value
            counts; but `Link` headers make one list (RFC 8288, 3), and so do `Content-Encoding`,
            `WWW-Authenticate` and `Set-Cookie` headers.
    """

    def __init__(self, items: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> None:
        pairs = list(items.items()) if isinstance(items, Mapping) else items
        self._values = {name.lower(): value for name, value in pairs}
        if len(self._values) < len(pairs):
            for each in _LISTS:
                if each in self._values:
                    values = (value for name, value in pairs if name.lower() == each)
                    self._values[each] = ", ".join(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:
        """Gives the value of a header.

        `Mapping` would do it with an exception for each header that is not there: too slow for
        what is asked of every page.

        Args:
            name: The name, in any case.
            default: What to return where there is no such header.
        """
        return self._values.get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@stays_here
@dataclass(frozen=True, slots=True)
class Request:
    """A request before credentials are added to it.

    Args:
        method: The HTTP method.
        path: The path below the base URL, or a whole URL.
        params: The query parameters by their names. A list gives the parameter once for each item;
            None leaves it out.
        headers: The headers to send besides the client's.
        json: What to send as a JSON body; None for nothing.
        data: What to send as a form (a mapping) or as it is (text or bytes); None for nothing.
    """

    method: str
    path: str = field(repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    data: Any = field(default=None, repr=False)

    def with_param(self, name: str, value: object) -> Request:
        """The same request with one query parameter set.

        Args:
            name: The name of the parameter.
            value: Its value; None leaves the parameter out.
        """
        # Each page asks for this: `replace` takes five times as long.
        params = {**self.params, name: value}
        return Request(self.method, self.path, params, self.headers, self.json, self.data)


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """Method and URL of a request, as `GET https://api.example.com/orders?page=2`, without secrets.

    The text is made only when it is wanted: the secrets in a URL have to be looked for, and of
    thousands of requests hardly one is ever shown.

    Args:
        method: The HTTP method.
        make_url: Gives the URL without user name and password, with secret query parameters
            masked.
    """

    method: str
    make_url: Callable[[], str] = field(repr=False)

    @classmethod
    def of(cls, method: str, url: str) -> ShownRequest:
        """A request whose URL is known to hold no secret.

        Args:
            method: The HTTP method.
            url: The URL, without secrets.
        """
        return cls(method, partial(str, url))

    @property
    def url(self) -> str:
        """The URL, without secrets."""
        return self.make_url()

    def __reduce__(self) -> tuple[Callable[[str, str], ShownRequest], tuple[str, str]]:
        # What makes the URL knows the secrets: the URL alone crosses to another process.
        return ShownRequest.of, (self.method, self.url)

    def __str__(self) -> str:
        return f"{self.method} {self.make_url()}"


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Its status is below 400, but for what a response hook sees.

    Args:
        status: The HTTP status code.
        headers: The headers, as sent.
        body: The body, decompressed.
        request: The request that it answers, fit to be shown.
        asked_url: The URL that was asked for before any redirect, without query parameters and
            credentials.
        url: The URL that answered in the end, with query parameters. It may hold secrets, and is
            not fit to be shown.
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    request: ShownRequest = field(repr=False)
    asked_url: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
