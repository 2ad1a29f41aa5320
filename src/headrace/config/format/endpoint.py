"""The keys of `endpoint`: what is asked for, and where in the answer the rows are."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, WithJsonSchema

from headrace.config.format.auth import AnyAuth
from headrace.config.format.batch import AnyBatch
from headrace.config.format.decoders import AnyDecoder
from headrace.config.format.fields import (
    FormatModel,
    HeaderName,
    HeaderValue,
    JsonPath,
    Method,
)
from headrace.config.format.graphql import GraphQLConfig
from headrace.config.format.incremental import IncrementalConfig, IncrementalParam
from headrace.config.format.lanes import AnyLanes
from headrace.config.format.paginators import AnyPaginator
from headrace.config.format.response_actions import AnyResponseAction
from headrace.config.format.rows import RowsConfig
from headrace.config.format.totals import AnyTotal

_INCREMENTAL, _OTHER = "<an incremental>", "<a value>"


def _kind_of_param(value: Any) -> str:
    is_incremental = isinstance(value, dict) and value.get("type") == "incremental"
    return _INCREMENTAL if is_incremental else _OTHER


Param = Annotated[
    Annotated[IncrementalParam, Tag(_INCREMENTAL)] | Annotated[Any, Tag(_OTHER)],
    Discriminator(_kind_of_param),
    WithJsonSchema({}),
]


class EndpointModel(FormatModel):
    """What a resource asks for."""

    path: str | None = Field(
        default=None,
        description="Path below `base_url`, or a whole URL; the name of the resource when absent.",
    )
    method: Method = Field(default="GET", description="HTTP method of the requests.")
    params: dict[str, Param] | None = Field(
        default=None, description="Query parameters.", repr=False
    )
    json_body: dict[str, Any] | None = Field(
        default=None, alias="json", description="JSON body of the requests.", repr=False
    )
    data: Any = Field(
        default=None,
        description="Body of the requests: form fields, or text as it is sent.",
        repr=False,
    )
    graphql: GraphQLConfig | None = Field(
        default=None,
        description="A query in GraphQL, in place of `method` and `json`: its rows and its next "
        "pages are found by what it asks for.",
    )
    headers: dict[HeaderName, HeaderValue] | None = Field(
        default=None,
        description="Headers of the requests; they win over those of the client.",
        repr=False,
    )
    data_selector: JsonPath | None = Field(
        default=None,
        description="JSONPath of the rows in the page; they are looked for when absent.",
    )
    decoder: AnyDecoder | None = Field(
        default=None,
        description="What the answers are written in: `json`, `jsonl`, `csv` or `xml`, or a "
        "mapping that says more; guessed by the Content-Type of the first answer when absent.",
    )
    rows: RowsConfig | None = Field(
        default=None,
        description="What rows are made of that are no objects: lists of values, an object of "
        "rows by their keys, or plain values; or of parts of each listed row.",
    )
    paginator: AnyPaginator | None = Field(
        default=None, description="How to get from page to page; as the client says when absent."
    )
    total: AnyTotal | None = Field(
        default=None,
        description="Where the API tells how many rows there are: a JSONPath in each page, or a "
        "mapping. Looked for under its usual names when absent; null where what looks like it is "
        "another number.",
    )
    batch: AnyBatch | None = Field(
        default=None,
        description="How many rows of the parent one request asks for: a number, or a mapping; "
        "one each when absent.",
    )
    lanes: AnyLanes | None = Field(
        default=None,
        description="How parts of the listing are asked for at once; one page after the other "
        "when absent.",
    )
    auth: AnyAuth | None = Field(
        default=None,
        description="How requests are authenticated; null for not at all, as the client says when "
        "absent.",
        repr=False,
    )
    response_actions: list[AnyResponseAction] | None = Field(
        default=None, description="What to do with answers of certain kinds, in order."
    )
    incremental: IncrementalConfig | None = Field(
        default=None, description="How later syncs ask only for rows that are new or have changed."
    )
