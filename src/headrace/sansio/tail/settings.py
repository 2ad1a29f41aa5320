"""What a config says of a listing's tail."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from headrace.core.quick_dataclasses import dataclass

RECENT_ROWS = 2_500
"""Of a first listing, so many of the newest rows are near enough to the present that a missing key
may still appear, or that a row may still change because another one names it. Else the first sync
would remember every gap of the history, and ask for it."""


@dataclass(frozen=True, slots=True)
class KeyLaneSettings:
    """How the first listing is parted into lanes, each of which begins at a key.

    Args:
        at_once: How many pages of the listing are asked for at once, at most; with 1 the first
            listing is read in one lane, and the rest says how a stretch of it would begin.
        cursor_below: Makes the cursor of the page that begins below a key, given as the API writes
            it; None where the API filters by key instead.
        readable: Writes a cursor, given as JSON, as it may be shown.
        rows: About how many rows a lane reads.
        least_rows: A stretch of fewer rows gets no lane of its own.
        after: How many rows are listed before the first lane begins. Of so many it is remembered
            which keys were passed over, and they tell how far keys are apart.
        why_not: Why it cannot be parted, as a sentence; None where it can.
    """

    at_once: int
    cursor_below: Callable[[str], str] | None = None
    readable: Callable[[str], str] = str
    rows: int = 10_000
    least_rows: int = 2_000
    after: int = 2_500
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class TailSettings:
    """How a resource's listing is followed.

    Args:
        row_order: The order of the listing by its key; only `desc`, newest first, can be followed.
        late_rows: How rows are found that appear below keys already listed: `probe` asks for the
            missing keys one by one, a number lists so many seconds again, `none` does nothing.
        key_is_primary: Whether the key is the primary key, so that a row keeps its key; otherwise
            the key moves as the row changes, like `updated_at`.
        has_settled_when: Whether the config says when a row changes no more.
        has_refresh_path: Whether a row can be asked for alone.
        has_touches: Whether rows name older rows that change because of them.
        has_filter: Whether the listing leaves rows out on purpose.
        limit: The number of rows in a full page; None where it is not known.
        backfill_until: A key or an ISO time; the first sync loads no row below it.
        has_hidden: Whether the rows that the listing hides have a listing of their own.
        has_open: Whether rows that can still change have one.
        trust_after: After how many missing keys without a row that listing is taken to show all
            that is hidden.
        max_probes: How many missing keys are asked for in one sync, at most.
        max_gaps: How many missing keys are remembered, at most.
        max_open_rows: How many open rows are remembered, at most.
        grace: The seconds in which a server may still finish writing a row that others point to.
        lanes: How the first listing is read in several places at once; None where it is not.
    """

    row_order: str
    late_rows: Literal["probe", "none"] | float
    key_is_primary: bool
    has_settled_when: bool
    has_refresh_path: bool
    has_touches: bool
    has_filter: bool
    limit: int | None
    backfill_until: int | str | None = None
    has_hidden: bool = False
    has_open: bool = False
    trust_after: int = 100
    max_probes: int = 200
    max_gaps: int = 20_000
    max_open_rows: int = 100_000
    grace: float = 600.0
    lanes: KeyLaneSettings | None = None

    @property
    def keys_move(self) -> bool:
        """Whether a row that changes gets a new key."""
        return not self.key_is_primary

    @property
    def probes(self) -> bool:
        """Whether missing keys are asked for one by one."""
        return self.late_rows == "probe"

    def lookback(self, *, knows_hidden: bool) -> float | None:
        """The seconds of the listing that a sync lists again; None where it lists none again.

        Args:
            knows_hidden: Whether it has read the listing of hidden rows. Then only a row that has
                come and ended since an earlier sync can be below what was listed, and as late as a
                server may still write it.
        """
        if not isinstance(self.late_rows, str):
            return float(self.late_rows)
        return self.grace if knows_hidden else None

    @property
    def needs_times(self) -> bool:
        """Whether the times of rows are of use."""
        return (
            self.lookback(knows_hidden=self.has_hidden) is not None
            or self.backfill_until is not None
        )

    @property
    def _own_listings(self) -> list[str]:
        has = {"hidden": self.has_hidden, "open": self.has_open}
        return [key for key, is_there in has.items() if is_there]

    def problems(self) -> list[tuple[str, str]]:
        """What cannot be followed like this: pairs of a config key and what to do about it."""
        found = []
        if self.row_order != "desc":
            found.append(
                (
                    "row_order",
                    "only a listing that is newest first can be followed: set it to `desc`, and "
                    "ask the API for that order if it takes a parameter for it",
                )
            )
        found += self._problems_of_late_rows()
        for key in self._own_listings:
            if not (self.has_settled_when and self.has_refresh_path):
                found.append(
                    (
                        key,
                        "lists rows that still change, and they are asked for alone once it shows "
                        "them no more: give `settled_when` and `refresh_path` as well",
                    )
                )
        if self.has_touches and not self.has_refresh_path:
            found.append(("touches", "a touched row is fetched alone: give `refresh_path` as well"))
        if self.keys_move:
            found += self._problems_of_moving_keys()
        return found

    def _problems_of_late_rows(self) -> list[tuple[str, str]]:
        found = []
        if self.probes and not self.has_refresh_path:
            found.append(
                (
                    "late_rows",
                    "`probe` asks for missing rows one by one: give `refresh_path`, or use "
                    "`{lookback: <seconds>}`",
                )
            )
        if self.probes and self.has_filter:
            found.append(
                (
                    "late_rows",
                    "`probe` would load rows that the listing's filter leaves out: use "
                    "`{lookback: <seconds>}`, or drop the filter; a param that leaves no row out "
                    "may stand in the paths, as in `/runs?details=true`",
                )
            )
        seconds = self.lookback(knows_hidden=False)
        if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
            found.append(("late_rows", "`lookback` is a number of seconds above 0"))
        return found

    def _problems_of_moving_keys(self) -> list[tuple[str, str]]:
        moves = "the key is not the primary key, so a row that changes is listed again at the top"
        found = []
        if self.probes:
            found.append(
                (
                    "late_rows",
                    f"{moves}, and a missing key says nothing: use `{{lookback: <seconds>}}` or "
                    "`none`",
                )
            )
        if self.has_settled_when:
            found.append(("settled_when", f"{moves}: leave it out"))
        if self.has_touches:
            found.append(("touches", f"{moves}: leave it out"))
        found += [(key, f"{moves}: leave it out") for key in self._own_listings]
        return found
