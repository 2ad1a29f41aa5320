"""A REST API as a source for Spark: the Python Data Source API of Spark 4.

`RestSource` is all that is public; `pip install "headrace[spark]"` brings what it needs.
"""

import typing as _typing
from importlib.util import find_spec as _find_spec

if _typing.TYPE_CHECKING:
    from headrace.spark.source import RestSource as RestSource

__all__ = ["RestSource"]


if not _typing.TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module `headrace.spark` has no attribute `{name}`")
        if _find_spec("pyspark") is None:
            raise ModuleNotFoundError(
                '`headrace.spark` needs Spark: `pip install "headrace[spark]"`, in the environment '
                "of the workers as well",
                name="pyspark",
            )
        from headrace.spark.source import RestSource

        return RestSource
