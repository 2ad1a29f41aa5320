"""A reader in a process that was forked from the one that made it."""

from __future__ import annotations

import subprocess
import sys

from tests.stories.reading.test_reading import Items
from tests.support.servers import JsonServer

FORKS = """
import os, sys
import headrace

reader = headrace.read({config!r}, batch_rows=50)
rows = next(reader).num_rows
child = os.fork()
if not child:
    try:
        next(reader)
    except ValueError as error:
        print(error, flush=True)
        os._exit(7)
    os._exit(0)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(status, rows + sum(batch.num_rows for batch in reader))
"""


def test_the_child_is_told_and_the_parent_reads_on(server: JsonServer) -> None:
    items = Items(server)
    code = FORKS.format(config=items.config)
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    told, ended = ran.stdout.splitlines()
    assert "another process" in told
    assert ended == f"7 {len(items.rows)}"
