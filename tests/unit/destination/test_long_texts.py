"""A text of any length has a column in MySQL and MariaDB."""

from __future__ import annotations

from typing import Any

import dlt
from dlt.destinations.impl.sqlalchemy.type_mapper import MysqlVariantTypeMapper
from sqlalchemy.dialects import mysql

from headrace.destination.long_texts import make_room_for_long_texts


def pipeline_to(destination: Any) -> dlt.Pipeline:
    return dlt.pipeline("shop", destination=destination, dataset_name="shop_data")


def type_of_texts(pipeline: dlt.Pipeline, **column: Any) -> str:
    assert pipeline.destination is not None
    dialect: Any = mysql.dialect()
    mapper = pipeline.destination.capabilities().get_type_mapper(dialect)
    text: Any = {"name": "note", "data_type": "text", **column}
    table: Any = {"name": "items", "columns": {}}
    return str(mapper.to_destination_type(text, table))


def test_texts_are_long_in_mysql() -> None:
    pipeline = pipeline_to(dlt.destinations.sqlalchemy("mysql+pymysql://me:pw@127.0.0.1/shop"))
    assert type_of_texts(pipeline) == "TEXT"
    make_room_for_long_texts(pipeline)

    assert type_of_texts(pipeline) == "LONGTEXT"
    assert type_of_texts(pipeline, precision=20) == "VARCHAR(20)"
    assert type_of_texts(pipeline, unique=True) == "VARCHAR(128)"


def test_types_that_the_user_maps_are_left_alone() -> None:
    url, mapped = "mysql+pymysql://me:pw@127.0.0.1/shop", MysqlVariantTypeMapper
    pipeline = pipeline_to(dlt.destinations.sqlalchemy(url, type_mapper=mapped))
    make_room_for_long_texts(pipeline)

    assert type_of_texts(pipeline) == "TEXT"


def test_other_databases_are_left_alone() -> None:
    pipeline = pipeline_to(dlt.destinations.sqlalchemy("sqlite:///shop.db"))
    make_room_for_long_texts(pipeline)

    assert type_of_texts(pipeline) == "TEXT"
