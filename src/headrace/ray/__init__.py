"""A REST API as a source for Ray: the tasks of a cluster read a listing, each a part of it.

`read` is all that is public; `pip install "headrace[ray]"` brings what it needs.
"""

import typing as _typing
from importlib.util import find_spec as _find_spec

if _typing.TYPE_CHECKING:
    from headrace.ray.reading import read as read

__all__ = ["read"]


if not _typing.TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module `headrace.ray` has no attribute `{name}`")
        if _find_spec("ray") is None:
            raise ModuleNotFoundError(
                '`headrace.ray` needs Ray: `pip install "headrace[ray]"`, in the environment of '
                "the workers as well",
                name="ray",
            )
        from headrace.ray.reading import read

        return read
