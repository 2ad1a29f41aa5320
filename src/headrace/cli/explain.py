"""`headrace explain`."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.exit_codes import exit_codes
from headrace.cli.options import ConfigArgument, SetOption
from headrace.cli.printing import say

if TYPE_CHECKING:
    from headrace.explaining.explanation import Explanation

_NEXT = "next sync"
_LEAST_WIDTH = 30


def explain(
    config: ConfigArgument,
    overrides: SetOption = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Explain this resource only. Repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Say in plain words what the config will do, request by request; the API is asked nothing.

    No secret has to be set for it.

    Exit code 0: it is said; 2: the config is wrong.
    """
    with exit_codes():
        from headrace.explaining.explain import explain as explained

        told = explained(config, overrides or (), resources=resource or ())
        if as_json:
            say(json.dumps(told.as_dict(), ensure_ascii=False, indent=2))
        else:
            _print(told)


def _print(told: Explanation) -> None:
    say(_lines([(step.about, step.text) for step in told.steps]))
    for each in told.resources:
        first = [(one.when, one.text) for one in each.requests if one.when != _NEXT]
        steps = [(step.about, step.text) for step in each.steps if step.about != _NEXT]
        later = [(one.when, one.text) for one in each.requests if one.when == _NEXT]
        later += [(step.about, step.text) for step in each.steps if step.about == _NEXT]
        say(f"\n{each.name}\n{_lines([*first, *steps, *later])}")


def _lines(told: list[tuple[str, str]]) -> str:
    """What things are about, beside what is said of them, which is folded on a terminal."""
    beside = max(len(about) for about, _ in told) + 4
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    lines, former = [], ""
    for about, text in told:
        folded = textwrap.wrap(
            text,
            max(width - beside, _LEAST_WIDTH),
            break_long_words=False,
            break_on_hyphens=False,
        )
        shown = "" if about == former else about
        former = about
        for line in folded:
            lines.append(f"  {shown}".ljust(beside) + line)
            shown = ""
    return "\n".join(lines)
