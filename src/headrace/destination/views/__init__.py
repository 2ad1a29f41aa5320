"""Views over a table of executions: how each one ended, and daily figures for each workflow."""

from headrace.destination.views.creating import (
    DAILY,
    OUTCOMES,
    CreatedViews,
    create_views,
    release_tables,
)
from headrace.destination.views.outcomes import outcomes_sql

__all__ = [
    "DAILY",
    "OUTCOMES",
    "CreatedViews",
    "create_views",
    "outcomes_sql",
    "release_tables",
]
