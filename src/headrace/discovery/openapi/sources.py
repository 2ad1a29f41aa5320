"""Where the text of a document comes from: a file, or a URL."""

from __future__ import annotations

import re
from pathlib import Path

from headrace.config import load_config
from headrace.config.selection import listed_resources
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.calls import Call, call_of
from headrace.discovery.discover import run_apart
from headrace.discovery.openapi.texts import MOST_BYTES, unreadable
from headrace.discovery.trials import lookup_of
from headrace.http.client import HttpClient
from headrace.http.url import shown_url
from headrace.reading.build import build_listing
from headrace.reading.client_settings import client_settings

_WEB = re.compile(r"https?://", re.IGNORECASE)


@stays_here
@dataclass(frozen=True, slots=True)
class Source:
    """The text of a document.

    Args:
        name: Where it came from, for messages.
        body: The text.
        url: The URL that it came from; None for a file.
    """

    name: str
    body: bytes
    url: str | None = None


def source_of(place: str, call: Call | None = None) -> Source:
    """Reads the text of a document.

    Args:
        place: The path of a file, or a URL.
        call: The call of that URL, where it has to be said who asks.

    Raises:
        ConfigError: There is no such file, it is too large, or it cannot be read.
        RequestError: The server does not answer, or refuses.
    """
    if _WEB.match(place):
        body = run_apart(_fetched(call or call_of(place)))
        return Source(shown_url(place, ()), body, place)
    path = Path(place)
    problem = "cannot be read"
    try:
        with path.open("rb") as file:
            return Source(str(path), file.read(MOST_BYTES + 1))
    except FileNotFoundError:
        problem = "is no file that is there; name a file, or a URL with https://"
    except IsADirectoryError:
        problem = "is a folder; name a file in it"
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    raise unreadable(str(path), problem)


async def _fetched(call: Call) -> bytes:
    endpoint = {**call.endpoint, "paginator": "single_page"}
    written = {
        "client": {**call.client, "max_response_bytes": MOST_BYTES},
        "resources": [{"name": "document", "endpoint": endpoint}],
    }
    config = load_config(written, lookup=lookup_of(call.secrets))
    listing = build_listing(config, listed_resources(config)[0])
    async with HttpClient(client_settings(config)) as client:
        answer = await client.send(listing.request, listing.credentials)
    return bytes(answer.body)
