"""The lanes of a worker as a partition of Spark: what is shipped, and what its task does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from pyspark.sql.datasource import InputPartition
from pyspark.sql.types import StructType

from headrace.backfill.lanes import Lane, read_lane
from headrace.core.arrow import pa
from headrace.core.secrets.outlets import told_without_secrets
from headrace.reading.travelling import load_travelled
from headrace.spark.misfits import batches
from headrace.spark.options import ReadOptions
from headrace.spark.schema import arrow_schema


class LanePartition(InputPartition):
    """The lanes of one worker, as JSON: Spark pickles it, and holds it in its plan.

    Args:
        number: Its number, from 0.
        lanes: The lanes.
        workers: How many there are.
    """

    def __init__(self, number: int, lanes: Sequence[Lane], workers: int) -> None:
        super().__init__(number)
        self.workers = workers
        stretches = tuple(stretch for lane in lanes for stretch in lane.stretches)
        self._lane = msgspec.json.encode(Lane(number, stretches))

    @property
    def lane(self) -> Lane:
        """All of its lanes as one."""
        return msgspec.json.decode(self._lane, type=Lane)


def partitions_of(lanes: Sequence[Lane], options: ReadOptions) -> list[LanePartition]:
    """One partition for each worker, at least one; fewer where there are not so many lanes.

    Args:
        lanes: All lanes.
        options: The options.
    """
    count = max(1, min(options.workers, len(lanes), _most_at_once(options)))
    return [LanePartition(number, lanes[number::count], count) for number in range(count)]


def rows_of(
    partition: InputPartition, options: ReadOptions, schema: StructType
) -> Iterator[pa.RecordBatch]:
    """The rows of a partition, in batches of exactly the schema that Spark has.

    Args:
        partition: The partition.
        options: The options.
        schema: The schema.

    Raises:
        HeadraceError: The listing failed.
    """
    assert isinstance(partition, LanePartition)
    with (
        told_without_secrets(),
        read_lane(
            options.config,
            options.resource,
            partition.lane,
            schema=arrow_schema(schema),
            workers=partition.workers,
            secrets=options.secrets,
            at_once=None,
        ) as reader,
    ):
        yield from batches(reader, options.on_misfit, reader.resource)


def _most_at_once(options: ReadOptions) -> int:
    """How many processes may share the rate limit: each needs a request of it."""
    limit = load_travelled(options.config, options.secrets).client.rate_limit
    return options.workers if limit is None else limit.requests
