"""The random histories of `test_model.py`, with a first listing that is read in lanes by key.

More of them than the few that run each time:

    HEADRACE_EXAMPLES=2000 scripts/test tests/unit/sansio/tail/test_lanes_model.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from headrace.sansio.tail.settings import KeyLaneSettings
from tests.unit.sansio.tail.model import Sync
from tests.unit.sansio.tail.test_model import (
    FixedKeyHistories,
    HiddenListingHistories,
    ListedOnlyHistories,
)

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "40"))
LIMITS = st.one_of(st.integers(1, 6), st.integers(1, 250))
STARTS = st.sampled_from(["heeded", "heeded", "at most", "ignored", "refused"])


class LanedHistories(FixedKeyHistories):
    """Reads the first listing in lanes, which begin sooner than in earnest."""

    @initialize(
        limit=LIMITS,
        as_key=st.sampled_from([int, str]),
        count=st.integers(0, 300),
        at_once=st.integers(1, 16),
        by_filter=st.booleans(),
        starts=STARTS,
        rows=st.sampled_from([1, 7, 40]),
        least_rows=st.sampled_from([1, 5]),
        after=st.sampled_from([0, 3, 30]),
    )
    def start(
        self,
        limit: int,
        as_key: Callable[[Any], Any],
        count: int,
        at_once: int,
        by_filter: bool,
        starts: str,
        rows: int,
        least_rows: int,
        after: int,
    ) -> None:
        self.begin(limit, as_key, **self.changes())
        lanes = KeyLaneSettings(
            at_once,
            cursor_below=None if by_filter else self.cursor_below,
            rows=rows,
            least_rows=least_rows,
            after=after,
        )
        self.mirror.settings = replace(self.mirror.settings, lanes=lanes)
        self.mirror.at_once = at_once
        self.mirror.has_instants = self.mirror.settings.has_hidden
        self.server.starts = starts
        self.epoch = 0
        for _ in range(count):
            self.new_row()

    def changes(self) -> dict[str, Any]:
        """What the settings have besides."""
        return {}

    def cursor_below(self, text: str) -> str:
        """The cursor as the server made them when the sync began."""
        return f"[{self.epoch}, {text}, {text}]"

    def start_sync(self) -> None:
        super().start_sync()
        self.epoch = self.server.epoch

    @precondition(lambda self: self.sync is None)
    @rule(before=st.integers(1, 60), after=st.integers(0, 9), choice=st.integers(0, 20))
    def break_off(self, before: int, after: int, choice: int) -> None:
        """A sync that breaks off after a leg, and with it the lanes."""
        self.start_sync()
        for count in (before, after):
            sync = self.sync
            for _ in range(count):
                if sync is None or sync.is_done:
                    self.finish_sync()
                    return
                sync.step(choice)
            if count == before:
                self.end_leg()
        self.crash()

    def check_promise(self, sync: Sync) -> None:
        super().check_promise(sync)
        ledger = sync.ledger
        assert ledger.split is None
        assert ledger.coverage.first_hole() is None
        assert len(ledger.coverage.spans) <= 1


class LanedListings(LanedHistories, ListedOnlyHistories):
    """The same without a path to single rows, and with keys that are far apart."""

    def changes(self) -> dict[str, Any]:
        return {"late_rows": "none", "has_refresh_path": False, "has_touches": False}

    @rule(count=st.sampled_from([1, 50, 1_000]))
    def keep_nothing(self, count: int) -> None:
        """Ids of which there never is a row."""
        self.next_id += count

    @rule()
    def quiet_sync(self) -> None:
        """How much is asked for is tested where keys are near to each other."""
        self.finish_sync()


class LanedHiddenListing(LanedHistories, HiddenListingHistories):
    """The same where the server lists the rows that it hides."""

    def changes(self) -> dict[str, Any]:
        return {"has_hidden": True, "has_open": True, "trust_after": 3}

    @rule()
    def quiet_sync(self) -> None:
        """How much is asked for is tested where there are no lanes."""
        self.finish_sync()


BUDGET = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TestLaned = LanedHistories.TestCase
TestLaned.settings = BUDGET
TestLanedListings = LanedListings.TestCase
TestLanedListings.settings = BUDGET
TestLanedHiddenListing = LanedHiddenListing.TestCase
TestLanedHiddenListing.settings = BUDGET
