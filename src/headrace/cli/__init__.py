"""The command line. Each command is thin, and calls the library."""

# After so many objects more than were freed Python looks for those that hold each other; 700 by
# itself, which is a tenth of a short run.
_NEW_OBJECTS = 50_000


def main() -> None:
    """Runs the command line."""
    # Here and in the commands imports wait until they are needed: `--help` must answer at once.
    import gc
    import os
    import sys
    from pathlib import Path
    from typing import Any

    from headrace.cli.app import app
    from headrace.core.secrets.outlets import CleanStream

    # What is imported stays, and the collector would go through it hundreds of times.
    gc.set_threshold(_NEW_OBJECTS)
    # Else tracebacks are coloured, as of Python 3.13, and their colours would be made visible.
    os.environ.setdefault("PYTHON_COLORS", "0")
    # Where the caller has closed them there are none, and the next file would get their number.
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, stream)
    # Tracebacks and warnings go there as well, and what dlt logs.
    out: Any = CleanStream(sys.stdout)
    err: Any = CleanStream(sys.stderr)
    sys.stdout, sys.stderr = out, err
    app()
