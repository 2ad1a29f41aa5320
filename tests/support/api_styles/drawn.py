"""Styles drawn at random: any paging with any place of rows, key, order and traps."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, get_args

from tests.support.api_styles.style import (
    Behind,
    Key,
    LastToken,
    More,
    Number,
    Order,
    Paging,
    RowsAt,
    Style,
    Unknown,
)

PAGINGS = (
    Paging(kind="link", param="page", base=1, token="page", size="per_page", shown="Link"),
    Paging(kind="link", param="after", shown="Link"),
    Paging(kind="link", param="offset", token="offset", shown="Link"),
    Paging(kind="link", param="page_token", shown="header Next-Page"),
    Paging(kind="link", param="page_token", shown="links/next"),
    Paging(kind="link", param="page", base=1, token="page", size="page_size", shown="next"),
    Paging(kind="link", param="offset", token="offset", shown="meta/next", link="path"),
    Paging(kind="link", param="cursor", shown="paging/next/href", link="query"),
    Paging(kind="link", param="cursor", shown="links", size="page[size]"),
    Paging(kind="link", param="$skiptoken", size="$top", shown="@odata.nextLink"),
    Paging(kind="link", param="cursor", shown="next", size=None),
    Paging(kind="token", param="cursor", shown="next_cursor"),
    Paging(kind="token", param="page_token", shown="meta/continuation", size="page_size"),
    Paging(kind="token", param="pageToken", shown="nextPageToken", size="maxResults"),
    Paging(kind="token", param="after", shown="paging/next/after"),
    Paging(kind="token", param="page_token", shown="header X-Next-Token"),
    Paging(kind="token", param="bookmark", shown="cursor", size="per_page"),
    Paging(kind="token", param="page", base=1, token="page", shown="next_page"),
    Paging(kind="token", param="offset", token="offset", shown="next_offset"),
    Paging(kind="token", param="last_id", token="last id", shown="last_id"),
    Paging(kind="token", param="cursor", shown="next", size=None),
    Paging(kind="token", param="paging[after]", shown="meta/paging/after", size="paging[limit]"),
    Paging(kind="token", param="zork", shown="next_cursor"),
    Paging(kind="token", param="cursor", shown="next_cursor", in_body=True),
    Paging(kind="token", param="page.after", size="page.size", shown="page/after", in_body=True),
    Paging(kind="after", param="search_after[0]", size="size", token="sort values", in_body=True),
    Paging(kind="offset", param="from", size="size", in_body=True),
    Paging(kind="page", param="page", base=1, size="per_page", in_body=True),
    Paging(kind="after", param="starting_after"),
    Paging(kind="after", param="since_id"),
    Paging(kind="after", param="after", size="first"),
    Paging(kind="offset", param="offset"),
    Paging(kind="offset", param="skip", size="take"),
    Paging(kind="offset", param="startIndex", base=1, size="count"),
    Paging(kind="offset", param="_start", size="_limit"),
    Paging(kind="offset", param="startAt", size="maxResults"),
    Paging(kind="offset", param="offset", size=None),
    Paging(kind="offset", param="page", size="limit"),
    Paging(kind="page", param="page", base=1, size="per_page"),
    Paging(kind="page", param="page", base=0, size="size"),
    Paging(kind="page", param="page", base=1, size=None),
    Paging(kind="page", param="page", base=0, size=None),
    Paging(kind="page", param="page[number]", base=1, size="page[size]"),
    Paging(kind="page", param="pagination[page]", base=1, size="pagination[pageSize]"),
    Paging(kind="page", param="_page", base=1, size="_limit"),
    Paging(kind="page", param="p", base=1, size="n"),
    Paging(kind="page", param="offset", base=0, size="limit"),
    Paging(kind="all", size=None),
    Paging(kind="hidden", size=None),
    Paging(kind="hidden", size="limit"),
)
_SIZES = (5, 7, 10, 20, 20, 25, 50, 100)
_UNIQUE: tuple[Key, ...] = ("int", "text digits", "uuid")
_TOTALS = ("total", "meta/total_count", "count", "header X-Total-Count", "paging/total_items")


def drawn(seed: int, number: int) -> Style:
    """One style of many.

    Args:
        seed: Which many.
        number: Which of them.
    """
    draw = random.Random(f"{seed} {number}")
    paging = draw.choice(PAGINGS)
    rows_at: RowsAt = draw.choice(get_args(RowsAt))
    if paging.token == "sort values" or (rows_at == "hits" and not paging.in_body):
        rows_at = "hits" if paging.in_body else "data"
    if rows_at.startswith("bare") and paging.shown and not _is_header(paging.shown):
        rows_at = "data"
    size = draw.choice(_SIZES)
    counts = (0, 1, size - 1, size, size + 1, 2 * size, *(draw.randint(23, 480) for _ in range(9)))
    style = Style(
        name="",
        paging=replace(paging, includes_last=_may(draw, 0.05) and paging.token == "opaque"),
        expects="never less",
        asks=25,
        rows_at=rows_at,
        key=draw.choice(_keys(paging, rows_at)),
        order=_seldom(draw, get_args(Order), 0.5),
        row_count=draw.choice(counts),
        default_size=size,
        cap=draw.choice((None, None, None, size, 2 * size, 100)),
        over_cap=draw.choice(("clamped", "clamped", "refused")),
        unknown=_seldom(draw, get_args(Unknown), 0.3),
        hides=_may(draw, 0.1),
        served_at=_may(draw, 0.1),
        nested=_may(draw, 0.2) and rows_at != "columns",
        throttled=_may(draw, 0.01),
        auth=draw.choice(("", "", "", "bearer", "header", "query", "basic")),
        filtered=_may(draw, 0.1),
        single=_may(draw, 0.2),
    )
    style = _signs(draw, style)
    return replace(style, name=f"{number} of {seed}: {described(style)}")


def described(style: Style) -> str:
    """What is special about a style, in one line.

    Args:
        style: The style.
    """
    usual = Style(name="", paging=Paging(kind="all"))
    told = [f"{style.paging.kind} {style.paging.param} {style.paging.shown}".strip()]
    told += [
        f"{each.name}={getattr(style.paging, each.name)}"
        for each in fields(Paging)[2:]
        if each.name != "shown" and getattr(style.paging, each.name) != each.default
    ]
    told += [
        f"{each.name}={getattr(style, each.name)}"
        for each in fields(Style)[4:]
        if getattr(style, each.name) != getattr(usual, each.name)
    ]
    return ", ".join(told)


def _signs(draw: random.Random, style: Style) -> Style:
    """The style with what its answers say of more rows, and what lies in wait behind them."""
    paging, changes = style.paging, dict[str, Any]()
    is_bare = style.rows_at.startswith("bare")
    if _may(draw, 0.4):
        totals = [each for each in _TOTALS if not is_bare or _is_header(each)]
        changes["total_at"] = draw.choice(totals)
        changes["total"] = _seldom(draw, get_args(Number), 0.3)
    if not is_bare and _may(draw, 0.25):
        changes["more_at"] = draw.choice(("has_more", "meta/hasNext"))
        changes["more"] = _seldom(draw, get_args(More), 0.3)
        if changes["more"] == "always false" and paging.kind not in ("link", "token"):
            # Where nothing else leads on, it is to be believed.
            changes["more"] = "right"
    if not is_bare and style.rows_at != "hits" and _may(draw, 0.2):
        changes["echo"] = not paging.in_body
        changes["echo_in"] = "meta/" if "[" in paging.param else ""
    if paging.kind in ("link", "token"):
        changes["last_token"] = _seldom(draw, get_args(LastToken), 0.2)
    if paging.kind in ("offset", "page"):
        changes["behind"] = _seldom(draw, get_args(Behind), 0.4)
        if _may(draw, 0.1):
            changes["window"] = 4 * style.default_size
    if paging.kind == "link":
        changes["link_keeps"] = not _may(draw, 0.15)
        if paging.link == "whole":
            changes["link_host"] = _seldom(draw, ("own", "other", "https"), 0.1)
    return replace(style, **changes)


def _keys(paging: Paging, rows_at: RowsAt) -> Sequence[Key]:
    needs_one = paging.kind == "after" or paging.token == "last id"
    return _UNIQUE if needs_one or rows_at in ("keyed", "bare keyed", "hits") else get_args(Key)


def _is_header(place: str) -> bool:
    return place == "Link" or place.startswith("header ")


def _may(draw: random.Random, share: float) -> bool:
    return draw.random() < share


def _seldom(draw: random.Random, values: Sequence[Any], share: float) -> Any:
    """The first of some values, or with a share of all cases another one."""
    return draw.choice(values[1:]) if draw.random() < share else values[0]
