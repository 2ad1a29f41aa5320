"""A stream of Spark: what lies between the end of the last batch and the present."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pyspark.sql.datasource import DataSourceStreamReader, InputPartition
from pyspark.sql.types import StructType

from headrace.backfill.following import lanes_between, places_to_follow
from headrace.core.arrow import pa
from headrace.core.secrets.outlets import told_without_secrets
from headrace.spark.options import ReadOptions
from headrace.spark.partitions import partitions_of, rows_of

_PLACE = "place"
_LAG_SECONDS = 60.0


class RestStreamReader(DataSourceStreamReader):
    """Reads a resource range by range: each offset is a place on the scale of its incremental.

    Of a listing that is kept up with it is a key, and a row is read once, as it stands then.

    The bounds of a batch are planned before it is read, and Spark keeps them in its checkpoint: a
    batch that is read again has the same ones.

    Args:
        options: The options.
        schema: The schema of all batches.
    """

    def __init__(self, options: ReadOptions, schema: StructType) -> None:
        self._options = options
        self._schema = schema

    def initialOffset(self) -> dict[str, int]:  # noqa: N802
        """Where the range begins: `initial_value`, or below all keys.

        Raises:
            ConfigError: The resource cannot be asked for a range.
        """
        return {_PLACE: self._places()[0]}

    def latestOffset(self, start: dict[str, int], limit: Any) -> dict[str, int]:  # noqa: N802
        """How far the range goes by now.

        Args:
            start: Where the last batch ended.
            limit: Spark's own limit, of which a range knows nothing.
        """
        return {_PLACE: max(start[_PLACE], self._places()[1])}

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> Sequence[InputPartition]:
        """One partition for each worker; fewer where there are not so many lanes.

        Args:
            start: Where the batch begins.
            end: Where it ends.
        """
        given = self._options
        with told_without_secrets():
            low, high = start[_PLACE], end[_PLACE]
            lanes = lanes_between(
                given.config, given.resource, low, high, given.lanes, given.secrets
            )
            return partitions_of(lanes, given) if lanes else []

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """The rows of a partition.

        Args:
            partition: One of the partitions.

        Raises:
            HeadraceError: The listing failed.
        """
        return rows_of(partition, self._options, self._schema)

    def _places(self) -> tuple[int, int]:
        given = self._options
        lag = _LAG_SECONDS if given.lag is None else given.lag
        with told_without_secrets():
            return places_to_follow(given.config, given.resource, lag, given.secrets)
