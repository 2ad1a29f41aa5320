"""Random draws that depend on a seed and an id alone, for many ids at once."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15


def draw_words(seed: int, first_id: int, last_id: int) -> pa.UInt64Array:
    """Return 64 random bits for each id (splitmix64, in wrapping Arrow arithmetic).

    Args:
        seed: Any integer; each gives other bits.
        first_id: The first id.
        last_id: The last id; bits are drawn for it too.
    """
    origin = _mix_one(seed & _MASK)
    ids = pa.arange(first_id, last_id + 1).cast(pa.uint64())
    words = pc.add(pc.multiply(ids, _word(_GOLDEN)), _word(origin))
    words = pc.multiply(_fold(words, 30), _word(0xBF58476D1CE4E5B9))
    words = pc.multiply(_fold(words, 27), _word(0x94D049BB133111EB))
    return _fold(words, 31)


def bits(words: pa.UInt64Array, start: int, count: int) -> pa.Int64Array:
    """Cut `count` bits from each word, from bit `start` on, as a number."""
    mask = _word(2**count - 1)
    return pc.bit_wise_and(pc.shift_right(words, _word(start)), mask).cast(pa.int64())


def _word(value: int) -> pa.UInt64Scalar:
    return pa.scalar(value, pa.uint64())


def _fold(words: pa.UInt64Array, distance: int) -> pa.UInt64Array:
    return pc.bit_wise_xor(words, pc.shift_right(words, _word(distance)))


def _mix_one(value: int) -> int:
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
