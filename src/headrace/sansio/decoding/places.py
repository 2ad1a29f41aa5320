"""Places within JSON, and what is found there, without decoding what lies beside them.

msgspec passes over what its type does not name, so that the values at a few places of a large
document cost little more than reading past it. Where a document is of another kind than the type
says, as a text where an object was due, the places are followed step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from headrace.core.each_row import Place
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows.json_rows import is_nameable, kind_of

OBJECT = msgspec.json.Decoder(dict[str, Raw])
LIST = msgspec.json.Decoder(list[Raw])
NULL = Raw(b"null")
_HOLLOW = {"a text": b'""', "a number": b"0", "a boolean": b"false", "null": b"null"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A value that is kept as it is."""


@dataclass(frozen=True, slots=True)
class Members:
    """An object of which some members are kept.

    Args:
        nodes: What is kept of each, by its key.
    """

    nodes: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Items:
    """A list, all of whose items are kept in part.

    Args:
        node: What is kept of each.
        may_be_one: Whether a value that is no list stands for a list of one.
    """

    node: Node
    may_be_one: bool = False


@dataclass(frozen=True, slots=True)
class AllMembers:
    """An object, all of whose members are kept in part.

    Args:
        node: What is kept of each.
    """

    node: Node


Node = Whole | Members | Items | AllMembers
WHOLE = Whole()


def node_of(places: Iterable[tuple[Place, Node]]) -> Node:
    """What is kept where some places are.

    Args:
        places: Each place, and what is kept there. What lies within another place is kept with it.
    """
    below: dict[str | int, list[tuple[Place, Node]]] = {}
    for place, node in places:
        if not place:
            return node
        below.setdefault(place[0], []).append((place[1:], node))
    if not below:
        return Members({})
    if all(isinstance(step, int) for step in below):
        return Items(node_of(each for rest in below.values() for each in rest))
    nodes = {step: node_of(rest) for step, rest in below.items() if isinstance(step, str)}
    return Members(nodes)


class Keeper:
    """Leaves out of JSON what nobody wants.

    Args:
        node: What is kept.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        kept_type = _kept_type(node)
        self._decode = None if kept_type is None else msgspec.json.Decoder(kept_type).decode
        self._encode = msgspec.json.Encoder().encode

    def kept(self, value: Raw) -> Raw:
        """The same value without what is not kept; texts and numbers in place of objects are empty.

        Args:
            value: The JSON.

        Raises:
            msgspec.MsgspecError, RecursionError: It cannot be read.
        """
        if self._decode is not None:
            try:
                return Raw(self._encode(self._decode(value)))
            except msgspec.ValidationError:
                pass
        return Raw(_cut(self._node, value))


class Finder:
    """Finds the values at some places of the same kind of document.

    Args:
        places: The places.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        direct = [at for at, place in enumerate(places) if _is_of_keys(place)]
        through_lists = [at for at, place in enumerate(places) if not _is_of_keys(place)]
        self.order = [*direct, *through_lists]
        """The places, by their number, in the order in which their values are given."""
        names: dict[Place, Place] = {}
        self.is_quick = all(map(_is_nameable, places)) and not _are_nested(places)
        """Whether all values are found in one pass."""
        self.type: Any = Raw
        """The type that a document is decoded as, for `values`."""
        if self.is_quick:
            self.type = _found_type(node_of((place, WHOLE) for place in places), (), (), names)
        direct_names = [".".join(map(str, names.get(places[at], ()))) for at in direct]
        self._get = _getter(direct_names)
        self._rest = [
            (
                names.get(_without_indexes(places[at]), ()),
                [step for step in places[at] if isinstance(step, int)],
            )
            for at in through_lists
        ]
        self._decode = msgspec.json.Decoder(self.type).decode

    def values(self, found: Any) -> list[Raw]:
        """The values of a document that was decoded as `type`; null where there is none.

        Args:
            found: The document.

        Raises:
            AttributeError: There is null where an object was due.
        """
        values = [*self._get(found)]
        for names, indexes in self._rest:
            values.append(_within(found, names, indexes))
        return values

    def find(self, document: Raw) -> list[Raw]:
        """The values of a document; null where there is none.

        Args:
            document: The JSON.
        """
        if self.is_quick:
            try:
                return self.values(self._decode(document))
            except (msgspec.ValidationError, AttributeError):
                pass
        found = (follow(document, self._places[at]) for at in self.order)
        return [NULL if value is None else value for value in found]


def follow(value: Raw, place: Place) -> Raw | None:
    """The value at a place of a document; None where there is none.

    Args:
        value: The JSON of the document.
        place: The place.
    """
    for step in place:
        kind = kind_of(value)
        if isinstance(step, str):
            found = OBJECT.decode(value).get(step) if kind == "an object" else None
        else:
            items = LIST.decode(value) if kind == "a list" else []
            found = items[step] if -len(items) <= step < len(items) else None
        if found is None:
            return None
        value = found
    return value


def _is_of_keys(place: Place) -> bool:
    return all(isinstance(step, str) for step in place)


def _is_nameable(place: Place) -> bool:
    return bool(place) and all(isinstance(step, int) or is_nameable(step) for step in place)


def _without_indexes(place: Place) -> Place:
    return tuple(_ITEM if isinstance(step, int) else step for step in place)


def _are_nested(places: Iterable[Place]) -> bool:
    """Whether one place lies within another one, whatever place in a list is meant."""
    places = {_without_indexes(place) for place in places}
    return any(
        place[: len(other)] == other for place in places for other in places if place != other
    )


def _getter(names: list[str]) -> Callable[[Any], Sequence[Raw]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda found: [attrgetter(name)(found) for name in names]


_ITEM = -1
"""Stands among the names of a value for a place in a list."""


def _within(found: Any, names: Place, indexes: Sequence[int]) -> Raw:
    """A value that lies in a list, or in several; null where there is none."""
    at = iter(indexes)
    for name in names:
        if isinstance(name, str):
            found = getattr(found, name)
            continue
        index = next(at)
        if found is None or not -len(found) <= index < len(found):
            return NULL
        found = found[index]
    value: Raw = found
    return value


def _found_type(node: Node, above: Place, names: Place, all_names: dict[Place, Place]) -> Any:
    """The type of what is looked for, with null as the default of each value.

    The names of its attributes are noted by the places that they stand for.
    """
    if isinstance(node, Items):
        return list[_or_null(_found_type(node.node, (*above, _ITEM), (*names, _ITEM), all_names))]  # type: ignore[misc]
    if not isinstance(node, Members):
        all_names[above] = names
        return Raw
    fields: list[tuple[str, Any, Any]] = []
    renamed: dict[str, str] = {}
    for number, (key, below) in enumerate(node.nodes.items()):
        name = f"f{number}"
        renamed[name] = key
        inner = _found_type(below, (*above, key), (*names, name), all_names)
        default = NULL if inner is Raw else inner() if isinstance(below, Members) else None
        fields.append((name, _or_null(inner), default))
    return msgspec.defstruct("Found", fields, rename=renamed, frozen=True)


def _kept_type(node: Node) -> Any:
    """The type that holds what is kept; None where msgspec has none for it."""
    match node:
        case Whole():
            return Raw
        case Items():
            inner = _kept_type(node.node)
            if inner is None or (inner is Raw and node.may_be_one):
                return inner
            items: Any = list[_or_null(inner)]  # type: ignore[misc]
            return items | inner if node.may_be_one else items
        case AllMembers():
            inner = _kept_type(node.node)
            if inner is None:
                return None
            return dict[str, _or_null(inner)]  # type: ignore[misc]
    fields: list[tuple[str, Any, Any]] = []
    renamed: dict[str, str] = {}
    for number, (key, below) in enumerate(node.nodes.items()):
        inner = _kept_type(below)
        if inner is None or not is_nameable(key):
            return None
        renamed[f"f{number}"] = key
        fields.append((f"f{number}", _or_null(inner) | UnsetType, UNSET))
    return msgspec.defstruct("Kept", fields, rename=renamed)


def _or_null(kept_type: Any) -> Any:
    """Raw takes null as well, and msgspec knows no more of it."""
    return kept_type if kept_type is Raw else kept_type | None


def _cut(node: Node, value: Raw) -> bytes:
    kind = kind_of(value)
    match node:
        case Whole():
            return bytes(value)
        case Members() if kind == "an object":
            found = OBJECT.decode(value)
            return _object(
                (key, _cut(below, found[key])) for key, below in node.nodes.items() if key in found
            )
        case AllMembers() if kind == "an object":
            return _object(
                (key, _cut(node.node, each)) for key, each in OBJECT.decode(value).items()
            )
        case Items() if kind == "a list":
            return b"[%b]" % b",".join(_cut(node.node, each) for each in LIST.decode(value))
        case Items(may_be_one=True) if kind == "an object":
            return _cut(node.node, value)
    if kind == "a list":
        return b"[null]" if LIST.decode(value) else b"[]"
    return _HOLLOW.get(kind, b"{}")


def _object(members: Iterable[tuple[str, bytes]]) -> bytes:
    return b"{%b}" % b",".join(msgspec.json.encode(key) + b":" + value for key, value in members)
