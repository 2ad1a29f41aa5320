"""Small listings of one resource, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace.core.exceptions import HeadraceError
from tests.support.command_line import headrace as command
from tests.support.servers import Answer, Asked, JsonServer

Handler = Callable[[Asked], Answer]


def config(server: JsonServer, paginator: Any = None, **endpoint: Any) -> Any:
    paged = {} if paginator is None else {"paginator": paginator}
    return {
        "client": {"base_url": server.base_url, "retry": {"max_attempts": 1}},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"path": "items", **paged, **endpoint},
            }
        ],
    }


def ids(document: Any) -> list[int]:
    return [row["id"] for row in headrace.rest_api_source(document).resources["items"]]


def refused(document: Any) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- dlt wraps it
        ids(document)
    cause: BaseException | None = caught.value
    while cause is not None and not isinstance(cause, HeadraceError):
        cause = cause.__cause__
    assert cause is not None, caught.value
    return str(cause)


def rows(numbers: Sequence[int]) -> list[Any]:
    return [{"id": number} for number in numbers]


def by_offset(count: int, most: int = 100, **told: Any) -> Handler:
    """Serves so many rows by offset and limit, at most so many a page."""

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query.get("offset", 0))
        size = min(int(asked.query.get("limit", 20)), most)
        found = rows(range(count)[offset : offset + size])
        return Answer({"items": found, **told})

    return answer


@dataclass(frozen=True)
class Told:
    """What a command said, on one line."""

    returncode: int
    text: str


def run(document: Any, server: JsonServer, name: str = "run") -> Told:
    path = Path(f"{name}.json")
    path.write_text(json.dumps(document))
    ran = command(name, str(path))
    return Told(ran.returncode, " ".join((ran.stdout + ran.stderr).split()))
