"""Arrow, which is imported when it is first used.

To import it takes a tenth of what a sync costs in which nothing is new, and such a sync has no
table. Where tables come anyway, `import pyarrow as pa` is as good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["pa", "pc"]

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
