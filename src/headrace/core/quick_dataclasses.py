"""Dataclasses whose methods are made when they are first needed.

`dataclasses.dataclass` writes six methods as text for each class and compiles them: with two
hundred classes, of which a run uses a few dozen, that takes a tenth of a small sync. Here one
method is made of text, `__init__`, with the first instance; the others are closures. Only what the
project uses is there: `frozen` and `slots`, and of `field` its `default`, `default_factory`, `init`
and `repr`.

Classes that users see are plain dataclasses, whose signature can be looked at from the beginning.
"""

from __future__ import annotations

import dataclasses
import reprlib
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: Any = None, /, *, frozen: bool = False, slots: bool = False) -> Any:
        """Makes a dataclass, as the decorator of the standard library does.

        Args:
            cls: The class.
            frozen: Whether its fields are set once, and it has a hash.
            slots: Whether it has no other attributes.
        """
        if cls is None:
            return lambda each: dataclass(each, frozen=frozen, slots=slots)
        own = set(vars(cls))
        if cls.__doc__ is None:
            # Else that is made of its signature.
            cls.__doc__ = cls.__name__
        made = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=slots)
        for name, method in _methods(made, frozen=frozen, slots=slots).items():
            if name not in own:
                setattr(made, name, method)
        return made


def _methods(cls: Any, *, frozen: bool, slots: bool) -> dict[str, Any]:
    names = [each.name for each in dataclasses.fields(cls)]
    values = _values_of(names)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        made = cls.__init__ = _init_of(cls, frozen=frozen, slots=slots)
        made(self, *args, **kwargs)

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        if type(other) is type(self):
            return values(self) == values(other)
        return NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    methods: dict[str, Any] = {
        "__init__": __init__,
        "__repr__": _repr,
        "__eq__": __eq__,
        "__hash__": __hash__ if frozen else None,
    }
    if frozen:
        methods |= _frozen_methods(cls, frozenset(names))
    if frozen and slots:
        methods |= {"__getstate__": lambda self: list(values(self)), "__setstate__": _set_state}
    return methods


def _values_of(names: list[str]) -> Any:
    """A function that gives the values of all fields of an instance, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda instance: tuple(getattr(instance, name) for name in names)


@reprlib.recursive_repr()
def _repr(self: Any) -> str:
    shown = (each.name for each in dataclasses.fields(self) if each.repr)
    told = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({told})"


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


def _frozen_methods(cls: Any, names: frozenset[str]) -> dict[str, Any]:
    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": __setattr__, "__delattr__": __delattr__}


def _init_of(cls: Any, *, frozen: bool, slots: bool) -> Any:
    """The method that sets the fields, made of text as `dataclasses` makes it."""
    known: dict[str, Any] = {"_missing": dataclasses.MISSING, "_set": object.__setattr__}
    parameters, lines = ["self"], []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        has_default = field.default is not dataclasses.MISSING
        if has_default:
            known[f"_default_{name}"] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            known[f"_make_{name}"] = field.default_factory
        if not field.init:
            if has_default and not slots:
                continue
            value = f"_default_{name}" if has_default else f"_make_{name}()"
            if value.removesuffix("()") not in known:
                continue
        elif has_default:
            parameters.append(f"{name}=_default_{name}")
        elif f"_make_{name}" in known:
            parameters.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        else:
            parameters.append(name)
        lines.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    text = f"def __init__({', '.join(parameters)}):\n " + ("\n ".join(lines) or "pass")
    exec(text, known)
    init = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init
