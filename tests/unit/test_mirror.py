"""`tests/unit` has the rooms of `src/headrace`, so that the tests of a module are found at once."""

from __future__ import annotations

import pytest

from tests.support.project import ROOT

UNIT = ROOT / "tests" / "unit"
FOLDERS = sorted(
    str(folder.relative_to(UNIT))
    for folder in UNIT.rglob("*")
    if folder.is_dir() and any(folder.glob("*.py"))
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_is_a_room(folder: str) -> None:
    room = ROOT / "src" / "headrace" / folder
    assert room.is_dir() or room.with_suffix(".py").is_file(), (
        f"tests/unit/{folder} tests src/headrace/{folder}, which is not there: move it to where "
        "what it tests went"
    )
