"""A sample executions API on a real socket: for the demo, the tests and the benchmarks."""

from headrace.simulator.pace import Pace
from headrace.simulator.parameters import BadParameter
from headrace.simulator.real_time import RealTime
from headrace.simulator.running import Simulator, serve
from headrace.simulator.server import REQUESTS_KEPT, RecordedRequest
from headrace.simulator.world import World

__all__ = [
    "REQUESTS_KEPT",
    "BadParameter",
    "Pace",
    "RealTime",
    "RecordedRequest",
    "Simulator",
    "World",
    "serve",
]
