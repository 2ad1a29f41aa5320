"""Columns for texts of any length in MySQL and MariaDB.

By dlt 1.31 a text is a `TEXT` there, which holds 65,535 bytes, and `precision` makes it shorter
only. A row with a longer text is refused with its whole load, and has no room in quarantine either.
At an upgrade of dlt the tests of long texts fail where that is no longer true.
"""

from __future__ import annotations

from typing import Any

import dlt

from headrace.destination.dlt_clients import destination_kind


def make_room_for_long_texts(pipeline: dlt.Pipeline) -> None:
    """Has the columns that a pipeline makes from now on hold texts of up to 4 GiB.

    Args:
        pipeline: The pipeline. Other databases than MySQL and MariaDB are left alone, as is one
            whose types the user maps.
    """
    destination = pipeline.destination
    if destination is None or destination_kind(pipeline) != "sqlalchemy":
        return
    if destination.capabilities().sqlglot_dialect == "mysql":
        destination.caps_params.setdefault("type_mapper", _long_text_mapper())


def _long_text_mapper() -> type:
    # SQLAlchemy takes a while to import, and few need it.
    from dlt.destinations.impl.sqlalchemy.type_mapper import MysqlVariantTypeMapper
    from sqlalchemy import Text
    from sqlalchemy.dialects.mysql import LONGTEXT

    class LongTextMapper(MysqlVariantTypeMapper):
        def db_type_from_text_type(self, column: Any, table: Any) -> Any:
            found = super().db_type_from_text_type(column, table)
            return LONGTEXT() if type(found) is Text else found

    return LongTextMapper
