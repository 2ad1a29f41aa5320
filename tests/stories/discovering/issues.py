"""An API of issues, which can be asked for what has changed, and has comments of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.servers import Answer, Asked

_BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
_SIZE = 40


def at(minutes: int) -> str:
    """A time so many minutes after the first issue was made."""
    return (_BEGIN + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class IssuesApi:
    """The issues, by their numbers; a number in three changed later than it was made.

    Args:
        base_url: Where it is served.
        count: How many there are.
    """

    base_url: str
    count: int = 90
    issues: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.issues = [
            {
                "id": 7000 + 3 * number,
                "number": number,
                "title": f"issue {number}",
                "created_at": at(number),
                "updated_at": at(number + (500 if number % 3 == 0 else 0)),
                "comments_url": f"{self.base_url}/issues/{number}/comments",
            }
            for number in range(1, self.count + 1)
        ]

    def answer(self, asked: Asked) -> Answer:
        """Answers as the API does."""
        parts = asked.path.strip("/").split("/")
        if parts == ["issues"]:
            return self._listed(asked)
        if len(parts) == 3 and parts[2] == "comments":
            return Answer([{"id": int(parts[1]) * 10, "text": "a comment"}])
        if len(parts) == 2 and parts[1].isdigit():
            return Answer(self.issues[int(parts[1]) - 1])
        return Answer({"message": "not found"}, 404)

    def _listed(self, asked: Asked) -> Answer:
        since = asked.query.get("since", "")
        found = [each for each in self.issues if each["updated_at"] >= since]
        size = min(int(asked.query.get("per_page", 20)), _SIZE)
        page = int(asked.query.get("page", 1))
        rows = found[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(found):
            following = f"{self.base_url}/issues?page={page + 1}&per_page={size}"
            following += f"&since={since}" if since else ""
            headers["Link"] = f'<{following}>; rel="next"'
        return Answer(rows, headers=headers)
