"""`endpoint.decoder`: what the answers are written in, where that is not JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from headrace.config.format.fields import (
    MAPPING,
    TEXT,
    FormatModel,
    Name,
    PythonObject,
    fault,
    shape_of,
)

DecoderName = Literal["json", "jsonl", "csv", "xml"]
_NAMES = frozenset(["json", "jsonl", "csv", "xml"])
_LINE_BREAKS = frozenset("\r\n\0")


def _one_character(text: str) -> str:
    if len(text) != 1 or text in _LINE_BREAKS or ord(text) >= 0x80:
        raise fault('expected one character of ASCII, for example `;` or `"\\t"`')
    return text


def _known_encoding(text: str) -> str:
    problem = "is no encoding of text that Python knows; write one like `windows-1252`"
    try:
        "".encode(text)
        return text
    except (LookupError, ValueError, UnicodeError):
        pass
    raise fault(problem)


Character = Annotated[str, AfterValidator(_one_character)]
Encoding = Annotated[str, Field(min_length=1), AfterValidator(_known_encoding)]

_ENCODING = Field(
    default=None,
    description="Encoding of the answers, where it is neither UTF-8 nor the one that they name.",
)


class JsonDecoderConfig(FormatModel):
    """Each answer is one JSON document."""

    type: Literal["json"] = Field(description="Each answer is one JSON document.")


class JsonLinesDecoderConfig(FormatModel):
    """Each line of an answer is a JSON document (NDJSON, JSON Lines)."""

    type: Literal["jsonl"] = Field(description="Each line is a JSON document.")
    encoding: Encoding | None = _ENCODING


class CsvDecoderConfig(FormatModel):
    """Each line of an answer is a row, its cells parted by a delimiter."""

    type: Literal["csv"] = Field(description="Each line is a row, its cells parted.")
    delimiter: Character = Field(default=",", description="What stands between two cells.")
    quote: Character | None = Field(
        default='"',
        description="What stands around a cell with delimiters or line breaks in it, and twice "
        "where it is part of the cell; null for none.",
    )
    escape: Character | None = Field(
        default=None, description="What stands before a character that is part of the cell; none."
    )
    header: bool | None = Field(
        default=None,
        description="Whether the first line of each answer names the columns. When absent: it "
        "does; where `names` are given, only if it has just those names.",
    )
    names: Annotated[list[Name], Field(min_length=1)] | None = Field(
        default=None, description="Names of the columns; those of the first line when absent."
    )
    encoding: Encoding | None = _ENCODING

    @model_validator(mode="after")
    def _go_together(self) -> CsvDecoderConfig:
        marks = [each for each in (self.delimiter, self.quote, self.escape) if each is not None]
        if len(set(marks)) < len(marks):
            raise fault("`delimiter`, `quote` and `escape` must be characters that differ")
        if self.header is False and self.names is None:
            raise fault("has no names for the columns: `header: false` needs `names`")
        if self.names is not None and len(set(self.names)) < len(self.names):
            raise fault("`names` has a name twice; each column needs its own")
        return self


class XmlDecoderConfig(FormatModel):
    """Each answer is one XML document."""

    type: Literal["xml"] = Field(description="Each answer is one XML document.")
    lists: list[Name] | None = Field(
        default=None,
        description="Names of elements that are lists even where there is one of them.",
    )
    encoding: Encoding | None = _ENCODING


AnyDecoderConfig = JsonDecoderConfig | JsonLinesDecoderConfig | CsvDecoderConfig | XmlDecoderConfig
_MODELS: dict[str, type[AnyDecoderConfig]] = {
    "json": JsonDecoderConfig,
    "jsonl": JsonLinesDecoderConfig,
    "csv": CsvDecoderConfig,
    "xml": XmlDecoderConfig,
}


def decoder_type(value: object) -> str | None:
    """The type of a decoder.

    Args:
        value: The `decoder` as written; it may be wrong in any way.

    Returns:
        The type, or None where there is none.
    """
    kind = value.get("type") if isinstance(value, dict) else value
    return kind if isinstance(kind, str) and kind in _NAMES else None


def _tag(value: Any) -> str:
    if isinstance(value, dict):
        kind = value.get("type")
        return f"<{kind}>" if isinstance(kind, str) else MAPPING
    kind = getattr(value, "type", None)
    return f"<{kind}>" if isinstance(kind, str) else shape_of(value)


def _by_name(name: str) -> AnyDecoderConfig:
    return _MODELS[name].model_validate({"type": name})


def _type_missing(value: Any) -> Any:
    raise fault("has no `type`; known: `json`, `jsonl`, `csv`, `xml`")


AnyDecoder = Annotated[
    Annotated[DecoderName, AfterValidator(_by_name), Tag(TEXT)]
    | Annotated[JsonDecoderConfig, Tag("<json>")]
    | Annotated[JsonLinesDecoderConfig, Tag("<jsonl>")]
    | Annotated[CsvDecoderConfig, Tag("<csv>")]
    | Annotated[XmlDecoderConfig, Tag("<xml>")]
    | Annotated[PythonObject, BeforeValidator(_type_missing), Tag(MAPPING)],
    Discriminator(_tag),
]
