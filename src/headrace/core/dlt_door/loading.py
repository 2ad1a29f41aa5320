"""Takes names out of dlt's modules: late, or only where somebody else has imported them."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def imported(module: str) -> Any:
    """Import a module of dlt now.

    Args:
        module: The full name of the module, for example `dlt.common.configuration`.

    Returns:
        The module; of type `Any`, since its names are looked up at run time.
    """
    # First all of dlt, which another thread may be importing: half of it is not enough.
    import_module("dlt")
    return import_module(module)


def is_imported(module: str) -> bool:
    """Whether anybody has imported a module.

    Args:
        module: The full name of the module.
    """
    return module in sys.modules


def found_in(module: str, name: str) -> Any:
    """Look a name up in a module, but do not import the module for it.

    Args:
        module: The full name of the module.
        name: The name of the class, function or value in the module.

    Returns:
        What the name stands for, or None where nobody has imported the module.
    """
    return getattr(sys.modules.get(module), name, None)


def is_instance_of(value: object, module: str, name: str) -> bool:
    """Whether a value is an instance of a class, without importing the class.

    Args:
        value: Any value.
        module: The full name of the module that defines the class. If nobody has imported it,
            no value can be an instance.
        name: The name of the class.
    """
    found = found_in(module, name)
    return isinstance(found, type) and isinstance(value, found)
