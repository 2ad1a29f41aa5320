"""Undoes the codings of a body (`Content-Encoding`: RFC 9110, 8.4), also several in each other."""

from __future__ import annotations

import io
import zlib

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
_GZIP = ("gzip", "x-gzip")
# No text begins so: a file was packed, and is sent as the file that it is.
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class CannotUnpack(ValueError):  # noqa: N818
    """A body cannot be unpacked.

    Args:
        detail: The codings that it claims.
        is_known: Whether they can be undone here, but not in this body.
    """

    def __init__(self, detail: str, *, is_known: bool = True) -> None:
        kind = FailureKind.ENCODING if is_known else FailureKind.UNKNOWN_ENCODING
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
            raise CannotUnpack(f"`{coding}`: {_NEEDED[coding]}", is_known=False)
    return [coding for coding in codings if coding in _KNOWN]


def unpacked(packed: bytes, said: str, limit: int) -> bytes:
    """A body without its codings.

    Args:
        packed: The body as it came.
        said: The value of its `Content-Encoding`.
        limit: How many bytes to unpack at most.

    Returns:
        The body; more bytes than the limit where it, or a stage before it, is larger. Of a body
        that is cut off, what there is.

    Raises:
        CannotUnpack: It is not packed so, or that cannot be undone here.
    """
    for coding in reversed(codings_in(said)):
        if not packed or len(packed) > limit:
            break
        try:
            packed = _without(coding, packed, limit + 1)
        except (zlib.error, urllib3.exceptions.DecodeError):
            raise CannotUnpack(f"`{said}`") from None
    return packed


def unpacked_file(body: bytes, limit: int) -> bytes:
    """A body without the gzip that it is, though no header speaks of it; any other as it is.

    Args:
        body: The body, without its codings.
        limit: How many bytes to unpack at most.

    Raises:
        CannotUnpack: It begins as a gzip, and is none.
    """
    return unpacked(body, "gzip", limit) if body.startswith(_GZIP_MAGIC) else body


def _without(coding: str, packed: bytes, most: int) -> bytes:
    if coding in _GZIP:
        gzip = zlib.decompressobj(_GZIP_WINDOW)
        body = gzip.decompress(packed, most)
        if len(body) == most or (gzip.eof and not gzip.unused_data):
            return body
    # It is cut off, or there are several of them: rare, and so left to who knows all of it.
    answer = urllib3.HTTPResponse(
        io.BytesIO(packed), {"Content-Encoding": coding}, preload_content=False
    )
    return answer.read(most, decode_content=True)
