"""Arrow, imported when it is first used."""

import subprocess
import sys
from array import array

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
