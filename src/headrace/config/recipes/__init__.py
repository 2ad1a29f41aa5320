"""Configs to begin with, one for each style of API."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import did_you_mean

_SUFFIX = ".yml"
_FOLDER = files("headrace.config.recipes")


def recipes() -> Mapping[str, str]:
    """Tells the recipes that ship with the package.

    Returns:
        By the name of a recipe, which APIs it is for.
    """
    texts = {
        each.name.removesuffix(_SUFFIX): each.read_text(encoding="utf-8")
        for each in _FOLDER.iterdir()
        if each.name.endswith(_SUFFIX)
    }
    return {name: text.splitlines()[0].lstrip("# ") for name, text in sorted(texts.items())}


def text_of(recipe: str) -> str:
    """The config of a recipe, with its comments.

    Args:
        recipe: The name of the recipe.

    Raises:
        ConfigError: There is no such recipe.
    """
    known = recipes()
    if recipe not in known:
        hint = did_you_mean(recipe, known)
        names = ", ".join(f"`{name}`" for name in known)
        raise ConfigError([Fault("", f"there is no recipe `{recipe}`; {hint}there are: {names}")])
    return _FOLDER.joinpath(f"{recipe}{_SUFFIX}").read_text(encoding="utf-8")
