"""Arrow, which is imported when it is first used.

To import it takes a tenth of what a sync costs in which nothing is new, and such a sync has no
table. Where tables come anyway, `import pyarrow as pa` is as good.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections.abc import Iterable
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

__all__ = [
    "constant_numbers",
    "constant_texts",
    "count_different",
    "import_where_threads_meet",
    "pa",
    "pc",
    "take_memory_from_system",
    "whole_numbers",
]

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
else:

    class _Arrow:
        """`pyarrow`: each name is looked up once."""

        def __getattr__(self, name: str) -> Any:
            import pyarrow

            return _kept(self, name, getattr(pyarrow, name))

    class _Compute:
        """`pyarrow.compute`: each name is looked up once."""

        def __getattr__(self, name: str) -> Any:
            import pyarrow.compute

            return _kept(self, name, getattr(pyarrow.compute, name))

    def _kept(module: object, name: str, value: Any) -> Any:
        setattr(module, name, value)
        return value

    pa = _Arrow()
    pc = _Compute()


_FEW = 200_000
# Threads of dlt's telemetry and of our own fetching, which import none of it.
_OTHERS = ("anon_tracker", "headrace")

# Where pandas is installed, pyarrow 26 imports it with the first scalar or list that it is given:
# a third of a second, and 40 MB. Columns that are made of buffers do without.


def import_where_threads_meet() -> None:
    """Imports Arrow now where several threads may use dlt, with pandas where that is installed.

    dlt looks for both among the modules that are there (`dlt.common.libs`, 1.31), and fails where
    another thread has imported half of one. To import it here is to wait for that thread. A program
    of one thread, as the command line is, has them imported when they are needed.
    """
    if not _has_threads():
        return
    import pyarrow  # noqa: F401

    # As pyarrow would, which lets others go on meanwhile.
    if find_spec("pandas") is not None:
        with suppress(ImportError):
            import pandas  # noqa: F401


def _has_threads() -> bool:
    main = threading.main_thread()
    return threading.current_thread() is not main or any(
        not (each is main or each.daemon or each.name.startswith(_OTHERS))
        for each in threading.enumerate()
    )


def whole_numbers(values: Iterable[int]) -> pa.Array:
    """A column of numbers of 64 bits.

    Args:
        values: The numbers.
    """
    held = values if isinstance(values, array) else array("q", values)
    return pa.Array.from_buffers(pa.int64(), len(held), [None, pa.py_buffer(held)])


def count_different(numbers: array[int]) -> int:
    """How many different numbers of 64 bits there are.

    Few are counted without Arrow. Rows that are counted while they are fetched would else be the
    first for which Arrow is imported, in the thread that fetches them. In its own, dlt looks for
    pyarrow among the modules that are there (`dlt.common.libs`, 1.31), and would find half of it.

    Args:
        numbers: The numbers.
    """
    if len(numbers) <= _FEW:
        return len(set(numbers))
    return int(pc.count_distinct(whole_numbers(numbers)).as_py())


def constant_numbers(number: int, count: int) -> pa.Array:
    """A column in which each row has the same number of 64 bits.

    Args:
        number: The number.
        count: How many rows there are.
    """
    return whole_numbers(array("q", [number]) * count)


def constant_texts(text: str, count: int) -> pa.Array:
    """A column in which each row has the same text.

    Args:
        text: The text.
        count: How many rows there are.
    """
    held = text.encode()
    ends = array("i", range(0, len(held) * (count + 1), len(held)) if held else [0] * (count + 1))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(held * count)]
    return pa.Array.from_buffers(pa.string(), count, buffers)


def take_memory_from_system() -> None:
    """Has Arrow take its memory as Python does, where nobody has chosen otherwise.

    Its own allocator, mimalloc, keeps what was freed: 70 MB over a load, which no other part of the
    process gets then. With the other ones a load takes the same time.
    """
    import pyarrow

    if "ARROW_DEFAULT_MEMORY_POOL" in os.environ:
        return
    if pyarrow.default_memory_pool().backend_name == "mimalloc":
        pyarrow.set_memory_pool(pyarrow.system_memory_pool())
