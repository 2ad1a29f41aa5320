"""The keys of `endpoint.graphql`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from headrace.config.format.fields import FormatModel, Name


class GraphQLConfig(FormatModel):
    """A query in GraphQL, as it is pasted: its braces are no placeholders."""

    query: Name = Field(
        description="the query; values go into `variables`, and not into its text", repr=False
    )
    variables: dict[str, Any] | None = Field(
        default=None,
        description="Values of its variables, in whose texts placeholders are filled in.",
        repr=False,
    )
    operation_name: Name | None = Field(
        default=None, description="Which of several operations in the query is asked for."
    )
