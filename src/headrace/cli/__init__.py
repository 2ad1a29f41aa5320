"""The command line: thin, over the library."""


def main() -> None:
    """Runs the command line."""
    # Here and in the commands imports wait until they are needed: `--help` must answer at once.
    from headrace.cli.app import app

    app()
