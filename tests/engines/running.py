"""Programs in the environment of an engine, and the processes that they start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path


def program(name: str = "python") -> str:
    """A program of the environment that the tests run in, which is that of an engine.

    Args:
        name: The program's name.
    """
    return str(Path(sys.executable).with_name(name))


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    seconds: float = 120.0,
) -> str:
    """Runs a program to its end, and leaves no process behind.

    Args:
        command: What to run.
        folder: Where.
        environment: Variables beside those of this process.
        seconds: After how long it is ended.

    Returns:
        What it wrote to its standard output.

    Raises:
        RuntimeError: It failed, or took too long; with the end of what it said.
    """
    errors = folder / "errors.txt"
    with errors.open("w") as err:
        running = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            start_new_session=True,
        )
        try:
            out, _ = running.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            out = f"it was ended after {seconds} seconds"
        finally:
            end(running.pid)
            running.wait()
    if running.returncode:
        raise RuntimeError(
            f"{command[0]}: {running.returncode}\n{out}\n{errors.read_text()[-4000:]}"
        )
    return out


def end(process: int) -> None:
    """Ends a process, and all that it has started and that has not let go of it.

    Args:
        process: Its number.
    """
    for each in [*descendants(process), process]:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def descendants(of: int) -> list[int]:
    """The processes that a process has started, and those that they have, the nearest first."""
    found = [of]
    for parent in found:
        found.extend(_children(parent))
    return found[1:]


def command_line(process: int) -> str:
    """What a process was started with, or has called itself since; empty where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def _children(parent: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{parent}/task").iterdir():
            yield from map(int, (task / "children").read_text().split())
