"""The key `response_actions`: what to do with answers of certain kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BeforeValidator, Field, Tag, model_validator

from headrace.config.format.fields import (
    BY_SHAPE,
    LIST,
    MAPPING,
    TEXT,
    FormatModel,
    PythonFunction,
    TaggedFunction,
    WholeNumber,
    fault,
)
from headrace.core.quick_dataclasses import dataclass

Verdict = Literal["ignore", "fail", "retry", "halve", "skip"]

_SKIP_NEEDS_STATUS = (
    "`skip` needs the error status that says so as `status_code`, for example 403 or 404, and no "
    "`content`"
)
_NOT_SKIPPED = (
    "`skip` does not go with {}, which says that the credentials are wrong, for this resource and "
    "all others: leave the action out, so that the sync ends there"
)
_CREDENTIALS = (401, 407)


@dataclass(frozen=True, slots=True)
class ResponseAction:
    """What to do with answers of one kind.

    Args:
        status: The HTTP status that these answers have; None for any.
        content: A text that these answers hold; None for any.
        functions: Functions that are called with the answer, one after the other.
        verdict: What becomes of the answer; None leaves that to the functions, and to the next
            action.
    """

    status: int | None = None
    content: str | None = None
    functions: tuple[Callable[..., Any], ...] = ()
    verdict: Verdict | None = None


def _status(value: Any) -> Any:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(number, bool) or not isinstance(number, int) or not 100 <= number <= 599:
        raise fault("must be the number of an HTTP status, for example 404")
    return number


def _not_empty(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and not value:
        raise fault("is empty; list at least one function")
    return value


class ResponseActionModel(FormatModel):
    """What to do with answers of one kind."""

    status_code: Annotated[WholeNumber, BeforeValidator(_status)] | None = Field(
        default=None, description="HTTP status of the answers that are meant; any when absent."
    )
    content: str | None = Field(
        default=None, description="Text that these answers hold; any when absent."
    )
    action: Annotated[
        Annotated[Verdict, Tag(TEXT)] | Annotated[list[PythonFunction], Tag(LIST)] | TaggedFunction,
        BY_SHAPE,
        BeforeValidator(_not_empty),
    ] = Field(
        description="what is done: `ignore`, `fail` or `retry`; `skip` passes the resource over, "
        "told and without an error; `halve` asks for a smaller window; in Python a function, or "
        "several"
    )

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if isinstance(self.action, str) and self.status_code is None and self.content is None:
            raise fault(
                "says not when: add `status_code` or `content`, for example "
                "`{status_code: 404, action: ignore}`"
            )
        if self.action == "skip":
            if self.status_code is None or self.status_code < 400 or self.content is not None:
                raise fault(_SKIP_NEEDS_STATUS)
            if self.status_code in _CREDENTIALS:
                raise fault(_NOT_SKIPPED.format(self.status_code))
        return self

    @property
    def built(self) -> ResponseAction:
        """The action as the reader of listings takes it."""
        action = self.action
        if isinstance(action, str):
            return ResponseAction(self.status_code, self.content, verdict=cast(Verdict, action))
        functions = tuple(action) if isinstance(action, list) else (action,)
        return ResponseAction(self.status_code, self.content, functions)


AnyResponseAction = Annotated[
    Annotated[ResponseActionModel, Tag(MAPPING)] | TaggedFunction, BY_SHAPE
]


def build_actions(written: list[Any] | None) -> tuple[ResponseAction, ...]:
    """Make the actions of an endpoint.

    Args:
        written: The typed items of `response_actions`: models, and functions alone.

    Returns:
        The actions, in order.
    """
    return tuple(
        each.built if isinstance(each, ResponseActionModel) else ResponseAction(functions=(each,))
        for each in written or ()
    )
