"""Plans the stretches of a listing that is kept up with: a handful of requests, and no row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import ConfigError, PageError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.client import Client
from headrace.reading.keep_up.asking import SinglesPolicy, TailRequests
from headrace.reading.keep_up.lane import of_resource
from headrace.reading.keep_up.row_facts import TailRowReader
from headrace.reading.listing import Listing
from headrace.reading.stretches.stretch import KeyStretch, SeenTop
from headrace.sansio.tail import Ledger, ListAsk, ListedPage
from headrace.sansio.tail.bounds import Floor
from headrace.sansio.tail.fitness import refuse_disorder, refuse_unfit_kind, shown
from headrace.sansio.tail.key_starts import KeyStarts
from headrace.sansio.tail.key_texts import is_like
from headrace.sansio.tail.keys import Key, KeyKind, instant_of, kind_of, read_key, read_keys
from headrace.sansio.tail.settings import RECENT_ROWS, KeyLaneSettings
from headrace.sansio.tail.surveying import Cell, Sighting, edges_of, survey


class OneStretchError(Exception):
    """No place far down in the listing can be asked for; the text says why.

    Args:
        why: The text.
        has_too_few: Whether that is since the listing has hardly any row.
    """

    def __init__(self, why: str, *, has_too_few: bool = False) -> None:
        super().__init__(why)
        self.has_too_few = has_too_few


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """The stretches of a listing, and what is to be said of them.

    Args:
        stretches: The stretches, newest first; each key belongs to one of them.
        notes: Sentences for whoever plans, as why there is only one.
    """

    stretches: list[KeyStretch]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class SeenPage:
    """The first page of the listing.

    Args:
        page: What came.
        keys: Its keys, newest first.
        seen: What is to be known of it later.
        starts: Makes requests that begin below a key.
    """

    page: ListedPage
    keys: Sequence[Key]
    seen: SeenTop
    starts: KeyStarts


async def plan_key_stretches(
    listing: Listing,
    tail: TailConfig,
    client: Client,
    figures: ResourceFigures,
    wanted: int,
    clock: Callable[[], float],
) -> KeyPlan:
    """Parts a listing into stretches that hold about the same number of rows.

    It takes a handful of requests: the first page, proof that a place far down can be asked for as
    the config says, and what tells where the listing ends and how densely rows lie. Where no such
    place can be asked for, there is one stretch, and a note says why.

    Args:
        listing: How the resource is listed.
        tail: How the listing is kept up with.
        client: The client to ask with.
        figures: Where to count.
        wanted: How many stretches are wanted; a short listing has fewer.
        clock: Gives the time in seconds since 1970.

    Raises:
        ConfigError: The config does not suit the listing.
        RequestError: A request got no usable answer.
        PageError: An answer is not what the config describes.
    """
    lanes = tail.settings.lanes
    if wanted < 2:
        return KeyPlan([KeyStretch()], [])
    try:
        if tail.settings.keys_move:
            raise OneStretchError(
                "a row that changes is listed again at the top, under another key"
            )
        if lanes is None:
            raise OneStretchError(
                "no `endpoint.lanes` with `by: key` says how a place far down in it is asked for"
            )
        if lanes.why_not is not None:
            raise OneStretchError(lanes.why_not)
        planner = KeyPlanner(listing, tail, lanes, client, figures, clock)
        return await planner.plan(wanted)
    except (PageError, ConfigError) as error:
        raise of_resource(listing.name, error) from None
    except OneStretchError as why:
        return KeyPlan([KeyStretch()], [f"{why}, so the listing is one stretch."])


class KeyPlanner:
    """Asks what has to be known of a listing to part it.

    Args:
        listing: How the resource is listed.
        tail: How the listing is kept up with.
        lanes: How a place far down in it is asked for.
        client: The client to ask with.
        figures: Where to count.
        clock: Gives the time in seconds since 1970.
    """

    def __init__(
        self,
        listing: Listing,
        tail: TailConfig,
        lanes: KeyLaneSettings,
        client: Client,
        figures: ResourceFigures,
        clock: Callable[[], float],
    ) -> None:
        self._name = listing.name
        self._tail = tail
        self._lanes = lanes
        self._clock = clock
        self._reader = TailRowReader(listing.name, tail, ())
        self._requests = TailRequests(
            listing.open(client, figures),
            tail,
            self._reader,
            Ledger,
            clock,
            SinglesPolicy(),
            goes_to_end=False,
        )

    async def plan(self, wanted: int) -> KeyPlan:
        """Plans the stretches.

        Args:
            wanted: How many are wanted, 2 or more.

        Raises:
            OneStretchError: There can only be one.
        """
        top = await self.top()
        await self.prove(top)
        cells = await self.survey(top, wanted)
        rows = sum(cell.rows for cell in cells)
        most = max(int(rows // self._lanes.least_rows), 1)
        if most < 2:
            raise OneStretchError(f"it has about {int(rows):,} rows")
        notes = []
        if most < wanted:
            notes.append(
                f"the listing has about {int(rows):,} rows, which are {most} stretches of "
                f"{self._lanes.least_rows:,} rows or more, and not {wanted}."
            )
        return KeyPlan(stretches_of(top, cells, min(most, wanted)), notes)

    async def top(self, *, may_be_all: bool = False) -> SeenPage:
        """Asks for the first page of the listing.

        Args:
            may_be_all: Whether the listing may have no other page.

        Raises:
            OneStretchError: Its keys do not tell how the rows below one are asked for.
        """
        asked = began = self._clock()
        page = await self._page(ListAsk(None))
        read = self._clock()
        raw = page.rows.keys
        if len(raw) < 2 or (page.cursor is None and not may_be_all):
            raise OneStretchError("the first page has all rows", has_too_few=len(raw) < 2)
        kind = kind_of(raw)
        settings = self._tail.settings
        refuse_unfit_kind(settings, kind)
        Floor(settings, Ledger()).check(kind, page.rows)
        if kind is KeyKind.TEXT or not is_like(raw[-1], kind):
            raise OneStretchError(f"keys like `{shown(raw[-1])}` cannot be made")
        keys = read_keys(raw, kind)
        refuse_disorder(keys, raw, None, strict=True)
        if settings.has_touches and page.rows.last_change is None:
            raise OneStretchError(
                "no field tells when a row changed that names another one (`touches`)"
            )
        if page.rows.instants:
            asked = read = min(max(page.rows.instants), asked)
        names_text = page.cursor is None or page.cursor.startswith('"')
        fields, changed = tuple(sorted(self._reader.known)), page.rows.last_change
        seen = SeenTop(str(raw[0]), str(raw[-1]), asked, read, began, changed, fields, names_text)
        return SeenPage(page, keys, seen, KeyStarts(self._lanes, kind, raw[-1], names_text))

    async def _page(self, ask: ListAsk) -> ListedPage:
        answer = (await self._requests.answer(ask)).answer
        if not isinstance(answer, ListedPage):
            raise OneStretchError(f"the server refuses `endpoint.lanes.{self._way}`")
        return answer

    @property
    def _way(self) -> str:
        return "below_param" if self._lanes.cursor_below is None else "cursor"

    async def prove(self, top: SeenPage) -> None:
        """Sees whether a start that is made is what the API takes for the rows below a key.

        Args:
            top: The first page.

        Raises:
            OneStretchError: It is not.
        """
        starts, keys, cursor = top.starts, top.keys, top.page.cursor
        if not starts.filters and cursor is not None:
            made = starts.cursor_below(keys[-1])
            if made != cursor:
                raise OneStretchError(
                    f"the page that ends with the key `{shown(top.page.rows.keys[-1])}` names the "
                    f"cursor `{self._lanes.readable(cursor or '')}`, and `endpoint.lanes.cursor` "
                    f"makes `{self._lanes.readable(made or '')}`"
                )
            return
        above, expected = keys[-2:]
        found = await self.keys_below(top, above)
        first = next((key for key in found if key < above), None)
        if first != expected:
            told = "nothing" if first is None else f"`{shown(first)}` first"
            raise OneStretchError(
                f"asked for the rows below `{shown(above)}` by {starts.way}, the API shows "
                f"{told}, and the listing shows `{shown(expected)}`"
            )

    async def keys_below(self, top: SeenPage, key: Key) -> list[Key]:
        """The keys of the page that begins below a key.

        Args:
            top: The first page.
            key: The key.
        """
        _, keys = await self.page_below(top, key)
        return keys

    async def page_below(self, top: SeenPage, key: Key) -> tuple[ListedPage, list[Key]]:
        """The page that begins below a key, and its keys.

        Args:
            top: The first page.
            key: The key.
        """
        page = await self._page(top.starts.ask_below(key))
        return page, self._checked(top, key, page)

    def _checked(self, top: SeenPage, key: Key, page: ListedPage) -> list[Key]:
        keys = read_keys(page.rows.keys, top.starts.kind)
        if keys and keys[0] > top.starts.highest(key):
            raise OneStretchError(
                f"the API takes no notice of {top.starts.way}: asked for the rows below "
                f"`{shown(key)}`, it shows `{shown(keys[0])}`"
            )
        return keys

    async def survey(self, top: SeenPage, wanted: int) -> list[Cell]:
        """Finds out how densely rows lie, and where the listing ends.

        Args:
            top: The first page.
            wanted: How many stretches are wanted.
        """
        steps = survey(self._sighting(top.page, list(top.keys)), self._bottom(top), wanted)
        try:
            key = next(steps)
            while True:
                page = await self._page(top.starts.ask_below(key))
                key = steps.send(self._sighting(page, self._checked(top, key, page)))
        except StopIteration as end:
            cells: list[Cell] = end.value
            return cells

    def _bottom(self, top: SeenPage) -> Key | None:
        """No row is wanted below this key, as far as is known."""
        until, kind = self._tail.settings.backfill_until, top.starts.kind
        bound = None if until is None else read_key(until, kind)
        # Ids usually begin at 1.
        return 1 if bound is None and kind is KeyKind.INTEGER else bound

    def _sighting(self, page: ListedPage, keys: list[Key]) -> Sighting:
        """What a page shows of the rows that are wanted."""
        until, count = self._tail.settings.backfill_until, len(keys)
        if until is not None and keys:
            bound = read_key(until, kind_of(page.rows.keys))
            oldest = instant_of(until)
            if bound is not None:
                count = sum(key >= bound for key in keys)
            elif oldest is not None and page.rows.instants is not None:
                count = sum(instant >= oldest for instant in page.rows.instants)
        if not count:
            return Sighting(None, None, 0, has_more=False)
        has_more = page.cursor is not None and count == len(keys)
        return Sighting(keys[0], keys[count - 1], count, has_more)


def stretches_of(top: SeenPage, cells: Sequence[Cell], parts: int) -> list[KeyStretch]:
    """The stretches that a survey has found.

    Args:
        top: The first page.
        cells: What the survey has found.
        parts: How many stretches there are at most.
    """
    starts, edges = top.starts, list[Key]()
    for key in edges_of(cells, parts):
        written = read_key(starts.text(key), starts.kind)
        if written is not None and written < (edges[-1] if edges else top.keys[-1]):
            edges.append(written)
    # What is estimated may be wrong by half.
    near = sum(cell.rows for cell in cells) / max(parts, 1)
    found: list[KeyStretch] = []
    for place, (high, low) in enumerate(zip([None, *edges], [*edges, None], strict=True)):
        recent = RECENT_ROWS if place * near < 2 * RECENT_ROWS else 0
        bounds = [None if key is None else starts.text(key) for key in (high, low)]
        found.append(KeyStretch(high=bounds[0], low=bounds[1], recent=recent, seen=top.seen))
    return found
