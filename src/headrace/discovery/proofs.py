"""Proves a way to go on: follows it two pages on, and looks at what comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.core.exceptions import HeadraceError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.later_pages import params_left_out, places_sent
from headrace.discovery.survey import Survey, listed
from headrace.discovery.trials import Row, Walk, rows_of
from headrace.sansio.discovery.paging_ways import PagingWay, has_more_path
from headrace.sansio.paging import Page
from headrace.sansio.paging.envelope import path_of
from headrace.sansio.paging.totals import find_pages, find_total

MOST_PAGES = 3
_FEWEST_PAGES = 2
_EMPTY_PAGES = 2
# So many more are looked at where pages are empty and name others.
_MORE_PAGES = 4
_ENDED_BY_SIZE = "rows < "
_LINKS = ("json_link", "header_link", "header_cursor")
_PLAIN_PATH = re.compile(r"\w+(\.\w+)*")
_LONGEST_REASON = 160
_WHERE = re.compile(r"^resource `[^`]*`, \S+ \S+: ")


@stays_here
@dataclass(frozen=True, slots=True)
class ProvenWay:
    """A way to go on that was followed.

    Args:
        way: The way.
        endpoint: The endpoint with its paginator.
        walk: What came.
        text: What was seen, as half a line.
    """

    way: PagingWay
    endpoint: Mapping[str, Any]
    walk: Walk
    text: str

    @property
    def is_whole(self) -> bool:
        """Whether the listing was read to its end."""
        return self.walk.end is not None and self.walk.error is None

    @property
    def is_alone(self) -> bool:
        """Whether only one page had rows, so that nothing is proven of the others."""
        return sum(bool(page) for page in self.walk.pages) < 2


async def prove(
    survey: Survey,
    base: Mapping[str, Any],
    page: Page,
    first: Sequence[Row],
    way: PagingWay,
    most_pages: int = MOST_PAGES,
    more: str | None = None,
) -> ProvenWay | None:
    """Follows a way two pages on.

    Args:
        survey: What is known of the listing; what is ruled out is noted there.
        base: The endpoint without a paginator.
        page: Its first page.
        first: The rows of that.
        way: The way.
        most_pages: How many pages to read.
        more: Where pages say whether there are more; found on the first page when None.

    Returns:
        None where it does not bring new rows, or where no more may be asked.
    """
    why = f"whether {_told(way)} leads on"
    failed, more = None, more or has_more_path(page)
    plain: Walk | None = None
    for each in (way, *_otherwise_ended(page, way, len(first), more)):
        endpoint = _with_way(base, each)
        walk = await _walked(survey, endpoint, why, most_pages, is_shown=each is way)
        plain = walk if plain is None else plain
        fault, text = judged(survey, walk, first)
        if fault is None and each.is_shown and _is_cut_by_size(each):
            fault = _too_soon(survey, plain, walk)
        if fault is None:
            fault = await _left_out_by_link(survey, endpoint, page, walk)
        if fault is None and walk.error is None and not (walk.is_cut_off and len(walk.pages) < 2):
            proven = ProvenWay(each, endpoint, walk, text)
            return await _heeding_more(survey, base, more, proven, most_pages)
        if fault is None and walk.error is None and survey.trials.client.left <= 0:
            # Nothing speaks against it, but nothing is proven.
            return None
        failed = failed or fault or _brief(walk.error)
    survey.note("paginator", "ruled out", f"{_told(way)}: {failed}")
    return None


async def _walked(
    survey: Survey, endpoint: Mapping[str, Any], why: str, most_pages: int, *, is_shown: bool
) -> Walk:
    """Follows a way, and further where its pages are empty, but name others."""
    endpoint = {**endpoint, "total": None}
    walk = await survey.trials.walk(endpoint, why, most_pages)
    if is_shown and _names_empty_pages(walk):
        walk = await survey.trials.walk(endpoint, why, len(walk.pages) + _MORE_PAGES)
    return walk


def _names_empty_pages(walk: Walk) -> bool:
    """Whether the last pages are empty, and name others."""
    is_open = walk.end is None and walk.error is None and len(walk.pages) > _EMPTY_PAGES
    return is_open and not any(walk.pages[-_EMPTY_PAGES:])


async def _left_out_by_link(
    survey: Survey, endpoint: Mapping[str, Any], page: Page, walk: Walk
) -> str | None:
    """What speaks against a link that leaves out what was asked for: with it other rows come."""
    if len(walk.pages) < _FEWEST_PAGES or not walk.pages[1]:
        return None
    left_out = params_left_out(endpoint, page)
    if not left_out:
        return None
    asked = {key: value for key, value in endpoint.items() if key != "paginator"}
    for knob, value in places_sent(endpoint, page).items():
        asked = knob.turned(asked, value)
    names = listed(left_out)
    try:
        whole = await survey.trials.page(
            asked, f"whether {names} matters, which the link leaves out"
        )
    except HeadraceError:
        # Such a link stands for all that was asked for, and takes nothing besides.
        return None
    if survey.same.are_same(rows_of(whole.rows), walk.pages[1]):
        return None
    return f"the link leaves out {names}, and other rows come than were asked for"


def _is_cut_by_size(way: PagingWay) -> bool:
    """Whether a short page is taken for the last one."""
    return str(way.paginator.get("stop_condition", "")).startswith(_ENDED_BY_SIZE)


def _too_soon(survey: Survey, plain: Walk, walk: Walk) -> str | None:
    """What speaks against an end at a short page, where pages name others behind it.

    Args:
        survey: Tells rows apart, and what the total is.
        plain: What came without that end.
        walk: What came up to it.
    """
    came = survey.same.marks(walk.rows)
    if survey.same.marks(plain.rows) - came:
        return "behind a short page there are more rows"
    if _names_empty_pages(plain) and (survey.total is None or len(walk.rows) < survey.total):
        return "it names one page without rows after the other, and nothing says which is the last"
    return None


async def _heeding_more(
    survey: Survey, base: Mapping[str, Any], more: str | None, proven: ProvenWay, most_pages: int
) -> ProvenWay:
    """The same way, heeding what pages say of more, where that agrees with what came."""
    way = proven.way
    if more is None or way.paginator["type"] != "cursor" or "has_more_path" in way.paginator:
        return proven
    heeding = replace(way, paginator={**way.paginator, "has_more_path": more})
    endpoint = _with_way(base, heeding)
    why = f"whether `{more}` is true up to the last page"
    walk = await survey.trials.walk({**endpoint, "total": None}, why, most_pages)
    fault, text = judged(survey, walk, proven.walk.pages[0])
    missing = survey.same.marks(proven.walk.rows) - survey.same.marks(walk.rows)
    if fault is None and walk.error is None and not missing:
        return ProvenWay(heeding, endpoint, walk, text)
    told = "it is false where more rows follow" if missing else fault or _brief(walk.error)
    survey.note("paginator.has_more_path", "ruled out", f"`{more}`: {told}")
    return proven


def judged(survey: Survey, walk: Walk, first: Sequence[Row]) -> tuple[str | None, str]:
    """Sees whether pages bring other rows than those before.

    Args:
        survey: Tells rows apart.
        walk: The pages.
        first: The rows that the first page is to have.

    Returns:
        What is wrong, None where nothing is; and what was seen.
    """
    if not walk.pages or not survey.same.are_same(walk.pages[0], first):
        if walk.error is not None:
            return _brief(walk.error), ""
        return "its first page is another one", ""
    if len(walk.pages) < 2 and walk.error is not None:
        return _brief(walk.error), ""
    lost = _lost_filter(survey, walk)
    if lost is not None:
        return f"`{lost}` is left out there: other rows come than were asked for", ""
    before = survey.same.marks(walk.pages[0])
    told = []
    for number, rows in enumerate(walk.pages[1:], start=2):
        if rows and not survey.same.are_new(rows, before):
            return f"page {number} brought rows that had come before", ""
        new = survey.same.new(rows, before)
        brought = f"{new:,} new row{'s' * (new != 1)}"
        told.append(f"page {number} had {brought}" if rows else f"page {number} was empty")
        before |= survey.same.marks(rows)
    if _names_empty_pages(walk) and not _go_on_behind_empty_ones(walk):
        return "behind the last row it names one page without rows after the other", ""
    if walk.end is not None and walk.error is None:
        told.append("and there it ends" if told else "the first page is the last")
    return None, ", ".join(told)


def _go_on_behind_empty_ones(walk: Walk) -> bool:
    """Whether rows came behind an empty page."""
    filled = [bool(page) for page in walk.pages]
    return False in filled and any(filled[filled.index(False) :])


def _lost_filter(survey: Survey, walk: Walk) -> str | None:
    """A parameter that the rows of the first page heed, and those of later ones do not."""
    asked = {**(survey.endpoint.get("params") or {}), **_plain(survey.endpoint.get("json"))}
    first, later = walk.pages[0], [row for page in walk.pages[1:] for row in page]
    for name, value in asked.items():
        wanted = str(value).lower()
        is_heeded = bool(first) and all(str(row.get(name)).lower() == wanted for row in first)
        if is_heeded and any(str(row.get(name)).lower() != wanted for row in later):
            return str(name)
    return None


def _plain(body: Any) -> dict[str, Any]:
    return dict(body) if isinstance(body, Mapping) else {}


def _with_way(base: Mapping[str, Any], way: PagingWay) -> dict[str, Any]:
    endpoint = {**base, "paginator": dict(way.paginator)}
    if way.params:
        endpoint["params"] = {**(base.get("params") or {}), **way.params}
    return endpoint


def _otherwise_ended(
    page: Page, way: PagingWay, size: int, more: str | None
) -> Iterator[PagingWay]:
    """The same way with other ends, for servers that go on for ever or in a circle."""
    kind = way.paginator["type"]
    if more is not None and kind in ("cursor", "offset", "page_number"):
        yield replace(way, paginator={**way.paginator, "has_more_path": more})
    said = looked_up(more) if more is not None and kind in _LINKS else None
    if said is not None:
        yield replace(way, paginator={**way.paginator, "stop_condition": f"{said} == False"})
    pages = find_pages(page.rest, page.rows_at)
    if kind == "page_number" and pages is not None:
        total_path = path_of(pages[0]).quoted
        yield replace(way, paginator={**way.paginator, "total_path": total_path})
    place = find_total(page.rest, page.headers, page.rows_at)
    if kind == "offset" and place is not None and place.path is not None:
        yield replace(way, paginator={**way.paginator, "total_path": place.path.quoted})
    yield replace(way, paginator={**way.paginator, "stop_condition": f"{_ENDED_BY_SIZE}{size}"})


def looked_up(path: str) -> str | None:
    """What a `stop_condition` calls a value of a page; None where the path is none of plain keys.

    Args:
        path: The path of the value in the page, as `meta.total`.
    """
    if not _PLAIN_PATH.fullmatch(path):
        return None
    return "response" + "".join(f"['{key}']" for key in path.split("."))


def _told(way: PagingWay) -> str:
    """What speaks for a way, and what takes the place of a page, where that says it not yet."""
    names = (
        *("cursor_param", "cursor_body_path", "offset_param", "offset_body_path"),
        *("page_param", "page_body_path"),
    )
    found = next((way.paginator[name] for name in names if way.paginator.get(name)), None)
    if found is not None and f"`{found}`" in way.seen:
        return way.seen
    return f"{way.seen} ({way.paginator['type']}{f' by `{found}`' if found else ''})"


def _brief(error: str | None) -> str:
    text = " ".join((error or "it was not followed to its end").split())
    text = _WHERE.sub("", text, count=1).partition(". ")[0]
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} ..."
