"""What a listing does behind its last page, and whether the total that it tells is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from headrace.core.exceptions import HeadraceError, ResponseStatusError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.proofs import looked_up
from headrace.discovery.survey import Knob, Survey
from headrace.discovery.trials import Row, Walk, rows_of
from headrace.reading.listing_ends import PAST_END
from headrace.sansio.discovery.parameters import SIZES

_FAR = 1_000_000


# What many servers count or show at most.
_BOUND = 10_000
_BOUNDS = (1_000, _BOUND)
_WHAT_IS_BEHIND = "is there a bound on what can be asked for?"
_ENDS = ("has_more_path", "total_path", "stop_condition", "maximum_offset", "maximum_page")


class EndUnknown(Exception):  # noqa: N818 - says that something is not known
    """Nothing shows where the listing ends."""


@stays_here
class Endings:
    """Looks behind the end of a listing that was not read whole.

    Args:
        survey: What is known of the listing; what is found is noted there.
        endpoint: The endpoint, with its paginator.
        walk: The pages that were read.
    """

    def __init__(self, survey: Survey, endpoint: Mapping[str, Any], walk: Walk) -> None:
        self._survey = survey
        self._endpoint = endpoint
        self._paginator = endpoint["paginator"]
        self._walk = walk
        self._size = len(walk.pages[0]) if walk.pages else 0
        # Whether the last page comes again behind the last row.
        self._ends_again = False

    async def endpoint(self) -> Mapping[str, Any]:
        """The endpoint, with what it takes to end right.

        Raises:
            EndUnknown: Nothing shows where it ends.
            AskedEnough: No more may be asked.
        """
        self._see_bound_of_all()
        endpoint = self._with_judged_total()
        kind = self._paginator["type"]
        if self._walk.end is not None or kind not in ("offset", "page_number"):
            return endpoint
        total = self._survey.total
        if total is not None and await self._is_right(total):
            place = self._survey.total_place
            if total == _BOUND:
                told = f"{place} tells {total:,} rows: many servers count or show no more than that"
                raise EndUnknown(f"{told}. How are those behind them asked for?")
            self._survey.note("total", "proven", f"{total:,} rows ({place}), and none behind them")
            return endpoint
        if total is not None and self._ends_again and self._end_by_total is not None:
            place = self._survey.total_place
            told = f"behind the last of {total:,} rows ({place}) its page comes again"
            self._survey.note("paginator.stop_condition", "proven", told)
            return {
                **endpoint,
                "paginator": {**self._paginator, "stop_condition": self._end_by_total},
            }
        behind, status = await self._at(_FAR)
        if total is not None:
            endpoint = {**endpoint, "total": None}
        if status in PAST_END and await self._ends_with(status):
            ignore = {"status_code": status, "action": "ignore"}
            told = f"behind the last page, which is a short one, the API answers with {status}"
            self._survey.note("response_actions", "proven", told)
            return {**endpoint, "response_actions": [ignore]}
        if behind and not any(self._paginator.get(each) for each in _ENDS):
            told = "far behind its last row the listing brings rows that had come before"
            raise EndUnknown(f"{told}: how does it say where it ends?")
        if behind is not None and not behind:
            if total is None:
                await self._see_silent_bound()
            self._survey.note("paginator", "proven", "far behind the last row a page is empty")
        return endpoint

    def _see_bound_of_all(self) -> None:
        """Sees whether what should be the size of a page may be that of the listing.

        Raises:
            EndUnknown: As many rows came as it says, and over several pages.
        """
        came, params = len(self._walk.rows), self._endpoint.get("params") or {}
        if self._walk.end is None or self._walk.error is not None or came == self._size:
            return
        name = next((name for name in SIZES if str(params.get(name)) == str(came)), None)
        if name is not None:
            told = f"with `{name}` {came:,} in all {came:,} rows came, over several pages"
            raise EndUnknown(f"{told}: does it bound all of the listing, rather than a page?")

    async def _see_silent_bound(self) -> None:
        """Sees whether pages end without a word where many servers list no further.

        Raises:
            EndUnknown: They do.
        """
        for bound in _BOUNDS:
            first = bound - 1
            if self._paginator["type"] != "offset":
                first -= first % self._size
            rows, _ = await self._at(self._number_of_row(first))
            last = first + len(rows or ())
            if last < bound:
                return
            is_full = len(rows or ()) == self._size
            if last == bound and is_full:
                behind, _ = await self._at(self._number_of_row(bound))
                last += len(behind or ())
            if last == bound:
                told = f"its pages end at {bound:,} rows, and many servers list no more than that"
                raise EndUnknown(f"{told}. How are those behind them asked for?")

    async def _ends_with(self, status: int | None) -> bool:
        """Whether a short page is the last one before a status, which then is no mere bound.

        Raises:
            EndUnknown: The page before is a full one.
        """
        last, behind, step = len(self._walk.pages) - 1, None, 1
        short = len(self._walk.pages[-1]) < self._size
        while behind is None or behind - last > 1:
            page = last + step if behind is None else (last + behind) // 2
            rows, answer = await self._at(self._number_of(page))
            if rows:
                last, step, short = page, 2 * step, len(rows) < self._size
            elif rows is None and answer == status:
                behind = page
            else:
                return False
        if not short:
            told = f"behind page {last + 1:,}, which is a full one, the API answers with {status}"
            raise EndUnknown(f"{told}: {_WHAT_IS_BEHIND}")
        return True

    def _number_of(self, page: int) -> int:
        """The number by which a page is asked for.

        Args:
            page: How many pages are before it.
        """
        return self._number_of_row(page * self._size)

    def _number_of_row(self, row: int) -> int:
        """The number by which the page is asked for that has a row.

        Args:
            row: How many rows are before it.
        """
        if self._paginator["type"] == "offset":
            begin: int = self._paginator.get("offset", 0)
            return begin + row
        base: int = self._paginator["base_page"]
        return base + row // self._size

    def _with_judged_total(self) -> Mapping[str, Any]:
        survey, walk = self._survey, self._walk
        total, place = survey.total, survey.total_place
        if total is None or walk.end is None:
            return self._endpoint
        came = len(survey.same.marks(walk.rows))
        if came == total or len(walk.rows) == total:
            survey.note("total", "proven", f"{total:,} rows came, as many as {place} tells")
            return self._endpoint
        told = f"{place} tells {total:,}, but {came:,} rows came up to the end"
        pages = [page for page in walk.pages if page]
        is_by_number = self._paginator["type"] in ("offset", "page_number")
        if came < total and is_by_number and len(pages) > 1 and len(pages[-1]) >= self._size:
            raise EndUnknown(f"{told}, where the last page is a full one: {_WHAT_IS_BEHIND}")
        survey.note("total", "proven", told, None)
        return {**self._endpoint, "total": None}

    async def _is_right(self, total: int) -> bool:
        """Whether the last row is where a total says, and none behind it."""
        survey = self._survey
        if total <= self._size:
            return False
        pages = ceil(total / self._size)
        last, behind = self._number_of(pages - 1), self._number_of(pages)
        if self._paginator["type"] == "offset":
            begin = self._paginator.get("offset", 0)
            last, behind = begin + total - 1, begin + total
        rows, _ = await self._at(behind)
        status_ok = rows is None or not rows
        before, _ = await self._at(last)
        if rows and before and self._paginator["type"] == "page_number":
            is_rest = len(before) == total - (pages - 1) * self._size
            self._ends_again = is_rest and survey.same.marks(rows) == survey.same.marks(before)
        if self._ends_again:
            return False
        if not status_ok or not before:
            place = survey.total_place
            why = "there are rows behind them" if not status_ok else "the last of them is not there"
            survey.note("total", "ruled out", f"{place} tells {total:,} rows, but {why}")
            if status_ok and await self._ends_full(pages - 1):
                told = f"{place} tells {total:,} rows, but pages end before, and with a full one"
                raise EndUnknown(f"{told}: {_WHAT_IS_BEHIND}")
            return False
        return True

    @property
    def _end_by_total(self) -> str | None:
        """The condition that is true of the page that has the last row of a total.

        Number of pages times rows of each: no page is too short, as the last one would come again.
        """
        place = self._survey.total_place
        path = place.path if place is not None else None
        total = None if path is None else looked_up(str(path))
        return None if total is None else f"page * {self._size} >= {total}"

    async def _ends_full(self, behind: int) -> bool:
        """Whether the last page that has rows is as long as the first one.

        Args:
            behind: How many pages are before one that has none.
        """
        last, count = len(self._walk.pages) - 1, len(self._walk.pages[-1])
        while behind - last > 1:
            page = (last + behind) // 2
            rows, _ = await self._at(self._number_of(page))
            if rows:
                last, count = page, len(rows)
            else:
                behind = page
        return count >= self._size

    async def _at(self, number: int) -> tuple[Sequence[Row] | None, int | None]:
        """The rows at a place, or the status of the answer."""
        names = ("offset_param", "page_param", "offset_body_path", "page_body_path")
        name = next(each for each in names if each in self._paginator)
        knob = Knob(self._paginator[name], in_body=name.endswith("body_path"))
        endpoint = {key: value for key, value in self._endpoint.items() if key != "paginator"}
        if self._paginator["type"] == "offset":
            where = self._paginator.get("limit_body_path") or self._paginator["limit_param"]
            size = Knob(where, in_body="limit_body_path" in self._paginator)
            endpoint = size.turned(endpoint, self._paginator["limit"])
        why = f"what comes at {knob} {number:,}"
        try:
            page = await self._survey.trials.page(knob.turned(endpoint, number), why)
        except ResponseStatusError as error:
            return None, error.status
        except HeadraceError:
            return None, None
        return rows_of(page.rows), None
