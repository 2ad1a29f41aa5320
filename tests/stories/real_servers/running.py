"""Real servers on loopback, each for as long as a test needs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests.support.project import ROOT

INSTALLED = ROOT / ".real-servers"
PINS = Path(__file__).parent / "pins"
_LONGEST_START = 120.0
_LONGEST_STOP = 20.0


def program(server: str, name: str) -> str:
    """A program of an installed server.

    Args:
        server: The server's folder.
        name: The program's name.

    Raises:
        FileNotFoundError: The server is not installed.
    """
    for folder in ("bin", "node_modules/.bin"):
        path = INSTALLED / server / folder / name
        if path.exists():
            return str(path)
    raise FileNotFoundError(f"{server} is not installed: scripts/real-servers does it")


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(
    command: Sequence[str],
    health: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Runs a server until the end of the block, with all the processes that it starts.

    Args:
        command: What starts it.
        health: The URL that answers 200 once it serves.
        folder: Where it runs, with a file `log` of what it says.
        environment: Variables of its own, beside those of this process.

    Raises:
        RuntimeError: It ended, or did not serve in time; with the end of its log.
    """
    log = folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        _wait_until_it_serves(server, health, log)
        yield
    finally:
        _stop(server)


def _wait_until_it_serves(server: subprocess.Popen[bytes], health: str, log: Path) -> None:
    end = time.monotonic() + _LONGEST_START
    while server.poll() is None and time.monotonic() < end:
        with suppress(requests.RequestException):
            if requests.get(health, timeout=10).ok:
                return
        time.sleep(0.1)
    raise RuntimeError(f"no answer from {health}: {log.read_text(errors='replace')[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(_LONGEST_STOP)
        # Its workers are in its group, and one of them may outlive it.
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
