"""The rows of a listing between two keys: what a stream reads of it, batch by batch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

from msgspec.structs import replace as changed

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.stretches.key_plan import (
    KeyPlanner,
    OneStretchError,
    SeenPage,
    stretches_of,
)
from headrace.reading.stretches.stretch import KeyStretch
from headrace.sansio.tail.keys import Key, KeyKind
from headrace.sansio.tail.settings import RECENT_ROWS, KeyLaneSettings

# So many pages are looked at for a row that is old enough.
_MOST_PAGES = 100
_NO_NUMBERS = "keys like `{key}` are no whole numbers"


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Ranges of keys of a listing that grows at its top.

    Args:
        name: The name of the resource.
        planner: Asks what has to be known.
        lanes: How a place far down in it is asked for.
    """

    name: str
    planner: KeyPlanner
    lanes: KeyLaneSettings

    async def newest(self, before: float | None) -> int | None:
        """The newest key of the listing; None where it shows too little to go by.

        Args:
            before: Where a field tells the times of rows, the newest key of a row that is older
                than this, in seconds since 1970; None for the newest one of all.

        Raises:
            ConfigError: The listing cannot be asked for what lies between two keys.
        """
        top = await self._top()
        if top is None or before is None or top.page.rows.instants is None:
            return None if top is None else int(top.keys[0])
        async for keys, instants in self._pages(top):
            for key, instant in zip(keys, instants, strict=True):
                if instant <= before:
                    return int(key)
        return None

    async def _pages(self, top: SeenPage) -> AsyncIterator[tuple[Sequence[Key], Sequence[float]]]:
        page, keys = top.page, list(top.keys)
        for _ in range(_MOST_PAGES):
            if not keys or page.rows.instants is None:
                return
            yield keys, page.rows.instants
            if page.cursor is None:
                return
            page, keys = await self.planner.page_below(top, keys[-1])

    async def between(self, low: int | None, high: int, wanted: int) -> list[KeyStretch]:
        """Parts what lies between two keys into stretches.

        Args:
            low: The key below the lowest one; None for all that there is.
            high: The highest key.
            wanted: How many stretches there are at most.

        Raises:
            ConfigError: The listing cannot be asked for what lies between two keys.
        """
        top = await self._top()
        if top is None:
            return []
        if low is None:
            cells = await self.planner.survey(top, wanted)
            rows = sum(each.rows for each in cells)
            parts = max(1, min(int(rows // self.lanes.least_rows), wanted))
            return _below(stretches_of(top, cells, parts), high)
        extent = max(int(top.keys[0] - top.keys[-1]), 1)
        rows = (high - low) * len(top.keys) / extent
        parts = max(1, min(int(rows // self.lanes.least_rows), wanted, high - low))
        edges = [high - (high - low) * place // parts for place in range(parts + 1)]
        return [
            KeyStretch(high=str(above), low=str(below), recent=RECENT_ROWS, seen=top.seen)
            for above, below in pairwise(edges)
        ]

    async def _top(self) -> SeenPage | None:
        """The first page, once it is proven that a place below can be asked for."""
        try:
            top = await self.planner.top(may_be_all=True)
            if top.starts.kind is not KeyKind.INTEGER:
                raise OneStretchError(_NO_NUMBERS.format(key=top.seen.key))
            await self.planner.prove(top)
        except OneStretchError as why:
            if why.has_too_few:
                return None
            told = f"`{self.name}` cannot be followed as a stream: {why}"
            raise ConfigError([Fault(f"resources.{self.name}", told)], resource=self.name) from None
        return top


def _below(stretches: Sequence[KeyStretch], high: int) -> list[KeyStretch]:
    """The stretches without what lies above a key."""
    wanted = [each for each in stretches if each.low is None or int(each.low) < high]
    return [changed(wanted[0], high=str(high)), *wanted[1:]]
