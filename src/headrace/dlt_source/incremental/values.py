"""The values of an incremental, and how they get into the requests of its resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from dlt.extract.incremental import Incremental

from headrace.config.built.cursor import CursorConfig
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.exchange import Request
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.incremental.ordered_step import OrderedIncremental
from headrace.reading.listing import Listing
from headrace.reading.request_template import RequestTemplate

_VALUES = ("initial_value", "start_value", "last_value", "end_value")


def new_incremental(cursor: CursorConfig) -> Incremental[Any]:
    """Makes the incremental that dlt passes to the function of the resource.

    Args:
        cursor: The incremental as the config describes it: a Python object, or the arguments of
            one.
    """
    if cursor.incremental is not None:
        return cast(Incremental[Any], cursor.incremental)
    return OrderedIncremental(**cursor.arguments)


@dataclass(frozen=True, slots=True)
class CursorValues:
    """The values of an incremental when a load begins.

    The names are those that dlt uses in placeholders, such as `{incremental.start_value}`.

    Args:
        initial_value: The value at which the first load began.
        start_value: The value at which this load begins.
        end_value: The value at which this load ends; None where it has no end.
        cursor_path: The JSONPath to the cursor value in a row.
    """

    initial_value: Any
    start_value: Any
    end_value: Any
    cursor_path: str

    @property
    def last_value(self) -> Any:
        """The same as `start_value`: the newest value that was seen before this load."""
        return self.start_value

    @classmethod
    def of_load(cls, bound: Incremental[Any]) -> CursorValues:
        """The values of the load that is about to begin.

        Args:
            bound: The incremental, bound to the state, before it has seen a row.
        """
        return cls(bound.initial_value, bound.start_value, bound.end_value, bound.cursor_path)

    @classmethod
    def of_first_sync(cls, cursor: CursorConfig) -> CursorValues:
        """The values of a first load, when there is no state yet.

        Args:
            cursor: The incremental as the config describes it.
        """
        made = new_incremental(cursor)
        return cls(made.initial_value, made.initial_value, made.end_value, made.cursor_path)

    def of_window(self, start: Any, end: Any) -> CursorValues:
        """The values that the requests for a window hold.

        Args:
            start: The value at its beginning.
            end: The value at its end.
        """
        return replace(self, start_value=start, end_value=end)

    def fill(
        self,
        template: RequestTemplate,
        cursor: CursorConfig,
        others: Mapping[str, Any] | None = None,
    ) -> Request:
        """Makes a request with these values in it.

        Args:
            template: The template of the request.
            cursor: The incremental as the config describes it: which parameters hold which value,
                and the function that converts them.
            others: The values for other placeholders of the template, by name.

        Returns:
            The request, with the parameters that `start_param` and `end_param` name.

        Raises:
            ConfigError: A placeholder names nothing, or has a format that its value does not take.
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
            # As in dlt: for a parameter the function is called even if there is no value, for a
            # placeholder it is not.
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
        """Gives the function that makes a request from a template and other values, by `fill`.

        Args:
            cursor: The incremental as the config describes it.
        """
        return lambda template, others: self.fill(template, cursor, others)


@dataclass(frozen=True, slots=True)
class RunningCursor:
    """The incremental of a resource that is running.

    Args:
        injected: The object that dlt has passed to the resource's function: bound to the state,
            before it has seen a row.
        config: The incremental as the config describes it.
        template: The template of the request that is to hold its values.
    """

    injected: Incremental[Any]
    config: CursorConfig
    template: RequestTemplate

    def listing_of(self, listing: Listing, values: CursorValues) -> Callable[[Any, Any], Listing]:
        """What makes the listing of a window, by the values at its ends.

        Args:
            listing: The listing of the resource.
            values: The values of the incremental when the load begins.
        """
        config = self.config

        def of_window(start: Any, end: Any) -> Listing:
            own = values.of_window(start, end)
            return listing.filled(self.template, lambda each: own.fill(each, config))

        return of_window

    def fill(self, template: RequestTemplate) -> Request:
        """Makes the request for the part of the listing that this load wants.

        Args:
            template: The template of the request.

        Raises:
            ConfigError: As from `CursorValues.fill`.
        """
        return CursorValues.of_load(self.injected).fill(template, self.config)


def _kind(value: Any) -> str:
    return "absent" if value is None else f"of the type {type(value).__name__}"
