"""Has dlt find out once what a type hint is, instead of each time that it looks up a setting.

dlt resolves its settings dozens of times for each load, and asks the same questions of the same
hints each time: nearly half of what a test with a pipeline costs. The answers depend on nothing but
the hint, so that the tests test the same. scripts/compare runs without this.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import dlt  # noqa: F401  (brings the modules below, and all that take functions from them)
from dlt.common import typing as dlt_typing
from dlt.common import validation
from dlt.common.configuration.specs import base_configuration

_OF_HINTS = {
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
}


def remember_hints() -> None:
    """Puts the remembering functions in the place of dlt's, wherever a module has taken one."""
    for module, names in _OF_HINTS.items():
        for name in names:
            asked = getattr(module, name)
            remembering = _remembering(asked)
            for each in list(sys.modules.values()):
                if getattr(each, "__name__", "").startswith("dlt") and (
                    vars(each).get(name) is asked
                ):
                    setattr(each, name, remembering)
    # This one is not dlt's, and others may change what it gives; dlt's check of a dict only reads.
    name = "get_type_hints"
    setattr(validation, name, _remembering(getattr(validation, name)))


def _remembering(asked: Callable[..., Any]) -> Callable[..., Any]:
    remembered = functools.lru_cache(maxsize=None)(asked)

    @functools.wraps(asked)
    def answer(*arguments: Any, **options: Any) -> Any:
        try:
            return remembered(*arguments, **options)
        except TypeError:
            return asked(*arguments, **options)

    return answer
