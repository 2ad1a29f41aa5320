"""Asks an API for the number of a listing's rows, where that has a path of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import TYPE_CHECKING, Self

import msgspec

from headrace.core.exceptions import ConfigError, Fault, PageError
from headrace.core.exchange import Request, Response
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.core.secrets.shipping import stays_here
from headrace.reading.request_template import RequestTemplate
from headrace.sansio.paging.envelope import whole_number
from headrace.sansio.rows.well_formed import BOM

if TYPE_CHECKING:
    from headrace.reading.listing import OpenListing

_LONGEST_SHOWN = 60


@stays_here
@dataclass(frozen=True, slots=True)
class RowCount:
    """The request that the number of rows answers: `total` of an endpoint, where it has a `path`.

    Args:
        template: The template of the request.
        selector: Where the number stands in the answer.
        request: The request, once its placeholders are filled.
    """

    template: RequestTemplate
    selector: JsonPath
    request: Request | None = field(default=None, repr=False)

    def filled(self, fill: Callable[[RequestTemplate], Request]) -> Self:
        """The same with the placeholders filled.

        Args:
            fill: Makes the request of a template.

        Raises:
            ConfigError: A placeholder has no value.
        """
        try:
            return replace(self, request=fill(self.template))
        except (KeyError, AttributeError, ValueError) as error:
            problem = f"a placeholder cannot be filled: {error}"
        raise ConfigError([Fault("endpoint.total", problem)])

    async def ask(self, listing: OpenListing) -> int:
        """Asks for the number.

        Args:
            listing: The listing, which asks with its credentials.

        Raises:
            RequestError: There is no usable answer.
            PageError: The answer holds no number where the config says.
        """
        client, credentials = listing.client, listing.listing.credentials

        def read(response: Response) -> int:
            try:
                found = self.selector.first(
                    msgspec.json.decode(response.body.removeprefix(BOM).strip())
                )
            except msgspec.MsgspecError:
                found = None
            number = whole_number(found)
            if number is not None:
                return number
            shown = one_line(
                listing.cleaned(response.body.decode("utf-8", "replace")), _LONGEST_SHOWN
            )
            raise listing.located(
                PageError(
                    f"`endpoint.total.selector` (`{self.selector}`) should lead to the number of "
                    f"rows, but the answer is `{shown}`."
                ),
                response,
            )

        request = self.request or self.template.unfilled
        return await client.read(request, credentials, read, listing.figures)
