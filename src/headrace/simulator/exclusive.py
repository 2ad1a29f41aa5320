"""Lets only one method of an object run at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class Locked(Protocol):
    """An object with a lock of its own."""

    @property
    def lock(self) -> RLock:
        """The lock that is held while one of its methods runs."""
        ...


OwnerT = TypeVar("OwnerT", bound=Locked)
ParametersT = ParamSpec("ParametersT")
ResultT = TypeVar("ResultT")


def exclusive(
    method: Callable[Concatenate[OwnerT, ParametersT], ResultT],
) -> Callable[Concatenate[OwnerT, ParametersT], ResultT]:
    """Hold the object's lock while the method runs.

    Args:
        method: A method of an object that has a `lock`.
    """

    @wraps(method)
    def guarded(owner: OwnerT, /, *args: ParametersT.args, **kwargs: ParametersT.kwargs) -> ResultT:
        with owner.lock:
            return method(owner, *args, **kwargs)

    return guarded
