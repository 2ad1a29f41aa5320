"""What rows are typed by without a pipeline: what dlt would make of each of their fields."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from headrace.core.arrow import pa
from headrace.sansio.rows.fields import Fields


class PlainColumns(Protocol):
    """What dlt makes of the fields of a resource's rows, without a pipeline."""

    @property
    def required(self) -> Collection[str]:
        """The columns that must have a value in each row."""
        ...

    @property
    def hints(self) -> dict[str, Any]:
        """What dlt knows of the columns, by their names, as JSON values."""
        ...

    @property
    def are_exact(self) -> bool:
        """Whether a column holds decimals, for which fractions must be read digit by digit."""
        ...

    @property
    def keeps_objects(self) -> bool:
        """Whether some objects are not taken apart into columns."""
        ...

    def fields(self) -> Fields:
        """What is known of the rows' fields: the declared columns."""
        ...

    def give(self, given: pa.Schema) -> None:
        """Declares the columns of a schema, in place of what was declared of them."""
        ...

    def type_of(self, column_name: str) -> pa.DataType | None:
        """The type of a column that is declared; None where it keeps JSON."""
        ...

    def scalar_type(self, value: Any) -> pa.DataType | None:
        """The type that dlt's detection gives a scalar in a list; None where no column holds it."""
        ...

    def fitted(self, column_name: str, value: Any) -> Any:
        """A value as dlt would store it in a column.

        Raises:
            DoesNotFitError: It has no place there.
        """
        ...

    def fitted_time(self, value: Any, kind: pa.DataType) -> Any:
        """A time out of a text.

        Raises:
            DoesNotFitError: It is none.
        """
        ...
