"""What the servers of the recipes have in common: rows that change between two syncs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tests.support.servers import Answer, Asked, JsonServer

Rows = Sequence[Mapping[str, Any]]


class Style(ABC):
    """A server of one style of API.

    Attributes:
        name: The name of the recipe.
        settings: The names of the secrets that its config asks for; each is `hush`.
        first: The requests of a first sync.
        second: The requests of a sync after `change`.
    """

    name: ClassVar[str]
    settings: ClassVar[Sequence[str]] = ("API_TOKEN",)
    first: Sequence[str]
    second: Sequence[str]

    def __init__(self, server: JsonServer) -> None:
        self.base_url = server.base_url
        server.handler = self._answer

    @abstractmethod
    def answer(self, asked: Asked) -> Answer:
        """The answer of a server that has accepted the credentials."""

    @abstractmethod
    def change(self) -> None:
        """Adds a row and changes one, between two syncs."""

    @abstractmethod
    def truth(self) -> Mapping[str, Rows]:
        """The rows as they stand, by table."""

    def accepts(self, asked: Asked) -> bool:
        """Whether a request has the credentials."""
        return asked.headers.get("Authorization") == "Bearer hush"

    def _answer(self, asked: Asked) -> Answer:
        return self.answer(asked) if self.accepts(asked) else Answer({"message": "no"}, 401)


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"n{number}", **more}


def dated(number: int, day: int) -> dict[str, Any]:
    """A row that was changed on a day of January."""
    return row(number, updated_at=f"2024-01-{day:02}T00:00:00Z")
