"""Servers of which rows take more than a listing: batches of ids, and exports that take a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.servers import Answer, Asked

from .style import Rows, Style, row


class Batches(Style):
    name = "batches"
    first = (
        "GET /v1/users",
        "GET /v1/users?after=3",
        "GET /v1/scores?ids=" + "%2C".join(map(str, range(1, 6))),
    )
    second = (
        "GET /v1/users",
        "GET /v1/users?after=3",
        "GET /v1/scores?ids=" + "%2C".join(map(str, range(1, 7))),
    )

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.users = [row(number) for number in range(1, 6)]
        self.factor = 1

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1/users":
            at = int(asked.query.get("after", 0))
            following = str(at + 3) if at + 3 < len(self.users) else None
            return Answer({"data": self.users[at : at + 3], "next": following})
        found = [self._score(int(number)) for number in asked.query["ids"].split(",")]
        return Answer({"data": found})

    def _score(self, user: int) -> dict[str, Any]:
        return {"id": user * 10, "user_id": user, "score": user * self.factor}

    def change(self) -> None:
        self.users.append(row(6))
        self.factor = 2

    def truth(self) -> Mapping[str, Rows]:
        scores = [{**self._score(each["id"]), "_users_name": each["name"]} for each in self.users]
        return {"users": self.users, "scores": scores}


class ExportJob(Style):
    name = "export-job"
    first = (
        'POST /v1/exports {"type": "orders"}',
        "GET /v1/exports/job#",
        "GET /v1/exports/job#",
        "GET /v1/exports/job#",
        "GET /v1/exports/job#/download",
    )
    second = first

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.rows = [row(number) for number in range(1, 5)]
        self.asked_for: list[int] = []

    def answer(self, asked: Asked) -> Answer:
        if asked.method == "POST":
            self.asked_for.append(0)
            return Answer({"id": f"job{len(self.asked_for)}", "status": "queued"}, 201)
        if asked.path.endswith("/download"):
            return Answer({"rows": self.rows})
        number = int(asked.path.rpartition("job")[2]) - 1
        self.asked_for[number] += 1
        status = {1: "queued", 2: "running"}.get(self.asked_for[number], "finished")
        url = f"{asked.path.removeprefix('/v1')}/download"
        job = {"id": f"job{number + 1}", "status": status, "download_url": url}
        # Asked again at once, or the test would wait.
        return Answer(job, headers={"Retry-After": "0"})

    def change(self) -> None:
        self.rows.append(row(5))

    def truth(self) -> Mapping[str, Rows]:
        return {"orders": self.rows}
