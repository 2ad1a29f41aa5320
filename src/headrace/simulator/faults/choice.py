"""Which request is answered badly, and how: as written, and the same for the same seed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from headrace.simulator.faults.catalogue import FAULTS, MIX
from headrace.simulator.faults.fault import Fault

_SHARE = re.compile(r"(?:(?P<name>[^:@%]+):)?\s*(?P<percent>\d{1,3}(?:\.\d{1,9})?)\s*%")
_PLACE = re.compile(r"(?P<name>[^:@%]+)@\s*(?P<first>\d{1,9})(?:(?P<on>\+)|x(?P<times>\d{1,9}))?")
_EXAMPLES = "write 503:5%, html@3, 503@3x4, 503@3+ or 10%"
_WHOLE = 100.0


class BadFaults(ValueError):  # noqa: N818 - named as the other faults of a call
    """The text does not say which requests to answer badly, or names an unknown fault."""


@dataclass(frozen=True, slots=True)
class FaultShare:
    """A share of all requests, drawn by chance.

    Args:
        faults: The faults that may be drawn, each as likely as the others.
        percent: The share of all requests, in percent.
    """

    faults: tuple[Fault, ...]
    percent: float


@dataclass(frozen=True, slots=True)
class FaultPlace:
    """Some of the requests for a page, counted from 1.

    Args:
        fault: The fault that they are answered with.
        first: The number of the first one, from 1.
        times: How many in a row; None takes all that follow.
    """

    fault: Fault
    first: int
    times: int | None = 1

    def holds(self, number: int) -> bool:
        """Whether a request is one of them."""
        return self.first <= number and (self.times is None or number < self.first + self.times)


@dataclass(frozen=True, slots=True)
class Faults:
    """Which requests to answer badly.

    Args:
        places: Certain requests for a page; of several places that hold, the first counts.
        shares: Shares of all other requests, drawn by chance.
        seed: Any integer; the same seed draws the same requests.
    """

    places: tuple[FaultPlace, ...] = ()
    shares: tuple[FaultShare, ...] = ()
    seed: int = 1

    @classmethod
    def parse(cls, text: str, seed: int = 1) -> Faults:
        """Read what people write.

        Args:
            text: Parts with commas between: `503:5%` (so many requests), `10%` (a mix of faults
                that pass when asked again), `html@3` (the third request for a page), `503@3x4`
                (four in a row), `503@3+` (and all that follow).
            seed: Any integer; the same seed draws the same requests.

        Raises:
            BadFaults: The text is written otherwise or names an unknown fault, or the shares add
                up to more than all requests.
        """
        places: list[FaultPlace] = []
        shares: list[FaultShare] = []
        for part in (part.strip() for part in text.split(",")):
            if place := _PLACE.fullmatch(part):
                places.append(_place(place, part))
            elif share := _SHARE.fullmatch(part):
                named = share["name"]
                faults = MIX if named is None else (_named(named),)
                shares.append(FaultShare(faults, float(share["percent"])))
            else:
                raise BadFaults(f"`{part}` says no fault; {_EXAMPLES}")
        total = sum(share.percent for share in shares)
        if total > _WHOLE:
            raise BadFaults(f"the shares add up to {total:g}%, which is more than all requests")
        return cls(tuple(places), tuple(shares), seed)

    @property
    def all(self) -> Iterable[Fault]:
        """All faults that there may be."""
        yield from (place.fault for place in self.places)
        yield from (fault for share in self.shares for fault in share.faults)


class FaultSequence:
    """Says for one request after another with which fault it is answered.

    Args:
        faults: Which requests to answer badly.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._chance = Random(f"faults {faults.seed}")
        self._pages = 0

    def next(self, *, is_page: bool) -> Fault | None:
        """The fault that the next request is answered with; None answers it well.

        Args:
            is_page: Whether the request is for a page, and not for a single row.
        """
        # Drawn for each request, so that a place takes nothing from what the seed says of others.
        drawn = self._drawn()
        if is_page:
            self._pages += 1
            for place in self._faults.places:
                if place.holds(self._pages):
                    return place.fault
        return None if drawn is None or (drawn.pages_only and not is_page) else drawn

    def _drawn(self) -> Fault | None:
        if not self._faults.shares:
            return None
        left = self._chance.random() * _WHOLE
        which = self._chance.random()
        for share in self._faults.shares:
            if left < share.percent:
                return share.faults[int(which * len(share.faults))]
            left -= share.percent
        return None


def _place(written: re.Match[str], part: str) -> FaultPlace:
    first = int(written["first"])
    times = None if written["on"] else int(written["times"] or 1)
    if first < 1 or times == 0:
        raise BadFaults(f"`{part}`: requests are counted from 1, and there must be one at least")
    return FaultPlace(_named(written["name"]), first, times)


def _named(name: str) -> Fault:
    name = name.strip()
    if name not in FAULTS:
        near = difflib.get_close_matches(name, FAULTS, n=1)
        hint = f"did you mean `{near[0]}`? " if near else ""
        raise BadFaults(f"there is no fault `{name}`; {hint}`list` shows all")
    return FAULTS[name]
