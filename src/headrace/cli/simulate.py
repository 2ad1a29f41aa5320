"""`headrace simulate`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Annotated

import typer

from headrace.cli.exit_codes import FAILED, exit_codes
from headrace.cli.printing import say

KEY_VARIABLE = "HEADRACE_SIMULATOR_KEY"
_PUBLIC_KEY = "simulator"
_USUAL_SPEED = 60.0
_AT_ONCE = 5
_LIST = "list"


def simulate(
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65_535, help="0 takes a free one.")
    ] = 8080,
    rows: Annotated[int, typer.Option(metavar="N", min=0, help="How many executions.")] = 20_000,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed, another history.")] = 1,
    string_ids: Annotated[
        bool, typer.Option("--string-ids", help='Send ids as text ("12"), as some servers do.')
    ] = False,
    incidents: Annotated[
        bool,
        typer.Option(
            "--incidents",
            help="Let things go wrong in the history: a bad deploy, a slow dependency, executions "
            "stuck in a wait step. Not with --living.",
        ),
    ] = False,
    living: Annotated[
        bool,
        typer.Option(
            "--living",
            help="Let time pass: executions start, run unseen, end, wait, are retried, deleted and "
            "pruned, also between two pages of a listing. Without it nothing ever changes.",
        ),
    ] = False,
    speed: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            min=0,
            help="With --living: so many seconds pass in a real one (60 if not said: an hour in a "
            "minute; 3600 is a day in 24 seconds, and 0 stops the clock).",
        ),
    ] = None,
    like: Annotated[
        str,
        typer.Option(
            metavar="RELEASE",
            help="The release of the platform to behave like: 2.20, or 2.41, whose queued and "
            "parked executions are listed, whose ids are text, and which cuts a limit above 250.",
        ),
    ] = "2.20",
    gaps: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="With --like 2.41: a fourth of the ids, N in a row, answer 404 for good, as where "
            "runs keep nothing. With --living more of them come.",
        ),
    ] = 0,
    payload: Annotated[
        int | None,
        typer.Option(
            metavar="BYTES",
            min=0,
            help="With --like 2.41: how many bytes of content each execution has in what "
            "includeData=true brings (200 if not said).",
        ),
    ] = None,
    slow_counts: Annotated[
        bool,
        typer.Option(
            "--slow-counts",
            help="With --like 2.41: a page takes longer the more rows are left, some 170 ms where "
            "they are 200,000, as the server counts them for each page.",
        ),
    ] = False,
    licensed: Annotated[
        bool,
        typer.Option(
            "--licensed",
            help="List projects and variables, as with a licence; else they answer 403.",
        ),
    ] = False,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Answer badly: 10% (of all requests, with what passes when asked again), "
            '"503:5%, reset:2%", html@3 (the third request for a page), 503@3x4 (four in a row), '
            "503@3+ (and all that follow). `list` shows what there is.",
        ),
    ] = None,
) -> None:
    """Serve a sample executions API on this machine, to try things on.

    Its key is `simulator`, or what HEADRACE_SIMULATOR_KEY is set to.
    """
    if speed is not None and not living:
        raise typer.BadParameter("time passes only with --living.", param_hint="--speed")
    if incidents and living:
        raise typer.BadParameter("they are part of a history that stays.", param_hint="--incidents")
    with exit_codes():
        from headrace.core.secrets.redaction import keep_secret
        from headrace.simulator import PAYLOAD_BYTES, BadFaults, Faults, RealTime, World, serve

        payload_bytes = PAYLOAD_BYTES if payload is None else payload
        newer = _is_newer(
            like,
            {"--gaps": gaps > 0, "--payload": payload is not None, "--slow-counts": slow_counts},
        )
        if faults == _LIST:
            _list_faults()
            return
        key = os.environ.get(KEY_VARIABLE, _PUBLIC_KEY)
        if key != _PUBLIC_KEY:
            keep_secret([key])
        serving = partial(serve, rows, seed, string_ids=string_ids, incidents=incidents)
        serving = partial(serving, like=like, gaps=gaps, payload=payload_bytes)
        serving = partial(serving, slow_counts=slow_counts, licensed=licensed)
        if living:
            speed = _USUAL_SPEED if speed is None else speed
            world = World(
                rows,
                seed,
                string_ids=string_ids,
                like=like,
                at_once=_AT_ONCE if newer else None,
                gaps=gaps,
                payload=payload_bytes,
            )
            serving = partial(
                serve,
                world=world,
                on_request=RealTime(world, speed),
                slow_counts=slow_counts,
                licensed=licensed,
            )

        def announce(base_url: str) -> None:
            shown = key if key == _PUBLIC_KEY else f"${KEY_VARIABLE}"
            what = "ids, a fourth without executions," if gaps else "executions"
            say(f"Serving {rows:,} {what} at {base_url} until stopped (Ctrl-C). Try:")
            say(f"  EXECUTIONS_BASE_URL={base_url} API_KEY={shown} headrace run executions")
            if living:
                say(
                    f"They are alive: {speed:,.10g} seconds of their time pass in each second. "
                    "Run the command again and again to follow them."
                )
            if faults is not None:
                say(f"Some requests are answered badly: {faults}.")

        try:
            misbehaving = None if faults is None else Faults.parse(faults, seed)
            serving(port=port, api_key=key, faults=misbehaving, on_ready=announce)
        except BadFaults as error:
            raise typer.BadParameter(f"{error}.", param_hint="--faults") from None
        except OSError as error:
            say(f"Error: cannot serve: {error.strerror or error}. Try --port 0.", to_stderr=True)
            raise typer.Exit(FAILED) from None


def _is_newer(like: str, asked_for: Mapping[str, bool]) -> bool:
    """Whether a release is newer than the usual one; refuses options that only newer ones have."""
    from headrace.simulator import RELEASES

    if like not in RELEASES:
        known = " or ".join(RELEASES)
        raise typer.BadParameter(f"{like} is no release: say {known}.", param_hint="--like")
    newer = RELEASES[like].has_details
    for option, asked in asked_for.items():
        if asked and not newer:
            raise typer.BadParameter("this goes with --like 2.41.", param_hint=option)
    return newer


def _list_faults() -> None:
    from headrace.simulator.faults import described_faults

    say(described_faults())
