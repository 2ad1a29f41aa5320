"""Holds what a listing has brought against what the API says there is."""

from __future__ import annotations

from array import array

from headrace.core.arrow import count_different
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.paging.page import Page
from headrace.sansio.paging.row_keys import RowKeys
from headrace.sansio.paging.totals import TotalPlace, find_total

_STABLE_ORDER = "Ask for a stable order, by a unique field, or take the API's cursor if it has one"


@dataclass(frozen=True, slots=True)
class Accounting:
    """How the rows of a listing are counted.

    Args:
        total: Where its pages tell how many rows it has; None to look for a usual name.
        is_told: Whether the pages may tell it; False where the config says that they do not.
        total_key: What the user would change in the config if that number is another one.
        keys: Reads the rows' keys; None where no primary key is known.
        follows_keys: Whether keys are looked at though no total is told: where pages are asked for
            by a number, rows can move from one to another while the listing is read.
        before: How many rows the first page is told to leave out.
        proves_whole: Whether it must be known that no row came twice, and nothing was left out.
        short_hint: What the user should check where rows are missing.
    """

    total: TotalPlace | None = None
    is_told: bool = True
    total_key: str = "endpoint.total"
    keys: RowKeys | None = None
    follows_keys: bool = False
    before: int = 0
    proves_whole: bool = False
    short_hint: str = "Check `endpoint.paginator`."


class ListingAccount:
    """What the pages of one pass through a listing have brought.

    Args:
        accounting: How to count.

    Attributes:
        is_out_of_order: Whether rows were seen to lie in another order from page to page.
    """

    def __init__(self, accounting: Accounting) -> None:
        self._accounting = accounting
        self._total = accounting.total
        self._told: list[int] = []
        self._asked_for: list[int] = []
        self._pages = 0
        self._rows = 0
        self._last_rows = 0
        self._tells_each_page = True
        self._is_least = False
        self._keys = accounting.keys
        self._marks = array("q")
        self.is_out_of_order = False

    @property
    def total(self) -> int | None:
        """How many rows there are, as the API says; None where it says nothing."""
        told = self._numbers
        return told[-1] if told else None

    @property
    def is_nearly_whole(self) -> bool:
        """Whether another page as long as the last one brings all rows that the API tells of."""
        total = self.total
        return total is not None and self._rows + self._last_rows >= total

    def count(self, number: int) -> None:
        """Notes what the API answered when it was asked for the number of rows.

        Args:
            number: The number.
        """
        self._asked_for.append(number)

    def total_on(self, page: Page) -> int | None:
        """How many rows the listing has, as one page tells it; None where it does not.

        Args:
            page: A page behind the first one that was met.
        """
        return self._total.read(page.document, page.headers) if self._total else None

    def meet(self, page: Page, listed_before: int = 0) -> None:
        """Counts a page.

        Args:
            page: The page.
            listed_before: How many of its rows came with an earlier page as well, and are left out.
        """
        self._pages += 1
        if self._pages == 1 and self._total is None and self._accounting.is_told:
            self._total = find_total(page.rest, page.headers, page.rows_at)
        told = self._total.read(page.document, page.headers) if self._total else None
        # Where a page is empty since the server takes its number for a filter, or lists no further,
        # so is its total.
        if told is not None and (page.row_count or not self._rows or told >= self._rows):
            self._told.append(told)
        if told is not None:
            self._tells_each_page &= told == page.row_count
            self._is_least = self._total is not None and self._total.is_least(page.document)
        rows = page.rows[listed_before:] if listed_before else page.rows
        self._rows += len(rows)
        self._last_rows = len(rows)
        follows = self._accounting.follows_keys or self._accounting.proves_whole
        if self._keys is None or not (follows or self._told):
            return
        keys = self._keys.of(rows)
        if keys is None:
            self._keys = None
        else:
            self._marks.extend(map(hash, keys))

    @property
    def _numbers(self) -> list[int]:
        """What the API told of the number of all rows; what was asked for counts more."""
        return self._asked_for or ([] if self._is_of_page else self._told)

    @property
    def _is_of_page(self) -> bool:
        """Whether the number is that of each page's own rows, as some servers mean it."""
        return self._pages > 1 and self._tells_each_page

    @property
    def different(self) -> int:
        """How many different rows came, by their keys."""
        if self._keys is None or len(self._marks) != self._rows or not self._rows:
            return self._rows
        return count_different(self._marks)

    @property
    def are_distinct(self) -> bool | None:
        """Whether no row came twice, by their keys; None where those are not known."""
        if self._rows and (self._keys is None or len(self._marks) != self._rows):
            return None
        return self.different == self._rows

    @property
    def is_whole(self) -> bool:
        """Whether as many rows came as there are; False where the API says nothing."""
        total = self.total
        if total is None:
            return False
        came = self.different + self._accounting.before
        # More than was ever told: a number of pages, perhaps.
        most = came if self._asked_for else max(self._told)
        return total <= came <= most and not (came == total and self._is_least)

    def shortfall(self, *, ended_by_config: bool = False) -> str | None:
        """Says that the listing has brought fewer rows than there are.

        While a listing is read, rows may come and go: it is short where there were at no moment
        as few as came.

        Args:
            ended_by_config: Whether it was meant to end there.

        Returns:
            Both numbers, and what to do; None where nothing is known to be missing.
        """
        told = self._numbers
        if not told:
            return None
        different = self.different
        came, there_are = different + self._accounting.before, min(told)
        is_least = self._is_least and not self._asked_for
        if came > there_are or (came == there_are and not is_least):
            return None
        where = self._where
        brought = f"{self._rows:,} rows"
        if different < self._rows:
            brought += f" of {different:,} different keys"
        before = self._accounting.before
        skipped = f" after the {before:,} that it leaves out" if before else ""
        moved = self.is_out_of_order or different < self._rows
        hint = f"{_STABLE_ORDER}." if moved else self._accounting.short_hint
        least = "at least " if is_least else ""
        both = (
            f"the listing ended with {brought}{skipped}, but the API tells {least}{there_are:,} "
            f"({where})"
        )
        if ended_by_config:
            return f"{both}: the config ends it there"
        return (
            f"{both}: it is not whole. {hint} If that is not the number of this listing's rows, "
            f"say `{self._accounting.total_key}: null`."
        )

    def repetitions(self) -> str | None:
        """Says that rows came twice from pages that are asked for by a number.

        Returns:
            How many, and what helps; None where each key came once or nothing is known of them.
        """
        different = self.different
        if different == self._rows:
            return self._fall()
        return (
            f"{self._repeats(different)} while the listing was read by offset or page number: "
            f"where rows come twice, others may be missing. {_STABLE_ORDER}"
        )

    def _fall(self) -> str | None:
        if len(self._told) <= 1 or self._is_of_page or max(self._told) <= self._told[-1]:
            return None
        return (
            f"the API told {max(self._told):,} rows, and {self._told[-1]:,} at the end: where rows "
            "are deleted while a listing is read by offset or page number, others are passed over. "
            "Sync again, or take the API's cursor if it has one"
        )

    def _repeats(self, different: int) -> str:
        return f"{self._rows:,} rows came with {different:,} different keys"

    @property
    def _where(self) -> str:
        return "asked for by `endpoint.total`" if self._asked_for else str(self._total)
