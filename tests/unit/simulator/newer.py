"""What a live server of release 2.41 was recorded to answer."""

from __future__ import annotations

import json
from typing import Any

from tests.support.project import ROOT

RECORDING = ROOT / "tests" / "support" / "data" / "recorded_executions_2_41.json"
EXCHANGES: list[dict[str, Any]] = json.loads(RECORDING.read_text())


def recorded(label: str) -> Any:
    """The body of the first answer whose label begins so."""
    return next(each["response"]["body"] for each in EXCHANGES if each["label"].startswith(label))


def shape(value: Any) -> Any:
    """The names of the fields in their order, and the kinds of the values."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
