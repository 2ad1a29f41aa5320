"""The keys of `endpoint`: what is asked for, and where in the answer the rows are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from headrace.config.format.auth import AnyAuth
from headrace.config.format.fields import FormatModel, HeaderName, HeaderValue, JsonPath
from headrace.config.format.incremental import IncrementalConfig, IncrementalParam
from headrace.config.format.paginators import AnyPaginator
from headrace.config.format.response_actions import AnyResponseAction

Method = Annotated[
    Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


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
    """An endpoint as written."""

    path: str | None = Field(
        default=None, description="Path below base_url; the resource's name when absent."
    )
    method: Method = Field(default="GET", description="HTTP method.")
    params: dict[str, Param] | None = Field(
        default=None, description="Query parameters.", repr=False
    )
    json_body: dict[str, Any] | None = Field(
        default=None, alias="json", description="JSON body of the request.", repr=False
    )
    data: Any = Field(default=None, description="Form or raw body of the request.", repr=False)
    headers: dict[HeaderName, HeaderValue] | None = Field(
        default=None, description="Headers, over those of the client.", repr=False
    )
    data_selector: JsonPath | None = Field(
        default=None, description="JSONPath of the rows in the page; found when absent."
    )
    paginator: AnyPaginator | None = Field(default=None, description="How the listing goes on.")
    auth: AnyAuth | None = Field(
        default=None, description="How requests are authenticated; null for not at all.", repr=False
    )
    response_actions: list[AnyResponseAction] | None = Field(
        default=None, description="What to do with answers of certain kinds."
    )
    incremental: IncrementalConfig | None = Field(
        default=None, description="How later syncs ask for the new and the changed only."
    )
