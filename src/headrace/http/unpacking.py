"""Undoes the codings of a body (`Content-Encoding`: RFC 9110, 8.4), also several in each other."""

from __future__ import annotations

import io
import zlib
from typing import Any

import urllib3

from headrace.http.failures.kinds import Failure, FailureKind

_KNOWN = frozenset(urllib3.HTTPResponse.CONTENT_DECODERS)
# Those that are registered, but for which nothing is installed; other words claim no packing.
_NEEDED = {
    "br": "install `brotli`",
    "zstd": "install `backports.zstd`",
    "compress": "nothing here undoes it",
    "x-compress": "nothing here undoes it",
}
ACCEPTED_CODINGS = ", ".join(
    coding for coding in ("gzip", "deflate", "br", "zstd") if coding in _KNOWN
)
"""The codings to ask for, as the value of an Accept-Encoding (RFC 9110, 12.5.3)."""

_GZIP = ("gzip", "x-gzip")
# No text begins so: a file was packed, and is sent as the file that it is.
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
# Most servers mean zlib's format by `deflate`, and some the bare one.
_DEFLATE_WINDOWS = (zlib.MAX_WBITS, -zlib.MAX_WBITS)


class CannotUnpack(ValueError):  # noqa: N818
    """A body cannot be unpacked.

    Args:
        detail: The codings that it claims.
        kind: Why not.
    """

    def __init__(self, detail: str, kind: FailureKind = FailureKind.ENCODING) -> None:
        self.failure = Failure(kind, detail)
        super().__init__(detail)


def codings_in(said: str) -> list[str]:
    """The codings that a body is packed by, in the order in which they were applied.

    Args:
        said: The value of its `Content-Encoding`.

    Returns:
        Those that have to be undone: `identity`, and words that are no coding, as `utf-8` or
        `none`, leave a body as it is.

    Raises:
        CannotUnpack: One of them cannot be undone here.
    """
    codings = [coding.strip().lower() for coding in said.split(",")]
    for coding in codings:
        if coding in _NEEDED and coding not in _KNOWN:
            raise CannotUnpack(f"`{coding}`: {_NEEDED[coding]}", FailureKind.UNKNOWN_ENCODING)
    return [coding for coding in codings if coding in _KNOWN]


def unpacked(packed: bytes, said: str, limit: int) -> bytes:
    """A body without its codings.

    Args:
        packed: The body as it came.
        said: The value of its `Content-Encoding`.
        limit: How many bytes to unpack at most.

    Returns:
        The body; more bytes than the limit where it, or a stage before it, is larger.

    Raises:
        CannotUnpack: It is not packed so, is cut off, or that cannot be undone here.
    """
    for coding in reversed(codings_in(said)):
        if not packed or len(packed) > limit:
            break
        unpacker = _Unpacker(coding, limit + 1)
        packed = unpacker.unpack(packed, said)
        if not unpacker.is_whole:
            raise CannotUnpack(f"`{said}`", FailureKind.BROKEN_OFF)
    return packed


def unpacked_beginning(packed: bytes, said: str, limit: int) -> bytes:
    """What can be unpacked of the beginning of a body.

    Args:
        packed: As much of the body as there is.
        said: The value of its `Content-Encoding`.
        limit: How many bytes to unpack at most.

    Raises:
        CannotUnpack: It is not packed so, or that cannot be undone here.
    """
    for coding in reversed(codings_in(said)):
        if packed:
            packed = _Unpacker(coding, limit).unpack(packed, said)
    return packed[:limit]


def unpacked_file(body: bytes, limit: int) -> bytes:
    """A body without the gzip that it is, though no header speaks of it; any other as it is.

    Args:
        body: The body, without its codings.
        limit: How many bytes to unpack at most.

    Raises:
        CannotUnpack: It begins as a gzip, and is none.
    """
    return unpacked(body, "gzip", limit) if body.startswith(_GZIP_MAGIC) else body


class _Unpacker:
    """Undoes one coding of one body.

    Args:
        coding: The coding.
        most: How many bytes to unpack at most.
    """

    def __init__(self, coding: str, most: int) -> None:
        self._coding = coding
        self._most = most
        self.is_whole = True
        """Whether the body ends where its coding says, or is longer than wanted."""

    def unpack(self, packed: bytes, said: str) -> bytes:
        """The body without the coding, as far as it goes.

        Args:
            packed: The body.
            said: What its header says, for an error.

        Raises:
            CannotUnpack: It is not packed so.
        """
        try:
            if self._coding in _GZIP:
                return self._from_gzip(packed)
            if self._coding == "deflate":
                return self._from_deflate(packed)
            if self._coding == "br":
                return self._from_brotli(packed, said)
            return self._by_urllib3(packed)
        except (zlib.error, urllib3.exceptions.DecodeError):
            raise CannotUnpack(f"`{said}`") from None

    def _from_gzip(self, packed: bytes) -> bytes:
        """Unpacks the members of a gzip file, one after the other (RFC 1952, 2.2)."""
        members: list[bytes] = []
        room = self._most
        # Zeros, or anything else that is no member, may stand behind the last one.
        while room and (not members or packed.startswith(_GZIP_MAGIC)):
            unpacker = zlib.decompressobj(_GZIP_WINDOW)
            members.append(unpacker.decompress(packed, room))
            room -= len(members[-1])
            packed = unpacker.unused_data
            self.is_whole = unpacker.eof or not room
            if not unpacker.eof:
                break
        return members[0] if len(members) == 1 else b"".join(members)

    def _from_deflate(self, packed: bytes) -> bytes:
        for window in _DEFLATE_WINDOWS:
            unpacker = zlib.decompressobj(window)
            try:
                body = unpacker.decompress(packed, self._most)
            except zlib.error:
                if window == _DEFLATE_WINDOWS[-1]:
                    raise
            else:
                break
        self.is_whole = unpacker.eof or len(body) == self._most
        return body

    def _from_brotli(self, packed: bytes, said: str) -> bytes:
        """Unpacks with the library that urllib3 takes, and which tells whether the end is there."""
        try:
            import brotlicffi as brotli  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            import brotli  # type: ignore[import-not-found,no-redef,unused-ignore]
        unpacker = brotli.Decompressor()
        body = bytearray()
        try:
            while len(body) < self._most and not unpacker.is_finished():
                part = _brotli_part(unpacker, packed, self._most - len(body))
                if not part and not packed:
                    break
                body += part
                packed = b""
        except brotli.error:
            raise CannotUnpack(f"`{said}`") from None
        self.is_whole = unpacker.is_finished() or len(body) >= self._most
        return bytes(body)

    def _by_urllib3(self, packed: bytes) -> bytes:
        answer = urllib3.HTTPResponse(
            io.BytesIO(packed), {"Content-Encoding": self._coding}, preload_content=False
        )
        return answer.read(self._most, decode_content=True)


def _brotli_part(unpacker: Any, packed: bytes, most: int) -> bytes:
    """What comes next of a body; versions before 1.2 know of no limit."""
    try:
        part: bytes = unpacker.process(packed, output_buffer_limit=most)
    except TypeError:
        part = unpacker.process(packed)
    return part
