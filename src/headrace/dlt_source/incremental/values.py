"""What the requests of a resource hold of its incremental."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from dlt.extract.incremental import Incremental

from headrace.config.built.cursor import CursorConfig
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.exchange import Request
from headrace.reading.request_template import RequestTemplate

_VALUES = ("initial_value", "start_value", "last_value", "end_value")


def new_incremental(cursor: CursorConfig) -> Incremental[Any]:
    """The incremental that dlt is to inject into the resource.

    Args:
        cursor: as the config has it.
    """
    if cursor.incremental is not None:
        return cast(Incremental[Any], cursor.incremental)
    return Incremental(**cursor.arguments)


@dataclass(frozen=True, slots=True)
class CursorValues:
    """The values of an incremental as a load begins, by the names that placeholders have for them.

    Args:
        initial_value: where the first sync began.
        start_value: where this one begins.
        end_value: where it ends; None where it does not.
        cursor_path: JSONPath of the key.
    """

    initial_value: Any
    start_value: Any
    end_value: Any
    cursor_path: str

    @property
    def last_value(self) -> Any:
        """The newest value that was seen, which is where the load begins."""
        return self.start_value

    @classmethod
    def of_load(cls, bound: Incremental[Any]) -> CursorValues:
        """The values for a load.

        Args:
            bound: to the state, and before it has seen a row.
        """
        return cls(bound.initial_value, bound.start_value, bound.end_value, bound.cursor_path)

    @classmethod
    def of_first_sync(cls, cursor: CursorConfig) -> CursorValues:
        """The values that a first sync has.

        Args:
            cursor: as the config has it.
        """
        made = new_incremental(cursor)
        return cls(made.initial_value, made.initial_value, made.end_value, made.cursor_path)

    def fill(
        self,
        template: RequestTemplate,
        cursor: CursorConfig,
        others: Mapping[str, Any] | None = None,
    ) -> Request:
        """The request for a listing.

        Args:
            template: of the request.
            cursor: what it holds of the incremental.
            others: values for its other placeholders.

        Raises:
            ConfigError: a placeholder has a format that its value does not take.
        """
        values = {**(others or {}), "incremental": self}
        added = {
            name: value
            for name, value in (
                (cursor.start_param, self.last_value),
                (cursor.end_param, self.end_value),
            )
            if name
        }
        if cursor.convert is not None:
            # As in dlt, a param without a value is the function's to fill, a placeholder is not.
            added = {name: cursor.convert(value) for name, value in added.items()}
            for name in _VALUES:
                value = getattr(self, name)
                values[f"incremental.{name}"] = None if value is None else cursor.convert(value)
        try:
            request = template.filled(values)
        except (KeyError, AttributeError, ValueError, TypeError) as error:
            kinds = ", ".join(f"`{name}` is {_kind(getattr(self, name))}" for name in _VALUES)
            raise ConfigError(
                [Fault("endpoint", f"a placeholder cannot be filled: {error}; {kinds}")]
            ) from None
        return replace(request, params={**request.params, **added})

    def filler(
        self, cursor: CursorConfig
    ) -> Callable[[RequestTemplate, Mapping[str, Any]], Request]:
        """What fills these values and others into a template.

        Args:
            cursor: What requests hold of the incremental, as the config has it.
        """
        return lambda template, others: self.fill(template, cursor, others)


@dataclass(frozen=True, slots=True)
class RunningCursor:
    """The incremental of a resource that is running.

    Args:
        injected: what dlt has made of it, bound to the state, and before it has seen a row.
        config: as the config has it.
        template: of the request that holds its values.
    """

    injected: Incremental[Any]
    config: CursorConfig
    template: RequestTemplate

    def request(self) -> Request:
        """The request for what is new.

        Raises:
            ConfigError: as `CursorValues.fill`.
        """
        return CursorValues.of_load(self.injected).fill(self.template, self.config)


def _kind(value: Any) -> str:
    return "absent" if value is None else f"of the type {type(value).__name__}"
