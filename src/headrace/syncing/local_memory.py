"""What this machine remembers of a dataset from one sync to the next, in the pipeline's folder.

dlt keeps such values locally, and does not synchronize them: each machine has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dlt

from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalMemory:
    """What is remembered of one kind, of the dataset that the pipeline loads into now.

    Args:
        pipeline: The pipeline.
        kind: The name under which dlt keeps it.
    """

    pipeline: dlt.Pipeline
    kind: str

    def read(self) -> Mapping[str, Any]:
        """All that is remembered; empty on a machine, or of a dataset, that is new."""
        try:
            kept = self.pipeline.get_local_state_val(self.kind)
        except KeyError:
            return {}
        found: Mapping[str, Any] = kept.get(self.pipeline.dataset_name, {})
        return found

    def add(self, what: Mapping[str, Any]) -> None:
        """Remembers more, in place of what has the same names.

        Args:
            what: Plain JSON values, by their names.
        """
        kept = {self.pipeline.dataset_name: {**self.read(), **what}}
        self.pipeline.set_local_state_val(self.kind, kept)
