"""Reads a listing with `airbyte-cdk`, from a manifest: prints what it took as JSON."""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from typing import Any

from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer, Type
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)


def manifest(base_url: str, path: str, api_key: str) -> dict[str, Any]:
    """The listing, in the words of its low-code format."""
    option = {"type": "RequestOption", "inject_into": "request_parameter"}
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["items"]},
        "streams": [
            {
                "type": "DeclarativeStream",
                "name": "items",
                "primary_key": ["id"],
                "schema_loader": {
                    "type": "InlineSchemaLoader",
                    "schema": {"type": "object", "properties": {}, "additionalProperties": True},
                },
                "retriever": {
                    "type": "SimpleRetriever",
                    "requester": {
                        "type": "HttpRequester",
                        "url_base": base_url,
                        "path": path,
                        "http_method": "GET",
                        "authenticator": {
                            "type": "ApiKeyAuthenticator",
                            "api_token": api_key,
                            "inject_into": {
                                "type": "RequestOption",
                                "inject_into": "header",
                                "field_name": "X-API-KEY",
                            },
                        },
                    },
                    "record_selector": {
                        "type": "RecordSelector",
                        "extractor": {"type": "DpathExtractor", "field_path": ["data"]},
                    },
                    "paginator": {
                        "type": "DefaultPaginator",
                        "page_token_option": {**option, "field_name": "cursor"},
                        "page_size_option": {**option, "field_name": "limit"},
                        "pagination_strategy": {
                            "type": "CursorPagination",
                            "page_size": 250,
                            "cursor_value": "{{ response.nextCursor }}",
                            "stop_condition": "{{ not response.nextCursor }}",
                        },
                    },
                },
            }
        ],
    }


def main() -> None:
    """Reads all rows as Airbyte's messages."""
    base_url, path, api_key = sys.argv[1:]
    stream = {"name": "items", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    chosen = {"sync_mode": "full_refresh", "destination_sync_mode": "append", "stream": stream}
    catalog = ConfiguredAirbyteCatalogSerializer.load({"streams": [chosen]})
    source = ConcurrentDeclarativeSource(
        source_config=manifest(base_url, path, api_key), config={}, catalog=catalog, state=[]
    )
    began, cpu = time.perf_counter(), time.process_time()
    messages = source.read(logging.getLogger("quiet"), {}, catalog, [])
    rows = sum(message.type == Type.RECORD for message in messages)
    run = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "rows": rows,
    }
    print(json.dumps(run))


if __name__ == "__main__":
    main()
