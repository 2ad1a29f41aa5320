"""What two live servers answered, of one release each, and a server that answers so again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.project import ROOT
from tests.support.servers import Answer, Asked, Handler

DATA = ROOT / "tests" / "support" / "data"
KEY = "n8n_api_0123456789abcdef"
LISTING_PARAMS = {"limit", "cursor"}
LISTED = (
    *("id", "finished", "mode", "retryOf", "retrySuccessId", "status", "startedAt", "stoppedAt"),
    *("workflowId", "waitTill"),
)


@dataclass(frozen=True)
class Recording:
    """One server's answers.

    Args:
        release: The server's release.
        exchanges: Its answers, with what was asked.
        moments: The moments at which it was listed; their labels begin with them.
    """

    release: str
    exchanges: list[dict[str, Any]]
    moments: tuple[str, ...]

    def exchange(self, label: str) -> dict[str, Any]:
        """The first one with a label."""
        return next(each for each in self.exchanges if each["label"] == label)

    def moment(self, name: str) -> list[dict[str, Any]]:
        """What was answered at one moment."""
        return [each for each in self.exchanges if each["label"].startswith(f"{name} ")]

    def page_size(self, name: str) -> int:
        """How many rows a page of a moment has at most."""
        return int(self.moment(name)[0]["request"]["query"]["limit"])

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows that a moment shows: in its listings, or by their own path alone."""
        for each in self.moment(name):
            request, response = each["request"], each["response"]
            query = request["query"]
            is_listing = query.keys() <= LISTING_PARAMS or query.get("status") == "running"
            if request["path"] == "/executions" and is_listing:
                yield from response["body"]["data"]
            elif request["method"] == "GET" and not request["query"] and response["status"] == 200:
                yield {field: response["body"][field] for field in LISTED}


OLDER = Recording(
    "2.20",
    json.loads((DATA / "recorded_executions.json").read_text()),
    ("t0", "t1", "t2", "t3", "t4", "t5"),
)
NEWER = Recording(
    "2.41",
    json.loads((DATA / "recorded_executions_2_41.json").read_text()),
    ("t0", "t1", "t2", "t3", "t4"),
)
RECORDINGS = (OLDER, NEWER)


def replay(
    recording: Recording, exchanges: list[dict[str, Any]], shown: Iterable[dict[str, Any]] = ()
) -> Handler:
    """Answers as the recorded server did; what was not recorded is a 404 in its words.

    A page after which nothing was recorded is the last one. The rows that were shown up to then,
    oldest version first, answer on their own path as well.
    """
    single = {f"/executions/{row['id']}": row for row in shown}

    def asked_for(path: str, query: dict[str, Any]) -> str:
        return json.dumps([path, sorted((name, str(value)) for name, value in query.items())])

    recorded = {
        asked_for(each["request"]["path"], each["request"]["query"]): each["response"]
        for each in exchanges
    }
    cursors = {each["request"]["query"].get("cursor") for each in exchanges}
    unknown = "no such path" if recording is OLDER else "unknown id"

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("X-N8N-API-KEY") != KEY:
            response = recording.exchange("bad key")["response"]
        else:
            path = asked.path.removeprefix("/api/v1")
            response = recorded.get(asked_for(path, dict(asked.query)))
            if response is None and path in single and not asked.query:
                return Answer(single[path], 200, {})
            response = response or recording.exchange(unknown)["response"]
        body, etag = response["body"], response["headers"].get("etag")
        if body.get("nextCursor") not in cursors:
            body = {**body, "nextCursor": None}
        return Answer(body, response["status"], {} if etag is None else {"ETag": etag})

    return answer
