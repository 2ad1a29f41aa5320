"""Functions that a config names, as `module:name`."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.redaction import clean, one_line

_LONGEST_WORDS = 200
_REPLACING = threading.Lock()


def named_function(written: str | Callable[..., Any], key: str) -> Callable[..., Any]:
    """Finds a function in the modules of the working directory, or in those that are installed.

    Args:
        written: Its name; a function itself is given back.
        key: The key of the config where it stands, for messages.

    Raises:
        ConfigError: There is no such module, it cannot be imported, or has no such function.
    """
    if not isinstance(written, str):
        return written
    module_name, _, name = written.partition(":")
    problem = ""
    try:
        there = module_name in sys.modules
        with nullcontext() if there else _working_directory_first():
            function: Any = getattr(importlib.import_module(module_name), name, None)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            problem = (
                f"there is no module `{error.name}`, neither in {Path.cwd()} nor among what is "
                "installed"
            )
        else:
            problem = f"`{module_name}` imports `{error.name}`, which is not there"
    except Exception as error:
        said = one_line(clean(str(error)), _LONGEST_WORDS)
        problem = f"`{module_name}` cannot be imported: {type(error).__name__}: {said}"
    else:
        if callable(function):
            found: Callable[..., Any] = function
            return found
        problem = f"`{module_name}` has no function `{name}`"
    raise ConfigError([Fault(key, problem)])


@contextmanager
def _working_directory_first() -> Iterator[None]:
    """Imports as a script in the working directory would; a command has no such place itself.

    The list of places is replaced, not changed: another thread that imports may be going through
    it, and would pass over one.
    """
    place = str(Path.cwd())
    with _REPLACING:
        sys.path = [place, *sys.path]
    try:
        yield
    finally:
        with _REPLACING:
            others = list(sys.path)
            # The module may have changed it as well.
            if place in others:
                others.remove(place)
            sys.path = others
