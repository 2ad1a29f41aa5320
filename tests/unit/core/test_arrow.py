"""Where Arrow takes its memory from."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_ASK = (
    "import pyarrow\n"
    "from headrace.core.arrow import take_memory_from_system\n"
    "take_memory_from_system()\n"
    "print(pyarrow.default_memory_pool().backend_name)"
)


@pytest.mark.parametrize(
    ("chosen", "used"), [(None, "system"), ("mimalloc", "mimalloc"), ("jemalloc", "jemalloc")]
)
def test_what_the_user_has_chosen_stays(chosen: str | None, used: str) -> None:
    settings = {name: each for name, each in os.environ.items() if not name.startswith("ARROW")}
    if chosen is not None:
        settings["ARROW_DEFAULT_MEMORY_POOL"] = chosen
    told = subprocess.run(
        [sys.executable, "-c", _ASK], env=settings, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == used
