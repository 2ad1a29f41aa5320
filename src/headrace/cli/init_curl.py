"""`headrace init --from-curl`: a config of what an API shows to a pasted curl command."""

from __future__ import annotations

from pathlib import Path

from headrace.cli.init_url import init_of_call
from headrace.cli.pasted import pasted
from headrace.cli.printing import say


def init_from_curl(
    path: Path,
    *,
    may_post: bool,
    name: str | None,
    single_page: bool,
    max_requests: int,
    overwrite: bool,
) -> None:
    """Reads a curl command, asks as it does, and writes a config of what the API shows.

    Args:
        path: Where to write the config.
        may_post: Whether it is known that the command changes nothing where it asks by POST.
        name: The name of the resource; None for the last part of the URL's path.
        single_page: Whether one answer has all rows.
        max_requests: How many times to ask.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        HeadraceError: The command cannot be understood, the API does not answer, or the file cannot
            be written.
    """
    from headrace.config.starter import refuse_written
    from headrace.core.exceptions import ConfigError, Fault
    from headrace.discovery.curl import call_of_curl, is_whole

    refuse_written(path, overwrite=overwrite)
    call, notes = call_of_curl(pasted("Paste the curl command", is_whole))
    say(f"The command: {notes.meaning}.", to_stderr=True)
    for each in notes.left_out:
        say(f"  left out: {each}", to_stderr=True)
    if notes.sends_body and not may_post:
        told = (
            f"asks by {call.method}, which may change something, and is made up to {max_requests} "
            "times: if it only lists rows, say --post"
        )
        raise ConfigError([Fault("curl", told)])
    init_of_call(
        call,
        path,
        name=name,
        single_page=single_page,
        max_requests=max_requests,
        overwrite=overwrite,
    )
