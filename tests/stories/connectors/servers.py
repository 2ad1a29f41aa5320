"""What each connector that ships is tried against: its simulator, and its recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from headrace.simulator import Pace, Simulator, World
from headrace.testing import ConnectorServer
from tests.stories.loading.recordings import KEY, NEWER, OLDER, Recording
from tests.support.servers import Answer, Asked, Handler, JsonServer

SIMULATED_KEY = "key-of-the-simulator"
LICENSED = frozenset({"projects", "variables"})
NEWER_ALONE = frozenset({"workflow_history", "data_tables", "data_table_rows"})
# The recordings show what nodes did of some executions alone.
WITHOUT_DETAILS = (
    *("executions", "workflows", "workflow_history", "tags", "users", "data_tables"),
    *("data_table_rows", "projects", "variables"),
)


@dataclass(frozen=True)
class Tried:
    """A server, and the resources that are tried against it; all where none are named."""

    open: Callable[[], AbstractContextManager[ConnectorServer]]
    resources: tuple[str, ...] = ()


@contextmanager
def simulated_newer() -> Iterator[ConnectorServer]:
    """All that there is, with a licence; what nodes did is told by the world itself."""
    world = World(rows=60, pace=Pace.still(), like="2.41")

    def truth(resource: str) -> Iterable[Mapping[str, Any]] | None:
        return list(runs_of_nodes(world)) if resource == "node_runs" else None

    with Simulator(world=world, licensed=True, api_key=SIMULATED_KEY) as running:
        yield ConnectorServer(running.base_url, {"API_KEY": SIMULATED_KEY}, truth=truth)


def runs_of_nodes(world: World) -> Iterator[dict[str, Any]]:
    for listed in world.truth():
        row = world.execution(int(listed["id"]), include_data=True) or {}
        for node, runs in row["data"]["resultData"]["runData"].items():
            for place, run in enumerate(runs):
                error = run.get("error", {})
                yield {
                    "execution_id": int(row["id"]),
                    "workflow_id": row["workflowId"],
                    "node": node,
                    "run": place,
                    "execution_index": run["executionIndex"],
                    "started": run["startTime"] / 1000,
                    "milliseconds": run["executionTime"],
                    "status": run["executionStatus"],
                    "error_name": error.get("name"),
                    "error_message": error.get("message"),
                }


@contextmanager
def simulated_older() -> Iterator[ConnectorServer]:
    """The older release, without a licence."""
    with Simulator(rows=60, api_key=SIMULATED_KEY) as running:
        lacks = LICENSED | NEWER_ALONE
        yield ConnectorServer(running.base_url, {"API_KEY": SIMULATED_KEY}, lacks=lacks)


@contextmanager
def recorded(recording: Recording, lacks: frozenset[str]) -> Iterator[ConnectorServer]:
    """A server that answers as one was recorded, as it was at the end."""
    with JsonServer() as server:
        server.handler = standing_still(recording)
        yield ConnectorServer(
            f"{server.base_url}/api/v1",
            {"API_KEY": KEY},
            overrides=["client.auth.name=X-N8N-API-KEY"],
            lacks=lacks,
        )


def standing_still(recording: Recording) -> Handler:
    """Answers by the last rows that were recorded, in one page; the rest as it was recorded."""
    newest = {int(row["id"]): row for moment in recording.moments for row in recording.rows(moment)}
    rows = [newest[key] for key in sorted(newest, reverse=True)]
    answers = {
        each["request"]["path"]: each["response"]
        for each in recording.exchanges
        if each["request"]["method"] == "GET" and "executions" not in each["request"]["path"]
    }

    def answer(asked: Asked) -> Answer:
        path = asked.path.removeprefix("/api/v1")
        if asked.headers.get("X-N8N-API-KEY") != KEY:
            return Answer(recording.exchange("bad key")["response"]["body"], 401)
        if path == "/executions":
            return Answer({"data": rows, "nextCursor": None})
        if path.startswith("/executions/"):
            row = newest.get(int(path.rpartition("/")[2]))
            return Answer({"message": "Not Found"}, 404) if row is None else Answer(row)
        if path in answers:
            body = answers[path]["body"]
            one_page = {**body, "nextCursor": None} if "data" in body else body
            return Answer(one_page, answers[path]["status"])
        return Answer({"message": "Not Found"}, 404)

    return answer


SERVERS: dict[str, dict[str, Tried]] = {
    "executions": {
        "the simulator of 2.41": Tried(simulated_newer),
        "the simulator of 2.20": Tried(simulated_older),
        "the recording of 2.41": Tried(
            lambda: recorded(NEWER, LICENSED | {"workflow_history", "data_table_rows"}),
            WITHOUT_DETAILS,
        ),
        "the recording of 2.20": Tried(
            lambda: recorded(OLDER, LICENSED | NEWER_ALONE | {"tags", "users"}), WITHOUT_DETAILS
        ),
    },
}
"""By the name of a connector: the servers, by what they are."""
