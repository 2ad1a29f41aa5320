"""`headrace backfill plan | lane | commit | status`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.exit_codes import CALL_OR_CONFIG_WRONG, FAILED, PARTLY_DONE, exit_codes
from headrace.cli.options import ConfigArgument, SetOption
from headrace.cli.stderr_output import StderrOutput

if TYPE_CHECKING:
    from headrace.backfill.attempts import LaneRead

backfill = typer.Typer(
    name="backfill",
    no_args_is_help=True,
    help="Read one big resource on many machines: plan it, read its lanes anywhere, commit them.",
    rich_markup_mode=None,
)

UrlArgument = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="The folder of the plan: a path, or s3://bucket/folder, gs://..., as fsspec knows it.",
    ),
]
SecretsOption = Annotated[
    str | None,
    typer.Option(
        metavar="MODULE:FUNCTION",
        help="Look ${NAME} up with this function of the name first; else in the environment, then "
        "in .dlt/secrets.toml.",
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")
]
JsonLogsOption = Annotated[
    bool,
    typer.Option("--json-logs", help="Write what happens to stderr as JSON, one object a line."),
]
_MOST_SHOWN = 20


@backfill.command()
def plan(
    config: ConfigArgument,
    out: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The folder to plan into, which all machines must see: a path, or "
            "s3://bucket/folder, gs://..., as fsspec knows it.",
        ),
    ],
    resource: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which resource; needed where the config has several."),
    ] = None,
    lanes: Annotated[
        int, typer.Option(metavar="N", help="At most so many lanes, 1,000 or fewer.")
    ] = 64,
    secrets: SecretsOption = None,
    overrides: SetOption = None,
    quiet: QuietOption = False,
    json_logs: JsonLogsOption = False,
) -> None:
    """Part a resource into lanes, which any machine can read.

    `headrace backfill plan shop.yml --resource orders --out s3://bucket/orders` asks the API a few
    times and writes the lanes into the folder. The config goes there as it is written: each secret
    has to stand in it as ${NAME}, and each machine looks it up for itself. Prints the number of
    lanes; `headrace backfill lane URL 0` reads the first of them.

    Exit code 0: done; 1: the API could not be asked; 2: the call or the config is wrong.
    """
    stderr = StderrOutput(quiet=quiet, as_json=json_logs)
    with stderr.logs(), exit_codes(stderr.error):
        from headrace.backfill.planning import plan as write_plan
        from headrace.cli.plurals import counted
        from headrace.cli.printing import say
        from headrace.core.figures import Figures

        figures = Figures()
        with stderr.progress(figures):
            made = write_plan(
                config,
                resource,
                out=out,
                lanes=lanes,
                overrides=overrides or (),
                secrets=secrets,
                figures=figures,
            )
        say(str(made.lanes))
        if not quiet:
            for note in made.notes:
                say(f"Note: {note}", to_stderr=True)
            asked = counted(made.requests, "request")
            planned = f"Planned {counted(made.lanes, 'lane')} of `{made.resource}` with {asked}."
            say(f"{planned} Next: headrace backfill lane {out} --left", to_stderr=True)


@backfill.command()
def lane(
    url: UrlArgument,
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="N...", help="Which lanes, from 0 on."),
    ] = None,
    left: Annotated[
        bool,
        typer.Option(
            "--left", help="Read all lanes that are still to be read, one after the other."
        ),
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Read a lane once more that has been read, in place of what was there; not while "
            "a commit runs.",
        ),
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="So many processes read lanes at the same time: each keeps to its part of "
            "`client.rate_limit` and `client.concurrency`.",
        ),
    ] = 1,
    secrets: SecretsOption = None,
    quiet: QuietOption = False,
    json_logs: JsonLogsOption = False,
) -> None:
    """Read lanes of a plan, on any machine.

    A lane is there whole or not at all: it may be killed, run twice, or on two machines at the same
    time. One that has been read is not read again. Where `plan` has printed 64, `seq 0 63 |
    parallel -j 4 headrace backfill lane URL {} --workers 4` reads all of them, four at once.

    Exit code 0: the lanes are there; 1: one could not be read; 2: the call is wrong, or a
    secret is not known here. All other lanes are read.
    """
    stderr = StderrOutput(quiet=quiet, as_json=json_logs)
    with stderr.logs(), exit_codes(stderr.error):
        from headrace.backfill.attempts import read_lane_into_folder
        from headrace.backfill.progress import lanes_left
        from headrace.core.exceptions import ConfigError, Fault, HeadraceError
        from headrace.core.figures import Figures

        if bool(numbers) == left:
            raise ConfigError([Fault("", "name the lanes to read, or say --left for all of them")])
        told: set[str] = set()
        code = 0
        for number in numbers or lanes_left(url):
            figures = Figures()
            try:
                with stderr.progress(figures):
                    read = read_lane_into_folder(
                        url, number, workers=workers, again=again, secrets=secrets, figures=figures
                    )
            except HeadraceError as error:
                # Another lane may be of tenants whose secrets this machine has.
                code = code or FAILED
                if isinstance(error, ConfigError):
                    code = CALL_OR_CONFIG_WRONG
                if str(error) not in told:
                    stderr.error(f"Error: lane {number}: {error}")
                    told.add(str(error))
                continue
            if not quiet:
                _tell_lane(read)
        if code:
            raise typer.Exit(code)


def _tell_lane(read: LaneRead) -> None:
    from headrace.cli.plurals import counted
    from headrace.cli.printing import say

    if read.was_there:
        say(f"lane {read.number}: read before, {counted(read.rows, 'row')}")
        return
    told = f"{counted(read.rows, 'row')} with {counted(read.requests, 'request')}"
    failed = f", {counted(read.failed, 'request')} failed" if read.failed else ""
    say(f"lane {read.number}: {told} in {read.seconds:.1f} s{failed}")


@backfill.command()
def commit(
    url: UrlArgument,
    destination: Annotated[
        str | None,
        typer.Option(
            metavar="DESTINATION",
            help="Where to load: as for `headrace run`. Without it: what the config says.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Dataset (schema) to load into: <pipeline>_dataset."),
    ] = None,
    full_refresh: Annotated[
        bool,
        typer.Option(
            "--full-refresh",
            help="Drop the tables of the resource and what is known of it first.",
        ),
    ] = False,
    catch_up: Annotated[
        bool,
        typer.Option(
            help="Sync once more behind it: what has changed since, where the resource is kept up "
            "with or has an incremental.",
        ),
    ] = True,
    secrets: SecretsOption = None,
    quiet: QuietOption = False,
    json_logs: JsonLogsOption = False,
) -> None:
    """Load what all lanes have read, and catch up.

    What the lanes have read is loaded in one load together with what is known of the listing, or
    none of it: after a crash, call it again. A second time it loads nothing twice. Then one sync
    brings what has changed since.

    Exit code 0: done; 1: a lane is still to be read, or the load failed; 2: the call is wrong; 4:
    loaded, but requests beside the listings failed: they are in _headrace_failed_requests, and the
    next `headrace run` asks them again.
    """
    stderr = StderrOutput(quiet=quiet, as_json=json_logs)
    with stderr.logs(), exit_codes(stderr.error):
        from headrace.backfill.committing import commit as load_lanes
        from headrace.cli.sync_summary import print_summary, print_views, told_failed_requests
        from headrace.core.figures import Figures

        figures = Figures()
        with stderr.progress(figures):
            report = load_lanes(
                url,
                destination=destination,
                dataset=dataset,
                full_refresh=full_refresh,
                catch_up=catch_up,
                secrets=secrets,
                figures=figures,
            )
        last = report.caught_up or report.loaded
        if not quiet:
            print_summary(report.loaded)
            if report.caught_up is not None:
                typer.echo("Caught up:")
                print_summary(report.caught_up)
            if report.views is not None:
                print_views(report.views)
        if last.failed_requests:
            stderr.error(told_failed_requests(last))
            raise typer.Exit(PARTLY_DONE)


@backfill.command()
def status(
    url: UrlArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Write it as one JSON object.")] = False,
) -> None:
    """Show which lanes of a plan have been read.

    Exit code 0: all of them; 1: some are left, or the folder cannot be read; 2: there is no plan.
    """
    with exit_codes():
        from headrace.backfill.progress import status as look
        from headrace.cli.plurals import counted
        from headrace.cli.printing import say

        found = look(url)
        if as_json:
            told = {
                "resource": found.plan.resource,
                "lanes": found.plan.lanes,
                "left": list(found.left),
                "rows": found.rows,
                "bytes": found.size,
                "failed_requests": found.failed,
                "failures": [{"lane": number, "reason": why} for number, why in found.failures],
                "notes": list(found.plan.notes),
            }
            say(json.dumps(told, indent=2))
        else:
            read = found.plan.lanes - len(found.left)
            say(
                f"`{found.plan.resource}`: {read:,} of {counted(found.plan.lanes, 'lane')} read, "
                f"{counted(found.rows, 'row')}, {found.size / 1e6:,.1f} MB"
            )
            if found.failed:
                say(f"{counted(found.failed, 'request')} beside the listings failed")
                for number, failure in found.failures:
                    say(f"  lane {number}: {failure}")
            if found.left:
                shown = ", ".join(map(str, found.left[:_MOST_SHOWN]))
                say(f"left: {shown}{', ...' if len(found.left) > _MOST_SHOWN else ''}")
            else:
                say(f"Next: headrace backfill commit {url}")
        if found.left:
            raise typer.Exit(FAILED)
