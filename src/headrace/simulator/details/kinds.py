"""What goes wrong in which step of the sample API's workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OPERATION, API = "NodeOperationError", "NodeApiError"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of failure.

    Args:
        message: What it says, with places for `number`, `few`, `uuid` and `milliseconds`.
        code: The status of HTTP, or the code of the connection; None where it was neither.
        weight: How often it happens, relative to the others of the workflow.
        name: The name of the error.
    """

    message: str
    code: str | None = None
    weight: int = 1
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", OPERATION if self.code is None else API)


_TOO_MANY = "The service is receiving too many requests from you"
_NOT_ABLE = "The service was not able to process your request"
_NO_AUTHORIZATION = "Authorization failed - please check your credentials"
_TIMEOUT = "timeout of {milliseconds}ms exceeded"
_NO_FIELD = "Cannot read properties of undefined (reading 'email')"

CRASH = Kind("Node crashed, possible out-of-memory issue", name="NodeCrashedError")
OF_ANY_STEP = (
    Kind("The field `email` is missing"),
    Kind("No item has the id {number}"),
    Kind("Unexpected token < in JSON at position 0"),
    Kind(_TOO_MANY, "429"),
    Kind(_NO_AUTHORIZATION, "401"),
    Kind(_NOT_ABLE, "500"),
    Kind("The connection was aborted, perhaps the server is offline", "ECONNABORTED"),
)
OF_STEPS: Mapping[str, tuple[Kind, ...]] = {
    "Fetch contacts": (Kind(_TOO_MANY, "429", 5), Kind(_TIMEOUT, "ECONNABORTED", 2)),
    "Map fields": (Kind(_NO_FIELD, weight=2),),
    "Upsert contacts": (Kind("Contact {number} was changed meanwhile", "409", 3),),
    "Classify": (Kind(_NOT_ABLE, "503", 3), Kind(_TIMEOUT, "ECONNABORTED", 2)),
    "Assign team": (Kind("Ticket {number} has no language"),),
    "Validate order": (
        Kind("Order {number}: the field `email` is missing", weight=3),
        Kind("Order {number} has no items"),
    ),
    "Store order": (
        Kind('duplicate key value violates unique constraint "orders_pkey": ({number})', "23505"),
    ),
    "Render PDF": (Kind("Invoice {number} has no lines"),),
    "Send e-mail": (
        Kind("Mailbox of customer{number}@example.com is not known", "550", 4),
        Kind("connect ECONNREFUSED 10.20.0.{few}:587", "ECONNREFUSED"),
    ),
    "Read warehouse": (Kind("connect ECONNREFUSED 10.20.0.{few}:5432", "ECONNREFUSED", 2),),
    "Update shop": (Kind("Product {number} not found", "404", 5), Kind(_TOO_MANY, "429", 2)),
    "Format message": (Kind("Unexpected token < in JSON at position 0"),),
    "Post message": (Kind(_TOO_MANY, "429", 3),),
    "Look up company": (
        Kind("No company has the domain lead-{number}.example", "404", 6),
        Kind(_TIMEOUT, "ECONNABORTED", 2),
    ),
    "Score lead": (Kind(_NO_FIELD, weight=2),),
    "List documents": (Kind(_NO_AUTHORIZATION, "401"),),
    "Copy documents": (Kind("Not enough space: {number} MB are needed, {few} are free", "507", 3),),
    "Fetch payments": (Kind(_NOT_ABLE, "503", 2), Kind(_NO_AUTHORIZATION, "401")),
    "Match invoices": (Kind("Payment {uuid} matches {few} invoices", weight=4),),
    "Download call": (Kind("https://calls.example.com/{uuid}.wav is gone", "404", 3),),
    "Transcribe": (Kind("The call is too long: {number} s", "413", 2), Kind(_NOT_ABLE, "500", 2)),
    "Store text": (Kind("Call {uuid} is stored already", "409"),),
    "Clean answers": (Kind("Answer {number} is no number", weight=3),),
    "Append rows": (Kind("Quota exceeded for sheet {uuid}", "429", 2),),
    "Query tables": (Kind("canceling statement due to statement timeout", "57014", 3),),
    "Draw charts": (Kind("There are no values for week {few}"),),
}
"""What goes wrong in which step; in the first ones of a workflow nothing does."""
