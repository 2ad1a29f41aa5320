"""Lets somebody at a terminal pick several things from a list that can be searched."""

from __future__ import annotations

from collections.abc import Mapping


def picked(question: str, lines: Mapping[str, str]) -> list[str]:
    """The things that somebody picks.

    Args:
        question: What to pick.
        lines: What is shown of each thing, by its name.

    Raises:
        KeyboardInterrupt: They would rather stop.
    """
    import questionary

    choices = [questionary.Choice(title=line, value=name) for name, line in lines.items()]
    names = questionary.checkbox(
        question,
        choices=choices,
        instruction="(type to search, space to pick, enter to go on)",
        use_search_filter=True,
        # These are letters that one searches with.
        use_jk_keys=False,
        use_emacs_keys=False,
    ).unsafe_ask()
    return [str(name) for name in names]
