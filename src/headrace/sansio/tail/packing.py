"""Packs sets of keys into short text, for the state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from headrace.sansio.tail.keys import Key

# Five bits a character, the lowest first; the second half of the alphabet says that more follow.
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_SHORT = _ALPHABET[:32]
_OF_ALL_BUT = "!"


def pack_integers(numbers: Sequence[int]) -> str:
    """Packs ascending whole numbers into text: the first one, and the step from each to the next.

    Neighbouring ids take one character each.
    """
    if not numbers:
        return ""
    steps = [_packed(b - a) for a, b in pairwise(numbers)]
    return f"{numbers[0]}:{''.join(steps)}"


def unpack_integers(text: str) -> list[int]:
    """Unpacks what `pack_integers` packed.

    Raises:
        ValueError: It is no such text.
    """
    if not text:
        return []
    first, _, steps = text.partition(":")
    number = int(first)
    numbers = [number]
    for step in _unpacked(steps):
        number += step
        numbers.append(number)
    return numbers


def pack_texts(texts: Iterable[str]) -> list[str | int]:
    """Packs ascending texts: how many characters each shares with the one before, and the rest."""
    packed: list[str | int] = []
    former = ""
    for text in texts:
        shared = _shared(former, text)
        packed += (shared, text[shared:])
        former = text
    return packed


def unpack_texts(packed: Sequence[str | int]) -> list[str]:
    """Unpacks what `pack_texts` packed.

    Raises:
        ValueError: It is no such list.
    """
    texts: list[str] = []
    former = ""
    for shared, rest in zip(packed[::2], packed[1::2], strict=True):
        if not isinstance(shared, int) or not isinstance(rest, str):
            raise ValueError(f"{shared!r} and {rest!r} are no text")
        former = former[:shared] + rest
        texts.append(former)
    return texts


def pack_subset(whole: Sequence[Key], part: set[Key]) -> str:
    """Packs which members of a sequence are in a set, by their places in the sequence."""
    places = [place for place, member in enumerate(whole) if member in part]
    if 2 * len(places) <= len(whole):
        return pack_integers(places)
    others = [place for place, member in enumerate(whole) if member not in part]
    return _OF_ALL_BUT + pack_integers(others)


def unpack_subset(whole: Sequence[Key], text: str) -> set[Key]:
    """Unpacks what `pack_subset` packed.

    Raises:
        ValueError: It is no such text, or was packed for another sequence.
    """
    if text.startswith(_OF_ALL_BUT):
        return set(whole) - unpack_subset(whole, text[1:])
    places = unpack_integers(text)
    if places and not 0 <= places[0] <= places[-1] < len(whole):
        raise ValueError(f"place {places[-1]} is not among {len(whole)}")
    return {whole[place] for place in places}


def _packed(number: int) -> str:
    if number < 32:
        return _SHORT[number]
    characters = []
    while number >= 32:
        characters.append(_ALPHABET[32 + (number & 31)])
        number >>= 5
    return "".join(characters) + _SHORT[number]


def _unpacked(text: str) -> Iterator[int]:
    number = shift = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            raise ValueError(f"{character!r} is not of a number")
        number |= (value & 31) << shift
        shift += 5
        if value < 32:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("the last number is cut off")


def _shared(former: str, text: str) -> int:
    count = 0
    for a, b in zip(former, text, strict=False):
        if a != b:
            break
        count += 1
    return count
