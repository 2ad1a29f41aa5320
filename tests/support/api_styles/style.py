"""What a listing is like: how it goes on, where its rows are, and what it has in store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["link", "token", "offset", "page", "after", "all", "hidden"]
RowsAt = Literal[
    "bare",
    "data",
    "nested",
    "beside lookups",
    "behind lookups",
    "beside included",
    "keyed",
    "bare keyed",
    "columns",
    "hits",
]
Key = Literal[
    "int",
    "text digits",
    "uuid",
    "pair",
    "none",
    "twins",
    "some twice",
    "unique on a page",
    "some null",
]
Order = Literal["ascending", "descending", "by name", "stable", "changing"]
Number = Literal["right", "too high", "too low", "of the page"]
More = Literal["right", "always true", "always false", "false on page 2"]
LastToken = Literal["none", "to an empty page", "itself", "the first page"]
Unknown = Literal["ignored", "refused", "filters"]
Behind = Literal["empty", "404", "400", "the last page"]
Expected = Literal["exact", "unknown", "never less"]


@dataclass(frozen=True, kw_only=True)
class Paging:
    """How a listing goes on.

    Args:
        kind: By what: a link, a token, a number of rows or pages, the last row; `all` for one page,
            `hidden` for pages that nobody can guess how to ask for.
        param: What takes the place, a parameter or a path of the body.
        size: What takes the size of a page; None where nothing does.
        shown: Where an answer shows the link or token: keys with `/` between, or `header Name`;
            `Link` for a link header, `links` for a list of links; empty where it does not.
        base: The number of the first page or row.
        link: What a link looks like: `whole`, only a `path`, or only the `query`.
        in_body: Whether it is asked for in a JSON body.
        token: What a token or the parameter of a link is.
        includes_last: Whether a page begins with the last row of the one before.
    """

    kind: Kind
    param: str = ""
    size: str | None = "limit"
    shown: str = ""
    base: int = 0
    link: Literal["whole", "path", "query"] = "whole"
    in_body: bool = False
    token: Literal["opaque", "page", "offset", "last id", "sort values"] = "opaque"
    includes_last: bool = False


@dataclass(frozen=True, kw_only=True)
class Style:
    """One listing.

    Args:
        name: What is special about it.
        paging: How it goes on.
        expects: What a discovery is to come to: a config that reads all rows, one that says that
            it does not know, or whatever does not lose any.
        asks: How many requests a discovery may take.
        rows_at: Where its rows are.
        key: What tells its rows apart.
        order: Their order.
        row_count: How many there are.
        default_size: How many rows a page has that is asked for without a size.
        cap: The largest page; None for any.
        over_cap: What becomes of a larger one: `clamped` without a word, or `refused` with 400.
        total_at: Where an answer tells how many rows there are; as `Paging.shown`.
        total: Whether that is right.
        more_at: Where it says whether there are more.
        more: Whether that is right.
        last_token: The token or link on the last page.
        echo: Whether an answer tells the size and the number of its page.
        echo_in: The object in which it does, as `meta/`; of `page[size]` the `page` is within.
        unknown: What becomes of parameters that it does not know.
        behind: What comes behind the last page.
        link_host: Where links lead: to itself, to another server, or to itself by https.
        link_keeps: Whether links have the other parameters of the request.
        window: The place from which on it refuses to list; None for none.
        hides: Whether rows are left out of pages after they are cut, so that they are shorter.
        served_at: Whether fields of rows change with each request.
        nested: Whether rows have lists.
        throttled: Whether it refuses some requests with 429.
        auth: How it wants to know who asks.
        filtered: Whether the URL that is asked for has a filter.
        single: Whether a row has a path of its own.
    """

    name: str
    paging: Paging
    expects: Expected = "exact"
    asks: int = 12
    rows_at: RowsAt = "data"
    key: Key = "int"
    order: Order = "ascending"
    row_count: int = 130
    default_size: int = 20
    cap: int | None = None
    over_cap: Literal["clamped", "refused"] = "clamped"
    total_at: str = ""
    total: Number = "right"
    more_at: str = ""
    more: More = "right"
    last_token: LastToken = "none"
    echo: bool = False
    echo_in: str = ""
    unknown: Unknown = "ignored"
    behind: Behind = "empty"
    link_host: Literal["own", "other", "https"] = "own"
    link_keeps: bool = True
    window: int | None = None
    hides: bool = False
    served_at: bool = False
    nested: bool = False
    throttled: bool = False
    auth: Literal["", "bearer", "header", "query", "basic"] = ""
    filtered: bool = False
    single: bool = False

    @property
    def method(self) -> Literal["GET", "POST"]:
        """How it is asked."""
        return "POST" if self.paging.in_body else "GET"

    def __str__(self) -> str:
        return self.name
