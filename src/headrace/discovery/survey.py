"""What is known so far of a listing that is being found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.core.secrets.shipping import stays_here
from headrace.discovery.trials import Row, Trials
from headrace.sansio.discovery.evidence import Evidence, Verdict
from headrace.sansio.discovery.parameters import names_given, path_in_body
from headrace.sansio.discovery.row_places import RowPlace
from headrace.sansio.discovery.sameness import Sameness
from headrace.sansio.paging import Page
from headrace.sansio.paging.places import with_value
from headrace.sansio.paging.totals import TotalPlace, find_total

ENDPOINT = "resources[0].endpoint"
_SHOWN_NAMES = 4


def listed(names: Sequence[str]) -> str:
    """Names in a line; of many the first ones.

    Args:
        names: The names.
    """
    shown = ", ".join(names[:_SHOWN_NAMES])
    return f"{shown} and {len(names) - _SHOWN_NAMES:,} more" if names[_SHOWN_NAMES:] else shown


def one_of(names: Sequence[str]) -> str:
    """One of several names, which are told in a line.

    Args:
        names: The names, at least one.
    """
    return f"one of {listed(names)}" if len(names) > 1 else f"`{names[0]}`"


@dataclass(frozen=True, slots=True)
class Knob:
    """What takes the size, the place or the number of a page.

    Args:
        name: The name of a query parameter, or a path in the JSON body.
        in_body: Whether it is in the body.
    """

    name: str
    in_body: bool = False

    @property
    def is_nested(self) -> bool:
        """Whether it is within an object."""
        return ("." if self.in_body else "[") in self.name

    def turned(self, endpoint: Mapping[str, Any], value: Any) -> dict[str, Any]:
        """An endpoint that asks with a value here.

        Args:
            endpoint: The endpoint.
            value: The value.
        """
        if self.in_body:
            return {**endpoint, "json": with_value(endpoint.get("json"), self.name, value)}
        return {**endpoint, "params": {**(endpoint.get("params") or {}), self.name: value}}

    def fits(self, endpoint: Mapping[str, Any]) -> bool:
        """Whether an endpoint has a place for it: a body may have something else in the way.

        Args:
            endpoint: The endpoint.
        """
        try:
            self.turned(endpoint, 0)
        except ValueError:
            return False
        return True

    def left_out(self, endpoint: Mapping[str, Any]) -> dict[str, Any]:
        """An endpoint without it among the query parameters.

        Args:
            endpoint: The endpoint.
        """
        params = {
            name: value
            for name, value in (endpoint.get("params") or {}).items()
            if name != self.name
        }
        left = {key: value for key, value in endpoint.items() if key != "params"}
        return {**left, "params": params} if params else left

    def __str__(self) -> str:
        return f"`{self.name}`" + (" in the body" if self.in_body else "")


def knobs_shown(
    names: Sequence[str], usual: Sequence[Knob], endpoint: Mapping[str, Any]
) -> list[Knob]:
    """What an answer shows of itself that may take the size, the place or the number of a page.

    Args:
        names: The parameters that it names, those within others as `page[size]`.
        usual: What APIs usually have, the likeliest first.
        endpoint: The endpoint.

    Returns:
        The usual ones among the names, and behind them the others, in a JSON body first.
    """
    nested = [name for name in names if "[" in name]
    others = [Knob(path_in_body(name), in_body=True) for name in nested]
    if endpoint.get("json") is None:
        others = []
    found = [knob for knob in usual if knob.name in names]
    fitting = [knob for knob in others if knob.fits(endpoint)]
    return list(dict.fromkeys([*found, *fitting, *map(Knob, nested)]))


def knobs_given(endpoint: Mapping[str, Any], usual: Sequence[str]) -> list[Knob]:
    """What a call itself sends that takes the size, the place or the number of a page.

    Args:
        endpoint: The endpoint, as it is asked for.
        usual: The usual names of what takes it.
    """
    params: Mapping[str, Any] = endpoint.get("params") or {}
    numbers = [name for name, value in params.items() if str(value).isdigit()]
    in_body = [
        Knob(path, in_body=True) for path in names_given(_numbers(endpoint.get("json")), usual)
    ]
    return [*in_body, *map(Knob, names_given(numbers, usual))]


def _numbers(body: Any) -> list[str]:
    """The paths to the whole numbers of a body, and to those of its objects."""
    fields = body if isinstance(body, Mapping) else {}
    found = [name for name, value in fields.items() if _is_number(value)]
    for above, part in fields.items():
        inner = part if isinstance(part, Mapping) else {}
        found += [f"{above}.{name}" for name, value in inner.items() if _is_number(value)]
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@stays_here
@dataclass(slots=True)
class Survey:
    """A listing, as far as it is known.

    Args:
        trials: Reads pages in one way or another.
        endpoint: The endpoint, as far as it is known; without a paginator.
        place: Where the rows of an answer are.
        first: The first page, as the call brings it.
        rows: Its rows.
        again: The rows of the first page when it was asked for again.
        same: Tells rows apart.
        evidence: What speaks for each line, and against others.
        rival: The selector of another list, of which nothing shows that it is not the one; None
            where there is no such list.
        as_likely: The selectors of other lists, for which as much speaks as for this one.
        places_dropped: The parameters that were left out, to begin at the first page.
        refuses_strangers: Whether the server refused parameters at once of which it knows but one
            at most.
    """

    trials: Trials
    endpoint: dict[str, Any]
    place: RowPlace
    first: Page
    rows: Sequence[Row]
    again: Sequence[Row] = ()
    same: Sameness = field(default_factory=Sameness)
    evidence: list[Evidence] = field(default_factory=list)
    rival: str | None = None
    as_likely: Sequence[str] = ()
    places_dropped: Sequence[str] = ()
    refuses_strangers: bool = False

    @property
    def in_body(self) -> bool:
        """Whether requests have a JSON body, which says how to go on."""
        return self.endpoint.get("json") is not None

    @property
    def total_place(self) -> TotalPlace | None:
        """Where the first page tells how many rows there are; None where it does not."""
        return find_total(self.first.rest, self.first.headers, self.first.rows_at)

    @property
    def total(self) -> int | None:
        """How many rows there are, as the first page tells; None where it does not."""
        place = self.total_place
        return None if place is None else place.read(self.first.rest, self.first.headers)

    def note(self, key: str, verdict: Verdict, text: str, value: Any = None) -> None:
        """Notes what is known of a key of the endpoint.

        Args:
            key: The key, below `endpoint`; empty for the endpoint itself.
            verdict: What is known.
            text: What was seen.
            value: The value of the key.
        """
        path = f"{ENDPOINT}.{key}" if key else ENDPOINT
        self.evidence.append(Evidence(path, verdict, text, value))

    def asking(self, values: Mapping[Knob, Any]) -> dict[str, Any]:
        """The endpoint that asks with certain values.

        Args:
            values: The values, by what takes them.
        """
        endpoint = dict(self.endpoint)
        for knob, value in values.items():
            endpoint = knob.turned(endpoint, value)
        return endpoint
