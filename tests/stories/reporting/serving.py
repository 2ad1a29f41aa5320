"""A report that is served beside a test."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import dlt

from headrace import ServedPage, serve_report

LONGEST = 60.0


@dataclass
class Served:
    """A report that is served in a thread of this process."""

    address: str = ""
    pages: list[ServedPage] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    has_more: threading.Condition = field(default_factory=threading.Condition)

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.address).port or 0

    @property
    def path(self) -> str:
        """The path of the page, with its token."""
        return urlsplit(self.address).path

    def note(self, kept: list[Any], value: Any) -> None:
        """Keeps what the server has told."""
        with self.has_more:
            kept.append(value)
            self.has_more.notify_all()

    def wait_for(self, *, pages: int = 0, failures: int = 0) -> None:
        """Waits until so many were told."""
        with self.has_more:
            assert self.has_more.wait_for(
                lambda: len(self.pages) >= pages and len(self.failures) >= failures, LONGEST
            )

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str | None] | None = None
    ) -> tuple[int, Mapping[str, str], str]:
        """Asks as a program on this machine may; a header that is None is not sent."""
        sent = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), text


@contextmanager
def served(pipeline: dlt.Pipeline, **options: Any) -> Iterator[Served]:
    """Serves the report of a pipeline, and looks often."""
    found, stop = Served(), threading.Event()

    def ready(address: str) -> None:
        with found.has_more:
            found.address = address
            found.has_more.notify_all()

    thread = threading.Thread(
        target=lambda: serve_report(
            pipeline,
            on_ready=ready,
            every=0.05,
            stop=stop,
            on_page=lambda page: found.note(found.pages, page),
            on_failure=lambda error: found.note(found.failures, error),
            **options,
        )
    )
    thread.start()
    try:
        with found.has_more:
            assert found.has_more.wait_for(lambda: bool(found.address), LONGEST)
        yield found
    finally:
        stop.set()
        thread.join(LONGEST)
        assert not thread.is_alive()
