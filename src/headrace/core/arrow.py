"""Arrow, which is imported when it is first used.

To import it takes a tenth of what a sync costs in which nothing is new, and such a sync has no
table. Where tables come anyway, `import pyarrow as pa` is as good.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

__all__ = ["pa", "pc", "take_memory_from_system"]

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
