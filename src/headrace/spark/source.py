"""A REST API as a data source of Spark: read once, in as many partitions as there are workers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    DataSourceStreamReader,
    InputPartition,
)
from pyspark.sql.types import StructType

from headrace.backfill.lanes import parted_resource, plan_lanes
from headrace.backfill.narrowing import within_bounds
from headrace.core.arrow import pa
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.outlets import told_without_secrets
from headrace.dlt_source.plain_reading import read_resource
from headrace.reading.stretches.stretch import (
    KeyStretch,
    PageStretch,
    ParentStretch,
    Stretch,
    ValueStretch,
    WindowStretch,
)
from headrace.reading.travelling import load_travelled
from headrace.spark.filters import OfferedFilters
from headrace.spark.misfits import refuse_without_column
from headrace.spark.options import ReadOptions
from headrace.spark.partitions import partitions_of, rows_of
from headrace.spark.schema import refuse_unreadable, spark_schema
from headrace.spark.streaming import RestStreamReader

# To plan these, the API was asked.
_ASKED_FOR = (KeyStretch, PageStretch, ParentStretch)
_LAG = "is for `spark.readStream`: a batch has all that there is"
_MOVING = {WindowStretch: "windows of time", ValueStretch: "values of a parameter"}
_REFUSED = (
    "the listing is read by {parts}: a row that goes from one to another when it changes may be "
    "missing, or there twice, and Spark has nothing that catches up behind all partitions. "
    "`headrace.backfill` has that. Where rows keep their place, as by `created_at`, say so "
    "with the value `true`"
)
_LOGGER = logging.getLogger(__name__)


class RestSource(DataSource):
    """The rows of one resource of a REST API.

    Args:
        options: What Spark was given with `.option(...)`; its names are in any case.

    Raises:
        ConfigError: Options are wrong, unknown or missing.

    Example:
        >>> spark.dataSource.register(headrace.spark.RestSource)
        >>> rows = (
        ...     spark.read.format("headrace")
        ...     .option("config", Path("shop.yml").read_text())
        ...     .option("resource", "orders")
        ...     .option("workers", 16)
        ...     .load()
        ... )
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(dict(options))
        self._given = ReadOptions.of(options)

    @classmethod
    def name(cls) -> str:
        """The word for `spark.read.format`."""
        return "headrace"

    def schema(self) -> StructType:
        """The schema of the rows, for which the first page is asked for.

        Raises:
            HeadraceError: The config cannot be used, or the API does not answer.
        """
        given = self._given
        with told_without_secrets():
            config = load_travelled(given.config, given.secrets)
            resource = parted_resource(config, given.resource).name
            with read_resource(config, resource, batch_rows=1) as reader:
                return spark_schema(reader.schema)

    def reader(self, schema: StructType) -> DataSourceReader:
        """What reads the rows once.

        Args:
            schema: The schema, of the source or of the user.

        Raises:
            ConfigError: The user's schema has types that no row of JSON fills.
        """
        refuse_unreadable(schema)
        refuse_without_column(self._given.on_misfit, schema.fieldNames())
        if self._given.lag is not None:
            raise ConfigError([Fault("option `lag`", _LAG)])
        return RestReader(self._given, schema)

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:  # noqa: N802
        """What reads the rows that have come since, batch by batch.

        Args:
            schema: The schema, of the source or of the user.

        Raises:
            ConfigError: The user's schema has types that no row of JSON fills.
        """
        refuse_unreadable(schema)
        refuse_without_column(self._given.on_misfit, schema.fieldNames())
        return RestStreamReader(self._given, schema)


class RestReader(DataSourceReader):
    """Reads a resource in as many partitions as there are workers.

    Args:
        options: The options.
        schema: The schema of all batches.
    """

    def __init__(self, options: ReadOptions, schema: StructType) -> None:
        self._options = options
        self._schema = schema
        self.pushFilters = OfferedFilters()

    def partitions(self) -> Sequence[InputPartition]:
        """One partition for each worker; fewer where there are not so many lanes.

        Raises:
            HeadraceError: The config cannot be used, or the API refuses who asks.
        """
        given = self._options
        with told_without_secrets():
            lanes, notes = plan_lanes(
                given.config, given.resource, lanes=given.lanes, secrets=given.secrets
            )
            lanes = within_bounds(
                given.config, given.resource, lanes, self.pushFilters.bounds, given.secrets
            )
            stretches = [each for lane in lanes for each in lane.stretches]
            if not given.rows_stay:
                _refuse_moving(stretches)
            if not any(isinstance(each, _ASKED_FOR) for each in stretches):
                # An error cannot be marked as final: a task that is refused asks four times over,
                # and so does each other one.
                self._ask_once()
        for note in notes:
            _LOGGER.warning(note)
        return partitions_of(lanes, given)

    def _ask_once(self) -> None:
        given = self._options
        with read_resource(
            load_travelled(given.config, given.secrets), given.resource, batch_rows=1
        ) as reader:
            next(iter(reader), None)

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """The rows of a partition.

        Args:
            partition: One of the partitions.

        Raises:
            HeadraceError: The listing failed.
        """
        return rows_of(partition, self._options, self._schema)


def _refuse_moving(stretches: Sequence[Stretch]) -> None:
    """Refuses parts between which a row may go while they are read.

    Raises:
        ConfigError: There are such parts.
    """
    told = next((_MOVING[type(each)] for each in stretches if type(each) in _MOVING), None)
    if told is not None:
        raise ConfigError([Fault("option `rows_stay`", _REFUSED.format(parts=told))])
