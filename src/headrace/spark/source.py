"""A REST API as a data source of Spark: read once, in as many partitions as there are workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.types import StructType

from headrace.core.arrow import pa
from headrace.core.secrets.outlets import clean_logs
from headrace.core.secrets.redaction import clean_error
from headrace.dlt_source.plain_reading import read_resource
from headrace.reading.reader import Reader
from headrace.reading.travelling import load_travelled
from headrace.spark.options import ReadOptions
from headrace.spark.schema import arrow_schema, as_declared, spark_schema

_BATCH_ROWS = 25_000


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
        with _told_without_secrets(), _reader(self._given, batch_rows=1) as reader:
            return spark_schema(reader.schema)

    def reader(self, schema: StructType) -> DataSourceReader:
        """What reads the rows once.

        Args:
            schema: The schema, of the source or of the user.
        """
        return RestReader(self._given, schema)


class RestReader(DataSourceReader):
    """Reads a resource in as many partitions as there are workers.

    Args:
        options: The options.
        schema: The schema of all batches.
    """

    def __init__(self, options: ReadOptions, schema: StructType) -> None:
        self._options = options
        self._schema = schema

    def partitions(self) -> Sequence[InputPartition]:
        """One partition for each worker.

        Raises:
            HeadraceError: The config cannot be used, or the API refuses who asks.
        """
        return [InputPartition(0)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """The rows of a partition.

        Args:
            partition: One of the partitions.

        Raises:
            HeadraceError: The listing failed.
        """
        schema = arrow_schema(self._schema)
        with _told_without_secrets(), _reader(self._options) as reader:
            for batch in reader:
                yield as_declared(batch, schema)


def _reader(options: ReadOptions, batch_rows: int = _BATCH_ROWS) -> Reader:
    return read_resource(
        load_travelled(options.config, options.secrets), options.resource, batch_rows=batch_rows
    )


@contextmanager
def _told_without_secrets() -> Iterator[None]:
    """Masks secrets in what is logged and raised: Spark shows both as they are."""
    clean_logs()
    try:
        yield
    except Exception as error:
        clean_error(error)
        raise
