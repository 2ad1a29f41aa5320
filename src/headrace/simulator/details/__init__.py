"""What the steps of an execution did: made up from its row, for `includeData`."""

from headrace.simulator.details.details import PAYLOAD_BYTES, Details

__all__ = ["PAYLOAD_BYTES", "Details"]
