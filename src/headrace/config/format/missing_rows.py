"""The key `missing_rows`: what becomes of loaded rows that a whole listing shows no more."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Tag

from headrace.config.format.fields import BY_SHAPE, MAPPING, TEXT, FormatModel, fault

MissingRowsAction = Literal["keep", "mark", "delete"]
MOST = 0.2


def _share(value: Any) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 < number <= 1:
        raise fault("must be a share of the table's rows above 0 and up to 1, for example 0.2")
    return number


class MissingRowsModel(FormatModel):
    """What becomes of loaded rows that a whole listing shows no more."""

    action: MissingRowsAction = Field(
        description="what is done with them: `keep`, `mark` (a time in `_headrace_gone`) or "
        "`delete`, with the rows of their lists"
    )
    most: Annotated[float, BeforeValidator(_share)] = Field(
        default=MOST,
        description="Share of the table's rows that may be missing; with more, nothing is done "
        "before `headrace run --allow-missing`.",
    )
    confirm: bool = Field(
        default=True,
        description="Whether a listing of several pages is read once more before rows are taken "
        "for gone, as a row can move past the reader while others are deleted.",
    )


MissingRowsKey = Annotated[
    Annotated[MissingRowsAction, Tag(TEXT)] | Annotated[MissingRowsModel, Tag(MAPPING)], BY_SHAPE
]
