"""What the stored datasets of earlier versions were loaded from, and the config that did it."""

from __future__ import annotations

from typing import Any

from tests.stories.keeping_up.kept_listing import KeptListing
from tests.support.tables import Row

DATASET = "mirror_data"
ALL = ("executions", "changes", "groups", "parts", "windows", "tokens")

# Not shown by the listing, which passes over them: one is running, of the others nothing is there.
HIDDEN, NEVER = 27, (21, 22)
GONE, QUARANTINED, RETRIED = 26, 24, 20


def execution(number: int, **fields: Any) -> Row:
    """A row of the listing that is kept up with; every third one has a list."""
    row = {"id": number, "status": "success", "retry_of": None, "size": 10 * number, **fields}
    return {**row, "tags": [f"tag {number}"]} if number % 3 == 0 else row


def change(number: int) -> Row:
    """A row that an incremental of dlt's asks for by the time of its change."""
    return {"id": number, "changed": f"2026-01-{number:02}T00:00:00Z"}


class World(KeptListing):
    """An API whose rows resources mirror: one keeps up, two have incrementals of dlt's."""

    def __init__(self) -> None:
        super().__init__(page=10)
        numbers = [number for number in range(1, 31) if number not in NEVER]
        self.put(*(execution(number) for number in numbers))
        self.change(HIDDEN, status="running")
        self.change(GONE, status="running")
        self.change(QUARANTINED, size="many")
        self.change(30, status="running", retry_of=RETRIED)
        self.hidden.add(HIDDEN)
        self.show_changes(range(1, 4))

    def show_changes(self, numbers: range) -> None:
        """Shows these rows to those who ask for changes, or for the parts of a group."""
        rows = [change(number) for number in numbers]
        self.also_answer("/groups", [{"id": 1}, {"id": 2}])
        for path in ("/changes", "/groups/1/parts", "/groups/2/parts"):
            self.also_answer(path, rows)
        self.also_answer("/tokens", {"items": rows, "token": "a-token"})

    def config_of(
        self, resources: tuple[str, ...], *, keeps_up: bool = True, marks: bool = True
    ) -> dict[str, Any]:
        """The config of some of the resources.

        Args:
            resources: Their names.
            keeps_up: Whether the listing of executions is kept up with, or listed whole.
            marks: Whether rows that are gone are marked.
        """
        config = self.config(
            settled_when="status == 'success'",
            refresh_path="/executions/{id}",
            touches=["retry_of"],
            late_rows="probe",
        )
        config["pipeline"]["name"] = "mirror"
        (executions,) = config["resources"]
        executions["columns"] = {"size": {"data_type": "bigint"}}
        if not keeps_up:
            del executions["endpoint"]["incremental"]
        cursor = {"cursor_path": "changed", "initial_value": "2026-01-01T00:00:00Z"}
        whole = {"paginator": "single_page", "data_selector": "$"}
        changes = {
            "name": "changes",
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {**whole, "path": "/changes", "incremental": cursor},
        }
        groups = {
            "name": "groups",
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {**whole, "path": "/groups"},
        }
        parts = {
            "name": "parts",
            "primary_key": ["_groups_id", "id"],
            "write_disposition": "merge",
            "include_from_parent": ["id"],
            "endpoint": {
                **whole,
                "path": "/groups/{resources.groups.id}/parts",
                "incremental": {**cursor, "per_parent": True},
            },
        }
        for each in (executions, groups) if marks and keeps_up else ():
            each["missing_rows"] = "mark"
        ends = {"start_param": "from", "end_param": "to", "range_end": "open", "step": "52w"}
        windows = {
            "name": "windows",
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {**whole, "path": "/changes", "incremental": {**cursor, **ends}},
        }
        token = {"token_path": "token", "start_param": "since"}
        tokens = {
            "name": "tokens",
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {
                "paginator": "single_page",
                "data_selector": "items",
                "path": "/tokens",
                "incremental": token,
            },
        }
        all_of_them = (executions, changes, groups, parts, windows, tokens)
        config["resources"] = [each for each in all_of_them if each["name"] in resources]
        return config
