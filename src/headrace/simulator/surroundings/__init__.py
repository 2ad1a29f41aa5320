"""What else release 2.41 lists: workflows, their versions, tags, users, data tables."""

from headrace.simulator.surroundings.data_tables import data_table_rows, data_tables
from headrace.simulator.surroundings.people import users
from headrace.simulator.surroundings.versions import newer_workflows, tags, versions

__all__ = ["data_table_rows", "data_tables", "newer_workflows", "tags", "users", "versions"]
