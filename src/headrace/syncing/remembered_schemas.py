"""Has dlt read its file of a schema again only where that has changed.

`pipeline.schemas[name]` reads the file at each look and makes a schema of it, which it then copies
into the one that it gives: some thirty times in a sync, a tenth of what a small one costs. As long
as a sync holds the lock of its pipeline, nobody else writes the file.

What this rests on, by dlt 1.31: `pipeline.schemas` looks for a file by its `load_schema`, and gives
the schema in its `live_schemas`, into which it copies what it has read unless it is the same
object; a schema says whether it differs from what was stored last; and what is made of the same
file depends on the capabilities in dlt's context alone, by these names. At an upgrade of dlt check
those sentences.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema import Schema

from headrace.core.dlt_door.contexts import context, has_context
from headrace.core.leaps import Leap, is_taken

# The attribute that is covered for as long as a block lasts.
_READ = "load_schema"
_OF_CAPABILITIES = (
    *("naming_convention", "max_identifier_length", "max_column_identifier_length"),
    "max_table_nesting",
)


@contextmanager
def schemas_read_once(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Has the files of a pipeline's schemas read once, for as long as the block lasts.

    Args:
        pipeline: The pipeline; its lock is held by the caller. Where its schemas are imported from
            a folder of the user's, nothing is remembered.
    """
    storage: Any = pipeline.schemas
    imports, covered = storage.config.import_schema_path, _READ in vars(storage)
    if imports or covered or not is_taken(Leap.REMEMBERED_SCHEMAS):
        yield
        return
    vars(storage)[_READ] = _Remembering(storage).read
    try:
        yield
    finally:
        del vars(storage)[_READ]


class _Remembering:
    """Reads schemas, and knows what it has read last.

    Args:
        storage: The schemas of a pipeline.
    """

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self._really_read = storage.load_schema
        self._folder = Path(storage.config.schema_volume_path)
        # By the name of a schema: of what it was made, its hash, and how long names may be in it.
        self._last: dict[str, tuple[Hashable, str, int | None]] = {}

    def read(self, name: str) -> Schema:
        """The schema in a file: the one that dlt has already, where it is the same."""
        live: Schema | None = self._storage.live_schemas.get(name)
        place = (self._file(name), _capabilities())
        last_place, last_hash, longest = self._last.get(name, (None, "", None))
        if live is not None and place == last_place and live.version_hash == last_hash:
            # Clients of destinations change it.
            vars(live.naming)["max_length"] = longest
            return live
        read: Schema = self._really_read(name)
        self._last[name] = (place, read.version_hash, read.naming.max_length)
        return read

    def _file(self, name: str) -> Hashable:
        """What differs when dlt has written the file anew."""
        try:
            stat = (self._folder / f"{name}.schema.json").stat()
        except FileNotFoundError:
            # Never the same as anything.
            return object()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _capabilities() -> Hashable:
    if not has_context(DestinationCapabilitiesContext):
        return None
    known = context(DestinationCapabilitiesContext)
    return tuple(repr(getattr(known, name)) for name in _OF_CAPABILITIES)
