"""Has dlt find out once what does not change, instead of each time that it looks up a setting.

dlt resolves its settings dozens of times for each load, and asks the same questions of the same
type hints and names each time: more than half of what a test with a pipeline costs. The answers
depend on nothing but what is asked, so that the tests test the same. scripts/compare runs without
this.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt  # noqa: F401  (brings the modules below, and all that take functions from them)
from dlt.common import typing as dlt_typing
from dlt.common import validation
from dlt.common.configuration import resolve
from dlt.common.configuration.providers.environ import EnvironProvider
from dlt.common.configuration.specs import base_configuration
from dlt.common.destination import Destination

_ASKED_AGAIN = {
    dlt_typing: (
        "extract_inner_type",
        "extract_type_if_modifier",
        "is_literal_type",
        "is_optional_type",
        "is_subclass",
        "is_union_type",
    ),
    base_configuration: (
        "extract_inner_hint",
        "is_hint_not_resolvable",
        "is_secret_hint",
        "is_valid_configspec_field",
        "is_valid_hint",
    ),
    resolve: ("_build_section_lookup_paths",),
}


_GET_TYPE_HINTS: Callable[..., dict[str, Any]] = validation.get_type_hints  # type: ignore[attr-defined]


def remember_settings() -> None:
    """Puts functions that remember in the place of dlt's, wherever a module has taken one."""
    _remember_functions()
    _remember_capabilities()


def _remember_functions() -> None:
    for module, names in _ASKED_AGAIN.items():
        for name in names:
            asked = getattr(module, name)
            remembering = _remembering(asked)
            for each in list(sys.modules.values()):
                if getattr(each, "__name__", "").startswith("dlt") and (
                    vars(each).get(name) is asked
                ):
                    setattr(each, name, remembering)
    validation.get_type_hints = _type_hints  # type: ignore[assignment, attr-defined]
    key_name = staticmethod(_remembering(EnvironProvider.get_key_name))
    EnvironProvider.get_key_name = key_name  # type: ignore[method-assign]


@functools.cache
def _hints_of(spec: type) -> dict[str, Any]:
    return _GET_TYPE_HINTS(spec, globalns=vars(sys.modules[spec.__module__]))


def _type_hints(spec: type, globalns: object) -> dict[str, Any]:
    """The type hints of a typed dict, in the names of its own module as dlt's check asks for."""
    return _hints_of(spec)


def _remembering(asked: Callable[..., Any]) -> Callable[..., Any]:
    remembered = functools.lru_cache(maxsize=None)(asked)

    @functools.wraps(asked)
    def answer(*arguments: Any, **options: Any) -> Any:
        try:
            return remembered(*arguments, **options)
        except TypeError:
            return asked(*arguments, **options)

    return answer


def _remember_capabilities() -> None:
    """Has dlt find out once for each environment what destinations of the same settings can.

    dlt resolves all settings of the destination for that, a dozen times for each load.
    """
    really = Destination.capabilities
    remembered: dict[Any, Any] = {}

    @functools.wraps(really)
    def capabilities(self: Any, config: Any = None, naming: Any = None) -> Any:
        if config is not None:
            return really(self, config, naming)
        given = repr((self.config_params, self.caps_params))
        key = (type(self), given, naming and naming.name(), Path.cwd(), *os.environ.items())
        if key not in remembered:
            remembered[key] = really(self, None, naming)
        return remembered[key].copy()

    Destination.capabilities = capabilities  # type: ignore[method-assign]
