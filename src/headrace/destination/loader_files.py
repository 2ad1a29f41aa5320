"""The door to how dlt writes the files of a load.

dlt hands what a destination takes to its own steps, and its Parquet writers take their settings
from there, where the user's configuration does not say otherwise (dlt 1.31). At an upgrade check
that; `tests/stories/loading/test_loader_files.py` fails where it is no longer true.
"""

from __future__ import annotations

import dlt
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.configuration import ParquetFormatConfiguration

# Here dlt itself reads the files again, from the disk of this machine.
_READ_HERE = frozenset({"dlt.destinations.duckdb", "dlt.destinations.postgres"})


def leave_uncompressed(
    pipeline: dlt.Pipeline, capabilities: DestinationCapabilitiesContext
) -> None:
    """Has Parquet files written as they are where they never leave this machine.

    To compress and decompress them takes longer than to write and read them whole.

    Args:
        pipeline: The pipeline that runs.
        capabilities: What its destination takes, as the running step has it.
    """
    destination = pipeline.destination
    if destination is not None and destination.destination_type in _READ_HERE:
        settings = capabilities.parquet_format or ParquetFormatConfiguration()
        settings.compression = "none"
        capabilities.parquet_format = settings
