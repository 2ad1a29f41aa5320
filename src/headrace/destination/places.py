"""Says where the rows of a pipeline are, in words that can be shown."""

from __future__ import annotations

from typing import Any

from headrace.core.secrets.redaction import clean
from headrace.destination.dlt_clients import takes_statements

_SQLITE = "sqlite:///"


def location_of(client: Any) -> str:
    """Where the dataset of a job client is, without passwords.

    Args:
        client: A job client of a destination, not open.

    Returns:
        dlt's own text, but for SQLite the file that dlt keeps the dataset in, beside the one that
        it was given, and the address of the data where the text is a mere Python object's.
    """
    shown = str(client.config)
    if shown.startswith(_SQLITE) and takes_statements(client):
        with client.sql_client as sql:
            files = {name: file for _, name, file in sql.execute_sql("PRAGMA database_list") or ()}
        shown = _SQLITE + (files.get(sql.dataset_name) or shown.removeprefix(_SQLITE))
    elif " object at 0x" in shown:
        shown = str(client.config.data_location())
    return clean(shown)
