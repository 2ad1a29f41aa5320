"""The kinds of value that a key of the format can hold, shared by its models."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from jsonpath_ng import JSONPath
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    SecretStr,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticOmit, core_schema

from headrace.core.dlt_door.objects import is_requests_session
from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.expression import STOP_CONDITION_NAMES, Expression
from headrace.core.json_path import JsonPath as CompiledPath

FAULT = "headrace_fault"
"""The type of those errors of pydantic whose message is ready for the user as it stands."""


class FormatModel(BaseModel):
    """A mapping of the format: knows its keys and takes no others.

    Where null has no meaning of its own it is read as absent, as dlt's optional keys allow.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        populate_by_name=False,
        defer_build=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        no_null = {
            field.alias or name
            for name, field in cls.model_fields.items()
            if type(None) not in get_args(field.annotation)
        }
        return {
            key: value for key, value in data.items() if value is not None or key not in no_null
        }


def known_keys(model: type[BaseModel]) -> list[str]:
    """The keys of a mapping, as they are written in a config.

    Args:
        model: The model of the mapping.

    Returns:
        The keys in the order of the model, without those that are there only to be refused.
    """
    fields = model.model_fields.items()
    return [field.alias or name for name, field in fields if not field.exclude]


def fault(message: str) -> PydanticCustomError:
    """Make an error whose message the user sees word for word.

    Args:
        message: What is wrong and what to do. It must hold no value that may be secret.

    Returns:
        The error, to be raised in a validator of pydantic.
    """
    return PydanticCustomError(FAULT, "{message}", {"message": message})


# --- The shape of a value -----------------------------------------------------------------------

TEXT = "<text>"
NUMBER = "<a number>"
LIST = "<a list>"
MAPPING = "<a mapping>"
NOTHING = "<nothing>"
OBJECT = "<a Python object>"
"""Tags of the alternatives in a union; the brackets tell them from keys in pydantic's paths."""


def shape_of(value: Any) -> str:
    """Tell the shape of a value.

    Args:
        value: Any value of a config.

    Returns:
        One of the tags `TEXT`, `NUMBER`, `LIST`, `MAPPING`, `NOTHING` and `OBJECT`.
    """
    match value:
        case None:
            return NOTHING
        case str():
            return TEXT
        case bool() | int() | float():
            return NUMBER
        case dict():
            return MAPPING
        case list() | tuple():
            return LIST
        case _:
            return OBJECT


def is_tag(part: object) -> bool:
    """Tell a tag from a key or an index in the location of an error of pydantic.

    Args:
        part: One part of the location.

    Returns:
        Whether the part only names the alternative of a union that was tried.
    """
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


BY_SHAPE = Discriminator(shape_of)


class _AnyObject:
    """Takes any Python object as it is; has no place in the JSON Schema."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        raise PydanticOmit


PythonObject = Annotated[Any, _AnyObject]


def _requests_session(value: Any) -> Any:
    if value is not None and not is_requests_session(value):
        raise fault("expected a requests.Session, or one of dlt's")
    return value


Session = Annotated[PythonObject, AfterValidator(_requests_session)]
TaggedObject = Annotated[PythonObject, Tag(OBJECT)]


def _callable(value: Any) -> Any:
    if not callable(value):
        raise fault("expected a Python function")
    return value


PythonFunction = Annotated[PythonObject, AfterValidator(_callable)]
TaggedFunction = Annotated[PythonFunction, Tag(OBJECT)]


# A module, as Python imports it, and a name in it.
_NAMED_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def _named_function(value: Any) -> Any:
    if isinstance(value, str):
        if not _NAMED_FUNCTION.fullmatch(value):
            raise fault("expected a function as `module:name`, for example `signing:sign`")
        return value
    return _callable(value)


NamedFunction = Annotated[
    Any,
    BeforeValidator(_named_function),
    WithJsonSchema({"type": "string", "format": "function", "minLength": 3}),
]
"""A function in Python, or its name as `module:name` in a file."""


def is_python_object(value: object) -> bool:
    """Whether a value could not have come from a file.

    Args:
        value: Any value of a config.

    Returns:
        True for instances of classes, functions and classes.
    """
    return shape_of(value) == OBJECT


# --- Numbers ------------------------------------------------------------------------------------


def _not_a_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise fault("expected a number, not true or false")
    return value


WholeNumber = Annotated[int, BeforeValidator(_not_a_switch)]
Count = Annotated[int, Field(ge=1), BeforeValidator(_not_a_switch)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), BeforeValidator(_not_a_switch)]


# --- Text ---------------------------------------------------------------------------------------


# The grammar of a token in RFC 9110, section 5.6.2.
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def _plain_text(value: Any) -> Any:
    # dlt.secrets gives a key of nothing but digits as a number.
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return str.__str__(value) if isinstance(value, str) else value


def _one_line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise fault("must not hold a line break; is there one at the end of it?")
    return text


def _secret_on_one_line(secret: SecretStr) -> SecretStr:
    _one_line(secret.get_secret_value())
    return secret


def _secret_given(secret: SecretStr) -> SecretStr:
    _one_line(secret.get_secret_value())
    if not secret.get_secret_value():
        raise fault("is empty; put the secret here, as ${NAME} in a file or dlt.secrets[...]")
    return secret


Secret = Annotated[SecretStr, BeforeValidator(_plain_text), AfterValidator(_secret_given)]
SecretOrEmpty = Annotated[
    SecretStr, BeforeValidator(_plain_text), AfterValidator(_secret_on_one_line)
]
Text = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
HeaderValue = Annotated[Text, AfterValidator(_one_line)]


NO_HEADER_NAME = (
    "is no name of a header: those are letters, digits and hyphens, without spaces, colons or "
    "the like"
)


def is_header_name(name: str) -> bool:
    """Whether a header or a cookie can have a name.

    Args:
        name: The name as written.

    Returns:
        True for what RFC 9110, section 5.6.2, calls a token.
    """
    return _TOKEN.fullmatch(name) is not None


def _header_name(name: str) -> str:
    if not is_header_name(name):
        raise fault(NO_HEADER_NAME)
    return name


HeaderName = Annotated[str, AfterValidator(_header_name)]
Name = Annotated[str, Field(min_length=1)]
Method = Annotated[
    Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


# --- Paths and expressions ----------------------------------------------------------------------


def _jsonpath(value: Any) -> Any:
    if isinstance(value, JSONPath):
        return value
    if not isinstance(value, str):
        raise fault("expected a JSONPath as text, for example `data` or `$.result.items`")
    problem = "it cannot be read as one"
    try:
        if len(value) <= 500:
            CompiledPath(value)
            return value
        problem = "it is longer than 500 characters"
    except ValueError:
        pass
    raise fault(
        f"is not a JSONPath: {problem}; write one like `data`, `$.result.items` or `'odd.key'`"
    )


JsonPath = Annotated[
    Any,
    BeforeValidator(_jsonpath),
    WithJsonSchema({"type": "string", "format": "jsonpath", "minLength": 1}),
]
"""A text that was read as a JSONPath once, or a compiled `jsonpath_ng.JSONPath`, as given."""


def _expression(names: tuple[str, ...] | None) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if isinstance(value, Expression):
            return value
        if not isinstance(value, str):
            raise fault("expected an expression as text")
        problem = ""
        try:
            return Expression(value, names)
        except ExpressionError as error:
            problem = str(error)
        raise fault(problem)

    return read


StopCondition = Annotated[
    Expression,
    BeforeValidator(_expression(STOP_CONDITION_NAMES)),
    WithJsonSchema({"type": "string", "format": "expression"}),
]
RowCondition = Annotated[
    Expression,
    BeforeValidator(_expression(None)),
    WithJsonSchema({"type": "string", "format": "expression"}),
]
