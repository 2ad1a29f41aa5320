"""They behave as those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from headrace.core import quick_dataclasses


def made_by(decorator: Callable[..., Any], **options: bool) -> Any:
    """The same class by each decorator."""

    @decorator(**options)
    class Point:
        """A point."""

        x: int
        y: float = 0.5
        names: list[str] = dataclasses.field(default_factory=list)
        secret: str = dataclasses.field(default="", repr=False)
        made: list[int] = dataclasses.field(default_factory=lambda: [1], init=False)
        fixed: int = dataclasses.field(default=7, init=False)
        left_out: int = dataclasses.field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "left_out", self.x)

        @property
        def doubled(self) -> int:
            return self.x * 2

    return Point


def told(action: Callable[[], Any]) -> Any:
    """What an action gives, or what it fails with."""
    try:
        return action()
    except Exception as error:
        return type(error), str(error).replace("object has no", "has no")


@pytest.mark.parametrize(
    "options",
    [{"frozen": True, "slots": True}, {"slots": True}, {"frozen": True}, {}],
    ids=str,
)
def test_all_that_is_done_with_one(options: dict[str, bool]) -> None:
    def done(point: Any) -> list[Any]:
        a, b = point(1), point(1, 0.5, names=[], secret="")
        other = point(x=2, names=["n"], secret="s")
        return [
            *(repr(each).rpartition(".")[2] for each in (a, b, other)),
            *(a == b, a == other, a != b, a == (1, 0.5), a.doubled, point.__doc__),
            *(told(lambda: hash(a)), told(lambda: hash(point(1, 2.0, (), "t")))),
            *(dataclasses.asdict(other), dataclasses.astuple(other)),
            *(repr(dataclasses.replace(other, x=5)).rpartition(".")[2], other.secret),
            *(copy.copy(other) == other, copy.deepcopy(other) == other),
            *(a.made == [1], a.made is not b.made, a.names is not b.names, a.fixed, a.left_out),
            *(told(lambda: setattr(a, "x", 3)), a.x),
            *(told(lambda: delattr(a, "y")), told(point), told(lambda: point(1, 2, [], "", 5))),
            *(told(lambda: point(1, nothing=2)), point.__match_args__, hasattr(a, "__dict__")),
            [each.name for each in dataclasses.fields(point)],
        ]

    quick = done(made_by(quick_dataclasses.dataclass, **options))
    assert quick == done(made_by(dataclasses.dataclass, **options))


@quick_dataclasses.dataclass(frozen=True, slots=True)
class Pickled:
    name: str
    rows: tuple[int, ...] = ()


@quick_dataclasses.dataclass(slots=True)
class Changing:
    name: str


class Further(Pickled):
    """A class of its own kind, with attributes besides."""

    more: int


def test_one_comes_back_from_a_pickle() -> None:
    for each in (Pickled("a", (1, 2)), Changing("b")):
        assert pickle.loads(pickle.dumps(each)) == each


def test_a_class_may_be_made_of_one() -> None:
    further = Further("a")
    further.more = 3
    assert (further.name, further.more, further == Pickled("a")) == ("a", 3, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        further.name = "b"  # type: ignore[misc]


def test_no_method_is_compiled_before_the_first_instance() -> None:
    program = (
        "import builtins\n"
        "compiled = []\n"
        "really = exec\n"
        "builtins.exec = lambda text, *rest: (compiled.append(text), really(text, *rest))\n"
        "from headrace.core.quick_dataclasses import dataclass\n"
        "A = dataclass(frozen=True, slots=True)(type('A', (), {'__annotations__': {'x': 'int'}}))\n"
        "before = [each for each in compiled if isinstance(each, str)]\n"
        "A(1), A(2)\n"
        "print(before, [each for each in compiled if isinstance(each, str)])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.stdout == "[] [\"def __init__(self, x):\\n _set(self, 'x', x)\"]\n", ran.stderr
