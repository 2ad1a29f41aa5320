"""Makes the decoder of answers that a config asks for."""

from __future__ import annotations

from headrace.config.format.decoders import (
    AnyDecoderConfig,
    CsvDecoderConfig,
    JsonDecoderConfig,
    JsonLinesDecoderConfig,
    XmlDecoderConfig,
)
from headrace.sansio.decoding import (
    CsvDecoder,
    Decoder,
    JsonDecoder,
    JsonLinesDecoder,
    XmlDecoder,
)


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
