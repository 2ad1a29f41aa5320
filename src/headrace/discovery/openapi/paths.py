"""The paths of listings: whose rows fill in their parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.schemas import Schemas, Shape
from headrace.sansio.paging.envelope import plain_name

PARAMETER = re.compile(r"\{([^{}/]+)\}")
_IDS = ("id", "uuid", "guid", "key", "uid")
_BY_NAME = ("name", "slug", "code", "login", "title")


@dataclass(frozen=True, slots=True)
class Parent:
    """Whose rows fill in the parameters of a path.

    Args:
        place: The place of the parent among the listings.
        fields: The field of its rows that each parameter means, by the parameter's name; one of
            its own parent begins with `..`. What is not there the user gives.
        grandparent: The place of the parent's own parent; None where it has none.
    """

    place: int
    fields: Mapping[str, str]
    grandparent: int | None = None


@dataclass(frozen=True, slots=True)
class PathOfRows:
    """The path of a listing and the rows that come of it.

    Args:
        path: The path, with its parameters in braces.
        row: What a row is.
        types: What each of its parameters is, by its name.
    """

    path: str
    row: Shape
    types: Mapping[str, Shape]

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters, in order."""
        return PARAMETER.findall(self.path)


def without_names(path: str) -> str:
    """A path without the names of its parameters, which differ from one to the next.

    Args:
        path: The path.
    """
    return PARAMETER.sub("{}", path).rstrip("/")


def parents_of(
    paths: Sequence[PathOfRows], schemas: Schemas, paths_of_one: Mapping[str, str]
) -> list[Parent | None]:
    """The parent of each listing.

    Args:
        paths: The paths of all listings.
        paths_of_one: The paths that end with a parameter, by what they are without names.
        schemas: Puts schemas together.

    Returns:
        None for those whose path has no parameters, or one that no listing fills in.
    """
    by_path: dict[str, int] = {}
    for place, each in enumerate(paths):
        by_path.setdefault(without_names(each.path), place)
    found: dict[int, Parent | None] = {}
    # The shorter path first: a parent is known before its children are looked at.
    for place in sorted(range(len(paths)), key=lambda each: len(paths[each].parameters)):
        found[place] = _parent(place, paths, by_path, found, schemas, paths_of_one)
    return [found[place] for place in range(len(paths))]


def _parent(
    place: int,
    paths: Sequence[PathOfRows],
    by_path: Mapping[str, int],
    known: Mapping[int, Parent | None],
    schemas: Schemas,
    paths_of_one: Mapping[str, str],
) -> Parent | None:
    own = paths[place]
    names = own.parameters
    if not names or len(set(names)) < len(names):
        return None
    above = own.path[: own.path.rindex(f"{{{names[-1]}}}")]
    parent = by_path.get(without_names(above)) if above.endswith("/") else None
    if parent is None or parent == place or parent not in known:
        return None
    listing = paths[parent]
    field = field_meant(names[-1], above, listing.row, own.types.get(names[-1]), schemas)
    if field is None:
        field = field_not_named(listing.path, listing.row, paths_of_one)
    if field is None:
        return None
    fields = {names[-1]: field}
    further = known[parent]
    for name, of_parent in zip(names[:-1], listing.parameters, strict=False):
        in_row = field_named(name, listing.row, schemas)
        above_it = None if further is None else further.fields.get(of_parent)
        if in_row is not None:
            fields[name] = in_row
        elif above_it is not None and not above_it.startswith(".."):
            fields[name] = f"..{above_it}"
        elif above_it is not None or plain_name(name) != plain_name(of_parent):
            return None
        # Else the user gives it, to both alike.
    in_order = {name: fields[name] for name in names if name in fields}
    return Parent(parent, in_order, further.place if further is not None else None)


def field_meant(
    name: str, above: str, row: Shape, type_of_name: Shape | None, schemas: Schemas
) -> str | None:
    """The field of a row that a parameter of a path means.

    Args:
        name: The parameter.
        above: The path before it.
        row: The row.
        type_of_name: What its values are.
        schemas: Puts schemas together.

    Returns:
        None where there is none that has to be the one.
    """
    last = plain_name(PARAMETER.sub("", above).rstrip("/").rpartition("/")[2])
    plain = plain_name(name)
    names = [plain]
    for own in (last, last.removesuffix("s"), last.removesuffix("es"), f"{last[:-3]}y"):
        if own and plain.startswith(own) and plain != own:
            names.append(plain[len(own) :])
    names += [each for each in (*_IDS, *_BY_NAME) if plain.endswith(each)]
    # `{order}` below `orders`, and what is said in words of its own.
    names += _IDS[:3]
    # `id` before `@id`.
    fields = sorted(row.fields, key=lambda each: not each.isidentifier())
    for wanted in dict.fromkeys(names):
        found = next((each for each in fields if plain_name(each) == wanted), None)
        if found is not None and _fits(schemas.field_of(row, found), type_of_name):
            return found
    return None


def field_not_named(path: str, row: Shape, paths_of_one: Mapping[str, str]) -> str | None:
    """The field by which one row is asked for, where the document does not name all of a row's.

    Args:
        path: The path of the listing.
        row: What a row is.
        paths_of_one: The paths that end with a parameter, by what they are without names.

    Returns:
        None where rows are not asked for one by one, or by something that is no field.
    """
    one = paths_of_one.get(f"{without_names(path)}/{{}}")
    name = PARAMETER.findall(one)[-1] if one is not None else ""
    return name if row.is_open and plain_name(name) in _IDS else None


def field_named(name: str, row: Shape, schemas: Schemas) -> str | None:
    """The field that has the name of a parameter of a path, and so its value.

    Args:
        name: The parameter.
        row: What the rows below that path are.
        schemas: Puts schemas together.

    Returns:
        None where there is none. An `id` or a `name` in a row is the row's own, not its parent's.
    """
    plain = plain_name(name)
    if plain in (*_IDS, *_BY_NAME):
        return None
    found = next((each for each in row.fields if plain_name(each) == plain), None)
    return found if found is not None and _fits(schemas.field_of(row, found), None) else None


def _fits(field: Shape, parameter: Shape | None) -> bool:
    if field.is_object or field.is_list:
        return False
    if parameter is None or not parameter.types or not field.types:
        return True
    # A number goes into a path as well as a text does, but not the other way round.
    wants_number = parameter.types <= {"integer", "number"}
    return not wants_number or bool(field.types & {"integer", "number"})
