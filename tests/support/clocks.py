"""A clock for the ids of loads, which dlt makes of the time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import count

import pytest


@dataclass
class LoadClock:
    """Gives loads their ids.

    Attributes:
        ahead: By how many hours it is ahead of the time.
    """

    ahead: int = 0
    _ticks: count[int] = field(default_factory=count)

    def load_id(self) -> str:
        """An id as dlt makes it, another one each time."""
        return str(round(time.time()) + self.ahead * 3600 + next(self._ticks) / 1e5)

    def set_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lets dlt make the ids of its loads by this clock."""
        monkeypatch.setattr("dlt.extract.storage.create_load_id", self.load_id)
