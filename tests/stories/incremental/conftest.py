"""What the tests of incrementals share."""

from __future__ import annotations

import pytest

from tests.stories.incremental.calendar import Calendar
from tests.support.servers import JsonServer


@pytest.fixture
def api(server: JsonServer) -> Calendar:
    return Calendar(server)
