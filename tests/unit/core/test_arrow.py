"""Arrow, imported when it is first used."""

import os
import subprocess
import sys
from array import array
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from headrace.core import arrow
from headrace.core.arrow import count_different

PROGRAM = """
import sys
from array import array
from headrace.core.arrow import count_different
assert count_different(array("q", [1, 2, 2, 3])) == 3
print("pyarrow" in sys.modules)
"""


def test_a_few_keys_are_counted_without_arrow() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50))
def test_many_are_counted_like_few(numbers: list[int]) -> None:
    few = count_different(array("q", numbers))
    arrow._FEW, before = -1, arrow._FEW
    try:
        assert count_different(array("q", numbers)) == few == len(set(numbers))
    finally:
        arrow._FEW = before


IN_THREADS = """
import sys, threading
import headrace

found = []
def make(where):
    headrace.rest_api_source({"client": {"base_url": "http://127.0.0.1:1"}, "resources": ["a"]})
    found.append((where, "pyarrow" in sys.modules, "pandas" in sys.modules))

make("alone")
thread = threading.Thread(target=make, args=("in a thread",))
thread.start()
thread.join()
working = threading.Event()
beside = threading.Thread(target=working.wait)
for name in ("pyarrow", "pandas"):
    sys.modules.pop(name)
beside.start()
make("beside a thread")
working.set()
print(found)
"""


def test_where_threads_meet_dlt_finds_no_half_of_a_module(tmp_path: Path) -> None:
    # As if they were installed, and fast.
    for name in ("pyarrow", "pandas"):
        names = "Table = RecordBatch = Schema = DataFrame = type(None)"
        (tmp_path / f"{name}.py").write_text(names)
    ran = subprocess.run(
        [sys.executable, "-c", IN_THREADS],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert ran.stdout.strip() == str(
        [("alone", False, False), ("in a thread", True, True), ("beside a thread", True, True)]
    )
