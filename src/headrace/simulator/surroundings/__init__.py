"""What else the platform lists: workflows and their versions, tags, users, data tables, ..."""

from headrace.simulator.surroundings.data_tables import data_table_rows, data_tables
from headrace.simulator.surroundings.licensed import FEATURES as LICENSED
from headrace.simulator.surroundings.licensed import projects, refusal, variables
from headrace.simulator.surroundings.people import users
from headrace.simulator.surroundings.versions import newer_workflows, tags, versions

__all__ = [
    "LICENSED",
    "data_table_rows",
    "data_tables",
    "newer_workflows",
    "projects",
    "refusal",
    "tags",
    "users",
    "variables",
    "versions",
]
