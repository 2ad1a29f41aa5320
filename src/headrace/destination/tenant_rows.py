"""Reads the tenants of a config from a table of its destination."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt

from headrace.config.files.tenants import TenantQuery, tenant_query, with_rows_as_tenants
from headrace.config.loading import load_config
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.redaction import clean
from headrace.destination.pipeline import open_pipeline_to_read

_CANNOT = "cannot be read from the destination: {error}"


def with_stored_tenants(
    document: dict[str, Any], config: str, destination: str | None, dataset: str | None
) -> dict[str, Any]:
    """The config with the tenants in it that stand in its destination, where they do.

    Args:
        document: The config as written.
        config: The path of its file, or the name of a connector.
        destination: Where it is loaded to; what it says itself when None.
        dataset: The dataset that it is loaded into; what it says itself when None.

    Raises:
        ConfigError: The table cannot be read, or it has what no tenant can have.
    """
    wanted = tenant_query(document)
    if wanted is None:
        return document
    place = load_config(document, needed="destination")
    with open_pipeline_to_read(place, Path(config).stem, destination, dataset) as pipeline:
        return with_rows_as_tenants(document, _rows(pipeline, wanted))


def _rows(pipeline: dlt.Pipeline, wanted: TenantQuery) -> list[dict[str, Any]]:
    try:
        with pipeline.sql_client() as client:
            text = wanted.text
            if wanted.key == "table":
                dataset, _, table = text.rpartition(".")
                with client.with_alternative_dataset_name(dataset or client.dataset_name):
                    text = f"SELECT * FROM {client.make_qualified_table_name(table)}"
            with client.execute_query(text) as found:
                names = [str(each[0]).lower() for each in found.description]
                return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    except Exception as error:
        # Each driver has errors of its own.
        told = _CANNOT.format(error=clean(" ".join(str(error).split())))
        raise ConfigError([Fault(f"tenants.{wanted.key}", told)]) from None
