"""Faults of the connection and the bytes on it: closed, reset, slow, cut off, without end."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Iterator

from aiohttp import web

from headrace.simulator.faults.fault import AffectedRequest, Fault, Outcome, at_once, with_body

_BLOCK = 8 * 1024 * 1024
_BOMB_BLOCKS = 10 * 1024 * 1024 * 1024 // _BLOCK
_GZIP = zlib.MAX_WBITS | 16
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)
_LONG = 70_000
_MANY = 1_000
# Seconds from one look to the next, or from one byte to the next.
_PAUSE = 0.05


async def _close(asked: AffectedRequest) -> web.StreamResponse:
    if asked.request.transport is not None:
        asked.request.transport.close()
    return web.Response()


async def _reset(asked: AffectedRequest) -> web.StreamResponse:
    response = await _begun(asked)
    await response.write(asked.body[: len(asked.body) // 2])
    transport = asked.request.transport
    if transport is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
        transport.abort()
    return response


async def _short(asked: AffectedRequest) -> web.StreamResponse:
    response = await _begun(asked)
    await response.write(asked.body[: len(asked.body) // 2])
    if asked.request.transport is not None:
        asked.request.transport.close()
    return response


async def _stall(asked: AffectedRequest) -> web.StreamResponse:
    async for _ in _while_connected(asked):
        pass
    return web.Response()


async def _drip(asked: AffectedRequest) -> web.StreamResponse:
    response = await _begun(asked)
    place = 0
    async for _ in _while_connected(asked):
        await response.write(asked.body[place : place + 1])
        place += 1
        if place >= len(asked.body):
            break
    return response


async def _begun(asked: AffectedRequest) -> web.StreamResponse:
    """The good answer up to its body, whose whole length it claims."""
    response = web.StreamResponse(headers={"Content-Type": asked.good.headers["Content-Type"]})
    response.content_length = len(asked.body)
    await response.prepare(asked.request)
    return response


async def _while_connected(asked: AffectedRequest) -> AsyncIterator[None]:
    while asked.request.transport is not None and not asked.request.transport.is_closing():
        yield
        await asyncio.sleep(_PAUSE)


def _cut_gzip(asked: AffectedRequest) -> web.Response:
    packed = gzip.compress(asked.body, mtime=0)
    return with_body(asked, packed[: len(packed) // 2], Content_Encoding="gzip")


def _broken_gzip(asked: AffectedRequest) -> web.Response:
    packed = bytearray(gzip.compress(asked.body, mtime=0))
    # After the header of the gzip: no kind of block begins with these bytes.
    packed[10:14] = b"\xff\xff\xff\xff"
    return with_body(asked, bytes(packed), Content_Encoding="gzip")


async def _bomb(asked: AffectedRequest) -> web.StreamResponse:
    headers = {
        "Content-Type": asked.good.headers["Content-Type"],
        "Content-Encoding": "gzip",
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(asked.request)
    for piece in _bomb_pieces():
        await response.write(piece)
    return response


def _bomb_pieces() -> Iterator[bytes]:
    """Ten gibibytes of spaces, packed to as many mebibytes: one block again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    yield packer.compress(b" " * _BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b" " * _BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(_BOMB_BLOCKS - 1):
        yield again


def _long_header(asked: AffectedRequest) -> web.Response:
    return with_body(asked, asked.body, X_Filler="x" * _LONG)


def _many_headers(asked: AffectedRequest) -> web.Response:
    return with_body(asked, asked.body, **{f"X_Filler_{number}": "x" for number in range(_MANY)})


CONNECTIONS = (
    Fault("close", "closes the connection before any answer", Outcome.PASSES, _close),
    Fault("reset", "resets the connection in the middle of the body", Outcome.PASSES, _reset),
    Fault(
        "short",
        "closes the connection after half of the body whose length it claimed",
        Outcome.PASSES,
        _short,
    ),
    Fault("stall", "never answers", Outcome.PASSES, _stall, takes_time=True),
    Fault("drip", "sends a byte of the body now and then", Outcome.PASSES, _drip, takes_time=True),
)

COMPRESSION = (
    Fault("gzip-cut", "half of a gzip", Outcome.PASSES, at_once(_cut_gzip)),
    Fault("gzip-broken", "a gzip that cannot be unpacked", Outcome.PASSES, at_once(_broken_gzip)),
)

TOO_MUCH = (
    Fault("bomb", "10 MiB of gzip that unpack to 10 GiB", Outcome.FAILS, _bomb),
    Fault("long-header", "a header of 70,000 bytes", Outcome.FAILS, at_once(_long_header)),
    Fault("many-headers", "1,000 headers", Outcome.FAILS, at_once(_many_headers)),
)
