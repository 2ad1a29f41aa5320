"""A sample executions API on a real socket: for the demo, the tests and the benchmarks."""

from headrace.simulator.running import Simulator, serve
from headrace.simulator.server import REQUESTS_KEPT, RecordedRequest

__all__ = ["REQUESTS_KEPT", "RecordedRequest", "Simulator", "serve"]
