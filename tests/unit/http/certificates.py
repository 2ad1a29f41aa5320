"""TLS for servers of the tests, trusted by nobody else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import trustme

from tests.unit.http.brokenness import Breaking, socket_server

AUTHORITY = trustme.CA()


@contextmanager
def tls_server(serve: Breaking) -> Iterator[str]:
    """As `socket_server`, over TLS with a certificate of the tests' own authority.

    Args:
        serve: gets each connection.

    Yields:
        The server's URL.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)

    def over_tls(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                serve(wrapped)
        except (ssl.SSLError, ConnectionError):
            # The other side did not trust us.
            return

    with socket_server(over_tls) as address:
        yield f"https://{address}"
