"""What each listed row is taken apart into, where rows are made of parts of the listed ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from headrace.core.quick_dataclasses import dataclass

Place = tuple[str | int, ...]
"""The keys and places in lists that lead to a value, from the outermost on."""


@dataclass(frozen=True, slots=True)
class EachRow:
    """What each listed row is taken apart into.

    Args:
        path: Where in the row the elements are: a list of them, one alone, or with `key_as` an
            object of these.
        key_as: The field for the key of each element; None where they are in no object.
        index_as: The field for the place of each in its list, from 0; None where it is not wanted.
        fields: The fields that are taken of each element, with their places in it; None for all of
            the element.
        of_row: Fields that are taken of the listed row, with their places in it.
        also: Places of the listed row that are wanted besides, for whoever follows the listing.

    Raises:
        ValueError: A place begins in a list, or leads into an object where another leads into a
            list; or one of the listed row lies within the elements.
    """

    path: Place
    key_as: str | None = None
    index_as: str | None = None
    fields: Mapping[str, Place] | None = None
    of_row: Mapping[str, Place] = field(default_factory=dict)
    also: tuple[Place, ...] = ()

    def __post_init__(self) -> None:
        of_element = tuple((self.fields or {}).values())
        of_row = (self.path, *self.of_row.values(), *self.also)
        for place in (*of_element, *of_row):
            if not place or not isinstance(place[0], str):
                raise ValueError("each path must begin with the name of a field")
        within = [place for place in of_row if place != self.path]
        if any(place[: len(self.path)] == self.path for place in within):
            raise ValueError("what lies within `path` is of an element: take it over by `fields`")
        for places in (of_element, of_row):
            if _is_both(places):
                raise ValueError("the same place cannot be an object and a list")


def _is_both(places: Iterable[Place]) -> bool:
    """Whether some value would have to be an object and a list."""
    below: dict[str | int, list[Place]] = {}
    for place in places:
        if not place:
            # What is wanted as a whole may be anything.
            return False
        below.setdefault(place[0], []).append(place[1:])
    if len({type(step) for step in below}) > 1:
        return True
    return any(_is_both(rest) for rest in below.values())
