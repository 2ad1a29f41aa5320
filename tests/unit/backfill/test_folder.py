"""The folder that machines share."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from headrace.backfill.folder import SharedFolder


def test_a_file_that_many_write_at_once_is_that_of_one_of_them(tmp_path: Path) -> None:
    contents = [bytes([65 + number]) * 1_000 for number in range(8)]

    def write(content: bytes) -> None:
        folder = SharedFolder(str(tmp_path))
        for _ in range(100):
            folder.write("lanes/00000/lane.json", content)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write, contents))
    finally:
        sys.setswitchinterval(interval)
    folder = SharedFolder(str(tmp_path))
    assert folder.read("lanes/00000/lane.json") in contents
    assert folder.names("lanes/00000") == ["lane.json"]
