"""A document of OpenAPI 3.0, 3.1 or Swagger 2, as far as it tells of listings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.discovery.openapi.listings import LeftOut, ListingOutline, listings_of
from headrace.discovery.openapi.operations import operations_of
from headrace.discovery.openapi.references import References
from headrace.discovery.openapi.scalars import single_value
from headrace.discovery.openapi.schemas import Schemas
from headrace.discovery.openapi.security import Security
from headrace.discovery.openapi.servers import base_url_of
from headrace.discovery.openapi.sources import Source
from headrace.discovery.openapi.texts import document_of, unreadable

_MOST_OPERATIONS = 20_000
_LONGEST_TITLE = 100
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class OpenApiDocument:
    """What a document tells of an API.

    Args:
        source: Where it came from, for messages.
        version: The version of OpenAPI that it is written in.
        title: The name of the API.
        base_url: Where the API is; None where the document does not say.
        listings: Its listings, in the order of the document.
        left_out: The operations that may list something, and cannot be used.
        security: Its security schemes.
    """

    source: str
    version: str
    title: str
    base_url: str | None
    listings: tuple[ListingOutline, ...]
    left_out: tuple[LeftOut, ...]
    security: Security

    @property
    def why_nothing(self) -> str:
        """Why nothing can be chosen, behind the name of the document."""
        if self.listings:
            return "has no listing that needs no value of yours: name those you want"
        told = "describes no listing: no operation whose answer is a list of objects"
        reasons = [f"{each.method} {each.path}: {each.reason}" for each in self.left_out[:_SHOWN]]
        return "; ".join([told, *reasons])


def openapi_document(source: Source) -> OpenApiDocument:
    """Reads a document.

    Args:
        source: Its text, and where it came from.

    Raises:
        ConfigError: It cannot be read, or is none of OpenAPI 3.0, 3.1 or Swagger 2.
    """
    document = document_of(source.body, source.name)
    version = _version(document, source.name)
    references = References(document)
    schemas = Schemas(references)
    operations = []
    for operation in operations_of(document, references):
        operations.append(operation)
        if len(operations) > _MOST_OPERATIONS:
            raise unreadable(source.name, f"has more than {_MOST_OPERATIONS:,} operations")
    found = listings_of(operations, schemas)
    base_url = base_url_of(document, source.url)
    info = document.get("info")
    title = info.get("title") if isinstance(info, Mapping) else None
    return OpenApiDocument(
        source=source.name,
        version=version,
        title=one_line(title, _LONGEST_TITLE) if isinstance(title, str) else "",
        base_url=base_url,
        listings=found.listings,
        left_out=found.left_out,
        security=Security(document, references),
    )


def _version(document: Mapping[str, Any], source: str) -> str:
    told = document.get("openapi", document.get("swagger"))
    version = one_line(str(single_value(told)), 20)
    if told is None:
        raise unreadable(source, "is no OpenAPI document: it has neither `openapi` nor `swagger`")
    if not version.startswith(("3.", "2")):
        raise unreadable(
            source, f"is written in OpenAPI {version}; versions 3.0, 3.1 and 2 (Swagger) are read"
        )
    return version
