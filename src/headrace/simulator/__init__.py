"""A sample executions API on a real socket: for the demo, the tests and the benchmarks."""

from headrace.simulator.details import PAYLOAD_BYTES
from headrace.simulator.faults import FAULTS, BadFaults, Fault, Faults, Outcome
from headrace.simulator.pace import Pace
from headrace.simulator.parameters import BadParameter
from headrace.simulator.real_time import RealTime
from headrace.simulator.release import RELEASES, Release
from headrace.simulator.running import Simulator, serve
from headrace.simulator.server import REQUESTS_KEPT, RecordedRequest
from headrace.simulator.world import World

__all__ = [
    "FAULTS",
    "PAYLOAD_BYTES",
    "RELEASES",
    "REQUESTS_KEPT",
    "BadFaults",
    "BadParameter",
    "Fault",
    "Faults",
    "Outcome",
    "Pace",
    "RealTime",
    "RecordedRequest",
    "Release",
    "Simulator",
    "World",
    "serve",
]
