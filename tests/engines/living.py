"""A living world that is read meanwhile, and what the reading must give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headrace.simulator import Pace, World
from tests.stories.loading.test_recorded_server import typed

BUSY = Pace(
    executions_per_hour=400,
    share_failing=0.2,
    share_parked=0.1,
    share_crashed=0.05,
    share_late=0.05,
    old_retries_per_day=500,
    deletions_per_day=500,
)

Row = dict[str, Any]


class LivingWorld:
    """A world in which something happens before each answer; it remembers all that it was.

    Args:
        rows: How many rows it has at first.
        seconds: How much of its time goes by between two answers.
        then: Called with the number of each request, from 1.
    """

    def __init__(
        self, rows: int, seconds: float = 60.0, then: Callable[[int], None] | None = None
    ) -> None:
        self.world = World(rows=rows, pace=BUSY)
        self._seconds = seconds
        self._then = then
        self._listed: list[set[int]] = []
        self._versions: dict[int, list[Row]] = {}
        self._remember()

    def on_request(self, number: int) -> None:
        """Lets time go by, for the simulator's argument of this name."""
        self.world.advance(self._seconds)
        self._remember()
        if self._then is not None:
            self._then(number)

    def check(self, rows: Sequence[Row]) -> None:
        """Sees that rows are what there was: none is missing, none there twice, none made up.

        Args:
            rows: What was read, typed as the connector declares it.
        """
        ids = [row["id"] for row in rows]
        assert len(ids) == len(set(ids)), "a row is there twice"
        all_along = set.intersection(*self._listed)
        assert all_along - set(ids) == set(), "rows are missing that were listed all along"
        made_up = [row for row in rows if row not in self._versions.get(row["id"], [])]
        assert made_up == []
        assert len(self._listed) > 10
        assert self._listed[0] != self._listed[-1], "nothing has happened"

    def _remember(self) -> None:
        with self.world.lock:
            self._listed.append({int(row["id"]) for row in self.world.listed()})
            for row in self.world.truth():
                # Those that are hidden are asked for one by one.
                versions, now = self._versions.setdefault(int(row["id"]), []), typed(row)
                if not versions or versions[-1] != now:
                    versions.append(now)
