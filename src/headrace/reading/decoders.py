"""Makes what a config says of its answers: the decoder, and the shape of their rows."""

from __future__ import annotations

from typing import Any

from headrace.config.built.tail import TailConfig
from headrace.config.format.decoders import (
    AnyDecoderConfig,
    CsvDecoderConfig,
    JsonDecoderConfig,
    JsonLinesDecoderConfig,
    XmlDecoderConfig,
)
from headrace.config.format.rows import RowsConfig
from headrace.core.json_path import JsonPath
from headrace.sansio.decoding import (
    CsvDecoder,
    Decoder,
    FieldsLeftOut,
    JsonDecoder,
    JsonLinesDecoder,
    KeyedRows,
    ListedRows,
    RowMaker,
    RowShape,
    WrappedRows,
    XmlDecoder,
)


def row_shape_of(config: RowsConfig | None, wrapped_at: str | None = None) -> RowShape | None:
    """What the rows of an endpoint are made of.

    Args:
        config: What the config says of it; None where they are objects already.
        wrapped_at: The key of the object around each row that holds it; None where none is there.
    """
    if config is None or config.each is not None or config.is_no_shape:
        return None if wrapped_at is None else WrappedRows(wrapped_at)
    if config.names is None:
        return KeyedRows(config.key_as, config.value_as)
    written: Any = config.names
    names = tuple(written) if isinstance(written, list) else JsonPath(written)
    return ListedRows(names, None if config.values is None else JsonPath(config.values))


def row_maker_of(
    config: RowsConfig | None, tail: TailConfig | None
) -> RowMaker | FieldsLeftOut | None:
    """What makes rows of parts of the listed rows of an endpoint, or leaves fields out of them.

    Args:
        config: What the config says of it.
        tail: How the listing is kept up with, which needs fields of the listed rows as well; None
            where it is not.

    Returns:
        None where the listed rows are the rows.
    """
    if config is None or config.each is None:
        return FieldsLeftOut(config.without) if config is not None and config.without else None
    return RowMaker(config.each.as_each_row(() if tail is None else tail.fields_needed))


def decoder_of(config: AnyDecoderConfig | None) -> Decoder | None:
    """The decoder of an endpoint's answers.

    Args:
        config: What the config says of it; None where it says nothing.

    Returns:
        The decoder; None where it is to be guessed.
    """
    match config:
        case None:
            return None
        case JsonDecoderConfig():
            return JsonDecoder()
        case JsonLinesDecoderConfig():
            return JsonLinesDecoder(config.encoding)
        case CsvDecoderConfig():
            return CsvDecoder(
                config.delimiter,
                config.quote,
                config.escape,
                config.header,
                None if config.names is None else tuple(config.names),
                config.encoding,
            )
        case XmlDecoderConfig():
            return XmlDecoder(frozenset(config.lists or ()), config.encoding)
