"""A command whose caller has closed its output or its errors, as some services do."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_command_does_its_work_without_them(closed: str) -> None:
    ran = subprocess.run(
        f'"{sys.executable}" -m headrace connectors {closed}',
        shell=True,
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
