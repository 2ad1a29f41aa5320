"""Sends requests with nothing special about them, with little between us and the socket."""

from headrace.http.transports.plain.transport import Begun, PlainTransport

__all__ = ["Begun", "PlainTransport"]
