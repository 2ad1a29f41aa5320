"""Views over executions: how each ended, daily figures of each workflow, and what failed."""

from headrace.destination.views.creating import (
    DAILY,
    FAILURES,
    OUTCOMES,
    CreatedViews,
    create_views,
    release_tables,
)
from headrace.destination.views.failures import node_runs_sql
from headrace.destination.views.outcomes import endings_sql, outcomes_sql, workflows_sql

__all__ = [
    "DAILY",
    "FAILURES",
    "OUTCOMES",
    "CreatedViews",
    "create_views",
    "endings_sql",
    "node_runs_sql",
    "outcomes_sql",
    "release_tables",
    "workflows_sql",
]
