"""What the sample API lists beside executions, by the release and the licence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from headrace.simulator.listing import offset_page
from headrace.simulator.refused import Refused
from headrace.simulator.release import Release
from headrace.simulator.surroundings import (
    LICENSED,
    data_table_rows,
    data_tables,
    newer_workflows,
    projects,
    refusal,
    tags,
    users,
    variables,
    versions,
)

_Rows = Sequence[Mapping[str, Any]]
_Listing = Callable[[re.Match[str], Mapping[str, str]], _Rows]


class SurroundingPaths:
    """Answers the listings beside executions. The workflows of an older release are not here.

    Args:
        release: Which release's they are.
        licensed: Whether the licence covers all of them.
    """

    def __init__(self, release: Release, *, licensed: bool = False) -> None:
        self._release = release
        self._licensed = licensed
        listings: dict[str, _Listing] = {
            "/tags": lambda found, query: tags(),
            "/users": lambda found, query: users(include_role=_says(query, "includeRole")),
            "/projects": lambda found, query: projects(),
            "/variables": lambda found, query: variables(),
        }
        if release.has_details:
            listings |= {
                "/workflows": _workflows,
                "/workflows/([^/]+)/history": _versions,
                "/data-tables": lambda found, query: data_tables(),
                "/data-tables/([^/]+)/rows": _data_table_rows,
            }
        self._listings = [(re.compile(path), listing) for path, listing in listings.items()]

    def knows(self, path: str) -> bool:
        """Tell whether there is such a listing.

        Args:
            path: Below the API's base, as `/tags`.
        """
        return any(pattern.fullmatch(path) for pattern, _ in self._listings)

    def answer(self, path: str, query: Mapping[str, str]) -> bytes:
        """Return the JSON text of one page of a listing that is known.

        Args:
            path: Below the API's base, as `/tags`.
            query: The request's parameters.

        Raises:
            BadParameter: One of the parameters cannot be used.
            Refused: The licence does not cover it, or it is of something that is not there.
        """
        if path in LICENSED and not self._licensed:
            raise Refused(403, refusal(path))
        for pattern, listing in self._listings:
            found = pattern.fullmatch(path)
            if found is not None:
                rows = [msgspec.json.encode(row) for row in listing(found, query)]
                return offset_page(rows, query, self._release)
        raise Refused(404, "not found")


def _says(query: Mapping[str, str], name: str) -> bool:
    return query.get(name) == "true"


def _workflows(found: re.Match[str], query: Mapping[str, str]) -> _Rows:
    return newer_workflows(with_pinned=not _says(query, "excludePinnedData"))


def _versions(found: re.Match[str], query: Mapping[str, str]) -> _Rows:
    rows = versions(found[1])
    if rows is None:
        raise Refused(404, "Not Found")
    return rows


def _data_table_rows(found: re.Match[str], query: Mapping[str, str]) -> _Rows:
    rows = data_table_rows(found[1])
    if rows is None:
        raise Refused(404, f"Could not find the data table: '{found[1]}'")
    return rows
