"""`headrace cat`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer

from headrace.cli.auth_warnings import auth_warnings
from headrace.cli.exit_codes import CALL_OR_CONFIG_WRONG, INTERRUPTED, exit_codes, print_to_stderr
from headrace.cli.options import ConfigArgument, SetOption, TenantOption

if TYPE_CHECKING:
    from headrace.config import SourceConfig
    from headrace.reading.reader import Reader
    from headrace.reading.row_files import FileFormat

Format = Literal["jsonl", "csv", "arrow", "parquet"]
_BY_ENDING: dict[str, Format] = {
    ".csv": "csv",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".parquet": "parquet",
}
_SHOWN_REASONS = 5
_STDOUT = Path("-")


def cat(
    config: ConfigArgument,
    resource: Annotated[
        str | None,
        typer.Argument(metavar="RESOURCE", help="Which resource; the first when left out."),
    ] = None,
    file_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="jsonl: an object a line; csv; arrow: an Arrow IPC stream; parquet. "
            "Without it: by the ending of --output, else jsonl.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write to this file, once all of it is there; else, or by -, to stdout.",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the first N rows.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")
    ] = False,
    tenant: TenantOption = None,
    overrides: SetOption = None,
) -> None:
    """Write the rows of a resource, typed, to stdout or a file: no pipeline, no destination.

    `headrace cat executions --output executions.parquet` writes a file;
    `headrace cat shop.yml orders --format csv --limit 100` the beginning of a listing. All of it
    is read, as in a first sync; nothing is remembered. What has no place in a column stands as
    JSON in _headrace_rest. Progress goes to stderr.

    Exit code 0: done, also where nobody takes more (`| head`); 1: the listing failed: the rows that
    came before were written, but no FILE is left; 2: the call or the config is wrong.
    """
    output = None if output == _STDOUT else output
    chosen = file_format or _BY_ENDING.get(output.suffix.lower() if output else "", "jsonl")
    with auth_warnings(), exit_codes():
        try:
            loaded = _loaded(config, overrides or (), tenant or ())
            _write(loaded, resource, chosen, output, limit, quiet=quiet)
        except OSError as error:
            place = output or "stdout"
            print_to_stderr(f"Error: {place} cannot be written: {error.strerror or error}")
            raise typer.Exit(CALL_OR_CONFIG_WRONG) from None
        except KeyboardInterrupt:
            print_to_stderr("Stopped.")
            raise typer.Exit(INTERRUPTED) from None


def _loaded(config: str, overrides: Sequence[str], tenants: Sequence[str]) -> SourceConfig:
    from headrace.config import load_config
    from headrace.config.loading import read_config
    from headrace.config.selection import select_tenants
    from headrace.destination.tenant_rows import with_stored_tenants

    document = with_stored_tenants(read_config(config, overrides), config, None, None)
    return select_tenants(load_config(document), tenants)


def _write(
    config: SourceConfig,
    resource: str | None,
    file_format: FileFormat,
    output: Path | None,
    limit: int | None,
    *,
    quiet: bool,
) -> None:
    from headrace.cli.closed_output import outliving_closed_output
    from headrace.cli.progress import show_progress
    from headrace.dlt_source.plain_reading import read_resource
    from headrace.reading.row_files import TEXT_FORMATS, write_rows

    is_screen = output is None and sys.stdout.isatty()
    if is_screen and file_format not in TEXT_FORMATS:
        print_to_stderr(f"Error: {file_format} is nothing to read on a screen: add --output FILE.")
        raise typer.Exit(CALL_OR_CONFIG_WRONG)
    with read_resource(config, resource, limit_rows=limit) as reader:
        shown = nullcontext() if quiet or is_screen else show_progress(reader.figures, "writing")
        with outliving_closed_output(), _opened(output, is_screen=is_screen) as stream, shown:
            write_rows(reader, stream, file_format)
            stream.flush()
        if not quiet:
            _tell(reader)


@contextmanager
def _opened(output: Path | None, *, is_screen: bool) -> Iterator[IO[bytes]]:
    """What to write to; a file has its name once all of it is there."""
    if output is None:
        yield _Screen() if is_screen else sys.stdout.buffer  # type: ignore[misc]
        return
    is_there = output.exists()
    if is_there and not output.is_file():
        # A pipe or a device, as /dev/stdout: a file in its place would be none to who reads it.
        with output.open("wb") as stream:
            yield stream
        return
    output = output.resolve()
    for each in (signal.SIGTERM, signal.SIGHUP):
        # As by Ctrl-C: else the part of the file would be left. `nohup` has one ignored.
        if signal.getsignal(each) is signal.SIG_DFL:
            signal.signal(each, signal.default_int_handler)
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            if is_there:
                shutil.copymode(output, part)
            yield stream
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


class _Screen:
    """Writes text to a terminal, which no row may steer."""

    def write(self, data: bytes) -> int:
        """Writes text."""
        sys.stdout.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        """Shows what is held back."""
        sys.stdout.flush()


def _tell(reader: Reader) -> None:
    from headrace.cli.plurals import counted

    for name, counts in reader.figures.resources.items():
        for note in counts.notes:
            print_to_stderr(note)
        if counts.quarantined:
            rows = counted(counts.quarantined, "row")
            print_to_stderr(f"{name}: not written, as it could not be read: {rows}")
    for reason in list(dict.fromkeys(each.reason for each in reader.quarantine))[:_SHOWN_REASONS]:
        print_to_stderr(f"  {reason}")
