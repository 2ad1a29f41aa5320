"""Servers that break in the middle: bytes on a socket, no HTTP library to keep them straight."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Breaking = Callable[[socket.socket], None]


@contextmanager
def socket_server(serve: Breaking, port: int = 0) -> Iterator[str]:
    """Accepts connections one after the other; `serve` does with each what it likes.

    Args:
        serve: gets each connection.
        port: to listen at; 0 takes a free one.

    Yields:
        The server's address, as `127.0.0.1:8080`.
    """
    with socket.create_server(("127.0.0.1", port)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def answering(answer: bytes) -> Breaking:
    """Reads a request, sends these bytes, and closes."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return serve


def resetting(answer: bytes = b"") -> Breaking:
    """Reads a request, sends these bytes, and breaks the connection off with a reset."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return serve


def in_turn(*serves: Breaking) -> Breaking:
    """Serves each connection in a way of its own; the last way again and again."""
    ways = iter(serves)
    last: list[Breaking] = []

    def serve(connection: socket.socket) -> None:
        last[:] = [next(ways, *last)]
        last[0](connection)

    return serve


def silent(connection: socket.socket) -> None:
    """Takes what comes and never answers, until the other side gives up."""
    while connection.recv(65536):
        pass


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
