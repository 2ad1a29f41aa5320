"""The command line. Each command is thin, and calls the library."""


def main() -> None:
    """Runs the command line."""
    # Here and in the commands imports wait until they are needed: `--help` must answer at once.
    import os
    import sys
    from typing import Any

    from headrace.cli.app import app
    from headrace.core.secrets.outlets import CleanStream

    # Else tracebacks are coloured, as of Python 3.13, and their colours would be made visible.
    os.environ.setdefault("PYTHON_COLORS", "0")
    # Tracebacks and warnings go there as well, and what dlt logs.
    out: Any = CleanStream(sys.stdout)
    err: Any = CleanStream(sys.stderr)
    sys.stdout, sys.stderr = out, err
    app()
